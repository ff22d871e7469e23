// A call as a plugin holds it.
#pragma once
#include <ganger/plugin.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ganger::host {

class PluginCall;

/// Who made a call, for what is said of one that is over: its task, or in a child the number of the call. 24 bits.
using CallLabel = std::uint32_t;
inline constexpr CallLabel kNoLabel = (1U << 24U) - 1;

/// Where a call is found by its handle. Never freed, so that a handle can be looked at however old it is.
struct CallSlot {
  std::atomic<std::uint64_t> handle{0};  ///< of the call that is under way; 0 = none
  std::atomic<std::uint32_t> users{0};   ///< threads other than its own that look at it, or are in a service of it
  PluginCall* call = nullptr;            ///< whose slot it is; constant while users may come
  std::uint64_t number = 0;              ///< in the table
  std::uint64_t generation = 0;          ///< how many calls it has had
};
/// Thread: any
CallSlot& take_slot(PluginCall& call);
void give_slot_back(CallSlot& slot);

/// Lives for as long as a plugin is in a call, on the thread that makes it. The handle it gives away is no address,
/// as ganger_ctx has no members for anybody, but a number that is not used again: a thread that a task has left
/// behind finds its call over, and not the next one in its place. When it ends, it waits for services that other
/// threads are in, and has those that wait for a place in a pool give up.
class CallHandle {
 public:
  explicit CallHandle(PluginCall& call);
  ~CallHandle();
  CallHandle(const CallHandle&) = delete;
  CallHandle& operator=(const CallHandle&) = delete;

  ganger_ctx* get() const { return reinterpret_cast<ganger_ctx*>(handle_); }

 private:
  CallSlot& slot_;
  std::uint64_t handle_;
  std::uint64_t handle_before_;  // of this thread
  PluginCall* call_before_;
};

/// This thread works for the call, too, whose own thread waits for it: it is not asked whether the call is over.
class WorksForCall {
 public:
  explicit WorksForCall(PluginCall& call);
  ~WorksForCall();
  WorksForCall(const WorksForCall&) = delete;
  WorksForCall& operator=(const WorksForCall&) = delete;

 private:
  std::uint64_t handle_before_;
  PluginCall* call_before_;
};

/// One use of a handle by a service: the call stays while it lives. Empty where it is over, which is counted and
/// told, and for null.
class UsedCall {
 public:
  explicit UsedCall(ganger_ctx* handle) noexcept;
  ~UsedCall();
  UsedCall(const UsedCall&) = delete;
  UsedCall& operator=(const UsedCall&) = delete;

  explicit operator bool() const { return call_ != nullptr; }
  PluginCall& operator*() const { return *call_; }
  PluginCall* operator->() const { return call_; }
  /// There was a call.
  bool is_late() const { return is_late_; }

 private:
  PluginCall* call_ = nullptr;
  CallSlot* pinned_ = nullptr;
  bool is_late_ = false;
};

/// `tell` is called once for each label whose call is used when it is over, by the thread that does so. Null = nobody
/// listens; when this returns, nobody is in the one before. Thread: any
void on_late_call(std::function<void(CallLabel label)> tell);
/// What there is to say of it; `task` empty = it is not known.
std::string text_of_late_call(std::string_view task, std::string_view plugin);
/// How many services have been called late in this process.
std::uint64_t late_calls();

}  // namespace ganger::host
