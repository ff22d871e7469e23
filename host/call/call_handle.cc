#include "host/call/call_handle.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "host/call/context.h"

namespace ganger::host {

namespace {

// A handle: the generation of its slot, the label of the call, the number of the slot.
constexpr unsigned kSlotBits = 16, kLabelBits = 24;
constexpr std::uint64_t kSlotMask = (1ULL << kSlotBits) - 1, kLabelMask = (1ULL << kLabelBits) - 1;
static_assert(sizeof(ganger_ctx*) == sizeof(std::uint64_t), "a handle is as large as a pointer");

constexpr std::chrono::microseconds kPause(100);

constexpr std::size_t kSlotsOfAChunk = 256;
using Chunk = std::array<CallSlot, kSlotsOfAChunk>;

/// Grows by chunks that stay where they are.
struct Table {
  std::array<std::atomic<Chunk*>, (kSlotMask + 1) / kSlotsOfAChunk> chunks{};
  std::mutex mutex;
  std::size_t slots = 0;        // guarded by mutex
  std::vector<CallSlot*> free;  // guarded by mutex
};

struct Late {
  std::atomic<std::uint64_t> count{0};
  std::mutex mutex;
  std::function<void(CallLabel)> tell;  // guarded by mutex
  std::set<CallLabel> told;             // guarded by mutex
};

// Never destroyed: threads that are left behind may come at any time.
Table& table() {
  static auto* the_one = new Table;
  return *the_one;
}
Late& late() {
  static auto* the_one = new Late;
  return *the_one;
}

/// The call that this thread works for: it is not over before this thread has left the service.
struct Here {
  std::uint64_t handle = 0;
  PluginCall* call = nullptr;
};
thread_local Here here;

CallSlot* find(std::uint64_t handle) {
  const std::uint64_t number = handle & kSlotMask;
  Chunk* const chunk = table().chunks[number / kSlotsOfAChunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &(*chunk)[number % kSlotsOfAChunk];
}

void tell_late(std::uint64_t handle) {
  Late& l = late();
  ++l.count;
  const std::lock_guard lock(l.mutex);
  const auto label = static_cast<CallLabel>((handle >> kSlotBits) & kLabelMask);
  if (l.tell && l.told.insert(label).second) l.tell(label);
}

}  // namespace

CallSlot& take_slot(PluginCall& call) {
  Table& t = table();
  const std::lock_guard lock(t.mutex);
  if (t.free.empty()) {
    const std::size_t first = t.slots;
    auto* const chunk = new Chunk;
    for (std::size_t i = kSlotsOfAChunk; i-- > 0;) {
      (*chunk)[i].number = first + i;
      t.free.push_back(&(*chunk)[i]);
    }
    t.chunks.at(first / kSlotsOfAChunk).store(chunk, std::memory_order_release);
    t.slots += kSlotsOfAChunk;
  }
  CallSlot& slot = *t.free.back();
  t.free.pop_back();
  slot.call = &call;
  return slot;
}

void give_slot_back(CallSlot& slot) {
  Table& t = table();
  const std::lock_guard lock(t.mutex);
  t.free.push_back(&slot);
}

CallHandle::CallHandle(PluginCall& call)
    : slot_(call.slot()),
      handle_((++slot_.generation << (kSlotBits + kLabelBits)) |
              (static_cast<std::uint64_t>(call.parts().label & kLabelMask) << kSlotBits) | slot_.number),
      handle_before_(std::exchange(here.handle, handle_)),
      call_before_(std::exchange(here.call, &call)) {
  slot_.handle.store(handle_, std::memory_order_release);
}

CallHandle::~CallHandle() {
  here = {handle_before_, call_before_};
  // Either a user sees this, or he is seen below.
  slot_.handle.exchange(0, std::memory_order_seq_cst);
  while (slot_.users.load(std::memory_order_seq_cst) != 0) {
    slot_.call->cancel_waits();
    std::this_thread::sleep_for(kPause);
  }
}

WorksForCall::WorksForCall(PluginCall& call)
    : handle_before_(std::exchange(here.handle, call.slot().handle.load(std::memory_order_relaxed))),
      call_before_(std::exchange(here.call, &call)) {}

WorksForCall::~WorksForCall() { here = {handle_before_, call_before_}; }

UsedCall::UsedCall(ganger_ctx* given) noexcept {
  const auto handle = reinterpret_cast<std::uint64_t>(given);
  if (handle == 0) return;
  if (handle == here.handle) {
    call_ = here.call;
    return;
  }
  CallSlot* const slot = find(handle);
  if (slot != nullptr) {
    slot->users.fetch_add(1, std::memory_order_seq_cst);
    if (slot->handle.load(std::memory_order_seq_cst) == handle) {
      call_ = slot->call;
      pinned_ = slot;
      return;
    }
    slot->users.fetch_sub(1, std::memory_order_release);
  }
  is_late_ = true;
  tell_late(handle);
}

UsedCall::~UsedCall() {
  if (pinned_ != nullptr) pinned_->users.fetch_sub(1, std::memory_order_release);
}

void on_late_call(std::function<void(CallLabel)> tell) {
  Late& l = late();
  const std::lock_guard lock(l.mutex);
  l.tell = std::move(tell);
  l.told.clear();
}

std::string text_of_late_call(std::string_view task, std::string_view plugin) {
  const std::string what =
      fmt::format("{} called ganger after run() had returned, which does nothing: a bug of the plugin",
                  plugin.empty() ? "a plugin" : fmt::format("plugin '{}'", plugin));
  return task.empty() ? what : fmt::format("{}; task '{}' has left a thread behind", what, task);
}

std::uint64_t late_calls() { return late().count; }

}  // namespace ganger::host
