// What a call in a child has of the pools of its run: places, which the host counts.
#include <fmt/format.h>
#include <sys/eventfd.h>

#include <utility>

#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "host/isolate/child/child_call.h"
#include "host/plugin/types.h"
#include "host/text.h"

namespace ganger::host {

namespace {

constexpr std::size_t kMostWishes = 1024;
constexpr std::uint32_t kMostPlaces = 1 << 20;

}  // namespace

Pool* ChildCall::pool(std::uint32_t index) const {
  const auto& all = call_.pools.all();
  return index < all.size() ? all[index]->pool.get() : nullptr;
}

void ChildCall::answer_place(const PlaceMessage& message) {
  Pool* const wanted = pool(message.pool);
  if (wanted == nullptr || wishes_.size() >= kMostWishes || ++places_ > kMostPlaces)
    return broke_protocol("asks for places in pools without end");
  const PoolKind& kind = *call_.pools.all()[message.pool]->kind;
  if ((kind.flags & GANGER_POOL_HOST_ONLY) != 0) {
    Acquired never{.end = AcquireEnd::failed, .lease = {}, .error = {}};
    never.error = Error{ErrorKind::pool_unavailable,
                        fmt::format("pool '{}': {} cannot live in a child process; run the task with isolate = "
                                    "\"thread\"",
                                    wanted->name(), kind.id),
                        {}};
    return reply_place(message.request, never);
  }
  if (is_stopping_) return refuse_place(message.request);
  if (owner_ == 0) owner_ = make_owner_id();
  if (ctx_ == nullptr) {
    ctx_ = std::make_unique<PluginCall>();
    ctx_->begin({.scope = &call_.scope, .stop = call_.attempt.stop, .deadline = call_.attempt.deadline});
  }
  WaitBounds bounds{.deadline = call_.attempt.deadline};
  if (message.wait_ns >= 0) bounds.longest = Duration(message.wait_ns);
  const CurrentCall current(ctx_.get());
  const auto wake = [fd = child_.wake_fd()] { eventfd_write(fd, 1); };
  wishes_.push_back(
      {message.request, message.pool, wanted->wish_for_place(owner_, bounds, wake, message.has_resource)});
  serve_wishes();
}

void ChildCall::refuse_place(std::uint32_t request) {
  reply_place(request, {.end = AcquireEnd::cancelled, .lease = {}, .error = {}});
}

void ChildCall::serve_wishes() {
  if (wishes_.empty()) return;
  const CurrentCall current(ctx_.get());
  std::erase_if(wishes_, [this](Wish& w) {
    const std::optional<Acquired> got = w.wish->settled();
    if (got) reply_place(w.request, *got);
    if (got && got->end == AcquireEnd::ok) openings_.push_back({w.pool, got->lease.id});
    return got.has_value();
  });
}

void ChildCall::reply_place(std::uint32_t request, const Acquired& got) {
  child_.queue(FrameKind::reply, number_,
               encode(ReplyMessage{.request = request,
                                   .text = got.error ? std::string(taken_in(got.error->message)) : std::string(),
                                   .end = got.end,
                                   .place = got.lease.id,
                                   .waited_ns = got.waited.count()}));
}

void ChildCall::forget_opening(std::uint32_t pool, std::uint64_t place) {
  std::erase_if(openings_, [&](const PlaceBackMessage& o) { return o.pool == pool && o.place == place; });
}

void ChildCall::note_filled(PlaceFilledMessage message) {
  forget_opening(message.pool, message.place);
  pool(message.pool)->fill_place(owner_, message.place, message.filling, std::move(message.why));
}

/// A place it does not have is counted as one given back wrongly.
void ChildCall::give_place_back(const PlaceBackMessage& message) {
  forget_opening(message.pool, message.place);
  const CurrentCall current(ctx_.get());
  pool(message.pool)->release(owner_, message.place);
}

/// What the task has kept it has leaked; but what was still being opened when it ended never was a lease.
void ChildCall::take_places_back() {
  const CurrentCall current(ctx_.get());
  for (const PlaceBackMessage& o : openings_) {
    Pool& of = *pool(o.pool);
    of.fill_place(
        owner_, o.place, is_stopping_ ? Filling::cut_short : Filling::failed,
        fmt::format("pool '{}' cannot be opened: the child process ended while it was being opened", of.name()));
    of.release(owner_, o.place);
  }
  call_.pools.take_back(owner_);
}

}  // namespace ganger::host
