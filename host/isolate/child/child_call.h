// One call in a child, driven by the thread that makes it.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/isolate/child/child.h"
#include "host/pools/pool.h"
#include "host/run/isolation.h"

namespace ganger::host {

struct ChildCallSettings {
  Duration grace{};
  Duration kill_delay{};
  Duration start_limit{};
};

/// Waits for everything at once: frames, output, the end of the process, the stop of the attempt, places in pools.
/// Thread: one; killed() from any.
class ChildCall {
 public:
  ChildCall(Child& child, const IsolatedCall& call, const ChildCallSettings& settings);
  ~ChildCall();
  ChildCall(const ChildCall&) = delete;
  ChildCall& operator=(const ChildCall&) = delete;

  IsolatedEnd run();
  /// The child is to be killed now; run() does it.
  void kill();
  /// Can the child be used again?
  bool left_child_fit() const { return is_fit_; }
  /// Has the child found that its plugin must not be used?
  bool was_plugin_refused() const { return was_plugin_refused_; }
  /// What it kept after the call.
  std::uint64_t resident_bytes() const { return resident_bytes_; }

 private:
  struct Wish {
    std::uint32_t request = 0;
    std::uint32_t pool = 0;
    std::unique_ptr<Pool::PlaceWish> wish;
  };

  void wait();
  TimePoint next_alarm() const;
  void heed_stop(TimePoint now);
  void heed_alarms(TimePoint now);
  void receive();
  void take(const FrameView& frame);
  void take_log(const FrameView& frame);
  void take_result(const FrameView& frame);
  void answer_place(const PlaceMessage& message);
  void refuse_place(std::uint32_t request);
  void reply_place(std::uint32_t request, const Acquired& got);
  void serve_wishes();
  void forget_opening(std::uint32_t pool, std::uint64_t place);
  void note_filled(PlaceFilledMessage message);
  void give_place_back(const PlaceBackMessage& message);
  void take_places_back();
  Pool* pool(std::uint32_t index) const;
  void read_output(std::size_t most_bytes);
  void has_died();
  void warn_of_left(std::size_t processes);
  void warn_of_unended(const Ended& ended);
  void explain_death(const std::optional<ProcessEnd>& death);
  void broke_protocol(std::string_view how);
  void end(ganger_status status, std::string why);
  void kill_child();
  std::string culprit() const;

  Child& child_;
  const IsolatedCall& call_;
  const ChildCallSettings settings_;
  const std::uint32_t number_;
  std::optional<IsolatedEnd> end_;
  bool is_fit_ = false, was_plugin_refused_ = false;
  bool has_result_ = false;  // from the task itself
  std::uint64_t resident_bytes_ = 0;
  std::atomic<bool> is_killed_{false};
  TimePoint start_until_, terminate_at_ = kNever, kill_at_ = kNever;
  bool is_stopping_ = false, has_signalled_ = false, has_killed_ = false;
  // Places in pools: asked for, the owner of those given, and those of them in which something is being opened.
  OwnerId owner_;
  std::unique_ptr<PluginCall> ctx_;
  std::vector<Wish> wishes_;
  std::vector<PlaceBackMessage> openings_;
  std::uint32_t places_ = 0;
  std::size_t secret_bytes_ = 0;
};

}  // namespace ganger::host
