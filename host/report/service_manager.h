// What a service manager (systemd) is told of a run: the protocol of sd_notify(3), a datagram of lines for each news.
// It is documented as one that programs may speak themselves; libsystemd would cost every start of every process.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "host/descriptor.h"
#include "host/report/events_file.h"
#include "host/run/run_record.h"
#include "host/stop/stop.h"

namespace ganger::host {

/// How a service manager wants to be told.
struct ServiceSettings {
  std::string socket;   ///< $NOTIFY_SOCKET: a path, or "@" and an abstract name; empty = nobody wants to know
  Duration watchdog{};  ///< $WATCHDOG_USEC: so long without a sign of life means that we hang; 0 = nobody watches
};

/// What the environment of this process says about it, and then no more: neither children nor commands of tasks speak
/// for this process. Once, before there are threads.
void take_service_settings();
const ServiceSettings& service_settings();

/// Tells that no run is needed now, which is no failure: who waits for READY=1 takes an end without it for one,
/// whatever the exit code. Shape: why = for people, one line
void tell_nothing_to_run(const ServiceSettings& settings, std::string_view why);

/// Thread: one, that which watches the run: who hears nothing from it for long knows that it hangs.
class ServiceManager {
 public:
  /// Lifetime: names and stop outlive it
  /// Shape:    view = a look at the run
  ServiceManager(const ServiceSettings& settings, const RunNames& names, const Stop& stop, Duration grace,
                 std::function<RunView()> view);

  /// The plan stands, and the run begins.
  void ready();
  /// Tells what there is to tell by `now`. Returns when to call again at the latest.
  TimePoint beat(TimePoint now);
  /// The run has ended in that way; what is left is to write it down.
  void ended(std::string_view how);

 private:
  std::string status() const;

  const RunNames& names_;
  const Stop& stop_;
  const Duration grace_;
  const std::function<RunView()> view_;
  const Duration sign_of_life_;  // after so long another one; zero = none
  const Descriptor socket_;
  std::string told_;  // the last status
  TimePoint next_sign_ = kNever, next_status_{};
  bool is_stopping_ = false;
};

}  // namespace ganger::host
