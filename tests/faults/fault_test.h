// What the tests of the fault matrix share: jobs with something wrong in them, run by the real program, and what they
// leave behind.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cli/ganger_process.h"

namespace ganger::host::test {

#ifdef __has_feature
inline constexpr bool kHasSanitizer = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kHasSanitizer = true;
#else
inline constexpr bool kHasSanitizer = false;
#endif

inline const std::string kFaulty = GANGER_BINARY_DIR "/tests/faults/plugins";

/// The parameter of demo.crash and faulty.do: what the task does.
inline std::string how(const std::string& word) { return "how = \"" + word + "\""; }

/// The processes that this one has started, or adopted, and that have not been reaped.
std::vector<pid_t> children_of(pid_t pid);

/// A test of one row of the matrix, on one side of it. It adopts what its processes leave, and fails when they leave
/// any; and the tasks it writes may write to its folder, on either side.
class FaultTest : public GangerTest {
 public:
  explicit FaultTest(bool is_isolated);
  ~FaultTest() override;

  /// A task of the job: `with` and `more` are lines of TOML, `with` inside the braces.
  std::string task(std::string_view name, std::string_view uses, std::string_view with = {},
                   std::string_view more = {}) const;
  /// Writes its name to the file `seen` once `after` has ended, however; always in the host.
  std::string witness(std::string_view after, std::string_view name = "witness") const;
  /// A file of the test's folder as a value of TOML.
  std::string path(const std::string& file) const { return "\"" + (folder_ / file).string() + "\""; }
  /// Runs the tasks as the job file j.toml.
  Process job(const std::string& tasks, std::vector<std::string> options = {}) const;
  Ended run(const std::string& tasks, std::vector<std::string> options = {}) const {
    return job(tasks, std::move(options)).end();
  }
  /// Goes on with it, or looks at it.
  Ended later(const std::string& verb, std::vector<std::string> options = {}) const;

  /// How often the file has the line.
  int count(const std::string& file, std::string_view line) const;
  /// Asks again and again; fails after half a minute.
  void wait_until(const std::function<bool()>& is_so) const;
  void expect_witness(std::string_view name = "witness") const {
    EXPECT_EQ(count("seen", "end " + std::string(name)), 1);
  }
  void expect_no_witness() const { EXPECT_EQ(read("seen"), ""); }

  using GangerTest::folder_;
  using GangerTest::ganger;
  using GangerTest::read;
  using GangerTest::run_ganger;
  using GangerTest::write;

  const bool is_isolated_;
};

class InProcess : public FaultTest {
 public:
  InProcess() : FaultTest(false) {}
};

class Isolated : public FaultTest {
 public:
  Isolated() : FaultTest(true) {}
};

}  // namespace ganger::host::test
