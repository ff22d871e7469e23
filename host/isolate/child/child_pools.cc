#include "host/isolate/child/child_pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "host/text.h"

namespace ganger::host {

namespace {

PoolSettings settings_of(const PoolMessage& told) {
  PoolSettings settings{.name = told.name, .size = told.size};
  if (told.idle_timeout_ns >= 0) settings.idle_timeout = Duration(told.idle_timeout_ns);
  if (told.max_lifetime_ns >= 0) settings.max_lifetime = Duration(told.max_lifetime_ns);
  // With a limit nothing idles here: what comes back has lived long enough.
  if (told.has_limit) settings.max_lifetime = Duration(0);
  settings.has_breaker = false;  // the host has one for all its children
  return settings;
}

}  // namespace

ChildPools::ChildPools(Clock& clock, ChildChannel& channel, OpenPlugin open_plugin)
    : channel_(channel), open_plugin_(std::move(open_plugin)), set_(clock) {}

Result<std::unique_ptr<ChildPools>> ChildPools::make(const std::vector<PoolMessage>& pools, Clock& clock,
                                                     ChildChannel& channel, OpenPlugin open_plugin) {
  std::unique_ptr<ChildPools> made(new ChildPools(clock, channel, std::move(open_plugin)));
  for (const PoolMessage& told : pools) {
    auto entry = std::make_unique<Entry>();
    entry->told = told;
    entry->kind.name = told.kind;
    entry->kind.interface = told.interface;
    if (auto added = made->set_.add(entry->kind, settings_of(told), told.values); !added)
      return tl::unexpected(std::move(added).error());
    made->entries_.push_back(std::move(entry));
  }
  return made;
}

void ChildPools::begin(std::uint32_t call) {
  const std::lock_guard lock(mutex_);
  call_ = call;
}

Acquired ChildPools::take(const PoolOfKind& pool, const WaitBounds& bounds) {
  std::uint32_t call = 0;
  {
    const std::lock_guard lock(mutex_);
    call = call_;
  }
  PlaceMessage wish{.pool = static_cast<std::uint32_t>(pool.index)};
  // A guess: another thread of the call may take what idles first, and this one then opens one in spite of the
  // breaker.
  wish.has_resource = pool.pool->statistics().idle_now > 0;
  if (bounds.longest) wish.wait_ns = std::max<std::int64_t>(bounds.longest->count(), 0);
  const ReplyMessage reply = channel_.ask(FrameKind::place, call, wish);
  Acquired result{.end = reply.end, .lease = {.id = reply.place}, .waited = Duration(reply.waited_ns), .error = {}};
  if (result.end != AcquireEnd::ok) {
    result.error = Error{ErrorKind::pool_unavailable, reply.text, {}};
  } else if (auto completed = complete(*entries_[pool.index]); !completed) {
    result.end = AcquireEnd::failed;
    result.error = std::move(completed).error();
    unused(pool, reply.place, result);
  }
  return result;
}

/// The kind's functions, out of its plugin, at the first use.
Result<void> ChildPools::complete(Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (entry.is_known) return {};
  const auto cannot = [&](const std::string& why) {
    return failure(ErrorKind::pool_unavailable, fmt::format("pool '{}' cannot be opened: {}", entry.told.name, why));
  };
  const auto plugin = open_plugin_(entry.told.plugin_file, entry.told.digest);
  if (!plugin) return cannot(plugin.error().message);
  const PoolKind* kind = (*plugin)->find_pool_kind(entry.told.kind);
  if (kind == nullptr || kind->params.size() != entry.told.values.size())
    return cannot(entry.told.plugin_file + " has changed since the run began");
  entry.kind = *kind;
  entry.is_known = true;
  return {};
}

void ChildPools::filled(const PoolOfKind& pool, std::uint64_t place, std::uint64_t lease) {
  const std::uint64_t opened = pool.pool->statistics().opened;
  const std::lock_guard lock(mutex_);
  places_[{pool.index, lease}] = place;
  Entry& entry = *entries_[pool.index];
  const PlaceFilledMessage message{.pool = static_cast<std::uint32_t>(pool.index),
                                   .place = place,
                                   .filling = opened > entry.opened ? Filling::opened : Filling::reused};
  if (opened > entry.opened) ++entry.opened;
  channel_.send(FrameKind::place_filled, call_, encode(message));
}

void ChildPools::unused(const PoolOfKind& pool, std::uint64_t place, const Acquired& end) {
  const auto index = static_cast<std::uint32_t>(pool.index);
  const bool has_failed = end.end == AcquireEnd::failed && !end.was_cut_short;
  const PlaceFilledMessage message{.pool = index,
                                   .place = place,
                                   .filling = has_failed ? Filling::failed : Filling::cut_short,
                                   .why = end.error ? std::string(taken_in(end.error->message)) : std::string()};
  const std::lock_guard lock(mutex_);
  channel_.send(FrameKind::place_filled, call_, encode(message));
  channel_.send(FrameKind::place_back, call_, encode(PlaceBackMessage{index, place}));
}

void ChildPools::misused(std::uint64_t public_id) {
  if (entries_.empty()) return;
  const auto index = static_cast<std::uint32_t>(public_id % entries_.size());
  const std::lock_guard lock(mutex_);
  channel_.send(FrameKind::place_back, call_, encode(PlaceBackMessage{index, kNoPlace}));
}

void ChildPools::ended(const std::string& pool, std::uint64_t lease, LeaseEvent how, std::uint32_t call) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto place = places_.find({i, lease});
    if (entries_[i]->told.name != pool || place == places_.end()) continue;
    if (how == LeaseEvent::released)
      channel_.send(FrameKind::place_back, call,
                    encode(PlaceBackMessage{static_cast<std::uint32_t>(i), place->second}));
    places_.erase(place);
    return;
  }
}

}  // namespace ganger::host
