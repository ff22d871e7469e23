// ganger/testing_result.hpp - what came of a run under ganger::testing::host; part of ganger/testing.hpp.
#ifndef GANGER_TESTING_RESULT_HPP
#define GANGER_TESTING_RESULT_HPP

#include <ganger/plugin.h>

#include <algorithm>
#include <cstdint>
#include <ganger/testing_value.hpp>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ganger::testing {

/// A line of the log.
struct log_line {
  std::int32_t level;  ///< GANGER_LOG_...
  std::string text;
};

/// One call of progress().
struct progress_step {
  std::uint64_t done, total;
  std::string what;
};

/// A lease that was given back.
struct returned_lease {
  std::string pool;
  std::uint32_t state;  ///< GANGER_LEASE_...
};

/// What came of one run.
struct result {
  ganger_status status = GANGER_BUG;
  std::string why;                       ///< the reason kept by fail(), or why the task was not run at all
  std::map<std::string, value> outputs;  ///< others see them only when status is GANGER_OK
  std::vector<log_line> logs;
  std::vector<progress_step> progress;
  std::vector<returned_lease> returned;
  std::vector<std::string> leaked;  ///< leases, stop callbacks, descriptors and threads it left behind
  std::vector<std::string> bugs;    ///< rules of plugin.h it broke
  std::uint64_t calls = 0;          ///< of the SDK: what stop_at_call() counts

  /// GANGER_OK, and left nothing behind.
  bool ok() const { return status == GANGER_OK && is_clean(); }
  bool is_clean() const { return leaked.empty() && bugs.empty(); }
  /// Does a line of the log hold this text?
  bool logged(std::string_view part) const {
    return std::any_of(logs.begin(), logs.end(),
                       [&](const log_line& l) { return l.text.find(part) != std::string::npos; });
  }

  /// Everything, for the message of a test that fails.
  friend std::ostream& operator<<(std::ostream& out, const result& r) {
    static constexpr const char* names[] = {"ok",        "failed",      "retry",       "cancelled", "timeout",
                                            "bad param", "no resource", "unsupported", "no memory", "bug"};
    const bool known = r.status >= GANGER_OK && r.status <= GANGER_BUG;
    out << (known ? names[r.status] : "unknown status") << " (" << r.status << ") after " << r.calls << " calls";
    if (!r.why.empty()) out << ": " << r.why;
    for (const auto& l : r.leaked) out << "\n  leaked: " << l;
    for (const auto& b : r.bugs) out << "\n  bug: " << b;
    for (const auto& [name, v] : r.outputs) out << "\n  output " << name << ": " << v;
    for (const auto& l : r.logs) out << "\n  log: " << l.text;
    return out;
  }
};

/// Where the threads of a run write its result down.
class record {
 public:
  template <class F>
  void write(F&& f) {
    const std::lock_guard<std::mutex> lock(mutex_);
    f(result_);
  }
  ganger_status bug(std::string what) {
    write([&](result& r) { r.bugs.push_back(std::move(what)); });
    return GANGER_BUG;
  }
  void leaked(std::string what) {
    write([&](result& r) { r.leaked.push_back(std::move(what)); });
  }
  void why(std::string text) {
    write([&](result& r) { r.why = std::move(text); });
  }
  /// Once no thread of the run is left.
  result take() { return std::move(result_); }

 private:
  std::mutex mutex_;
  result result_;
};

}  // namespace ganger::testing

#endif  // GANGER_TESTING_RESULT_HPP
