// With little address space a run ends with an exit code and a message, wherever it runs out.
#include <set>

#include "ganger_process.h"

namespace ganger::host::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCanBeLimited = false;  // they map terabytes
#else
constexpr bool kCanBeLimited = true;
#endif

constexpr std::uint64_t kFirst = 4'096, kLast = 1'048'576;  // in KiB
constexpr int kEnough = 3;                                  // so many times in a row all goes well

class LittleMemory : public GangerTest {
 protected:
  void SetUp() override {
    if (!kCanBeLimited) GTEST_SKIP() << "the sanitizers need more";
  }

  /// Runs the job with more and more, until it is enough.
  void walk(std::uint64_t step, const std::vector<std::string>& words) {
    int good = 0, bad = 0;
    bool starts = false;
    for (std::uint64_t kibibytes = kFirst; good < kEnough && kibibytes < kLast; kibibytes += step) {
      // Before that it is the loader who says so.
      if (!starts) starts = ganger({"version"}).with_address_space(kibibytes).end().code == 0;
      if (!starts) continue;
      SCOPED_TRACE("ulimit -v " + std::to_string(kibibytes));
      const Ended run = ganger(words).with_address_space(kibibytes).within(std::chrono::seconds(30)).end();
      good = run.code == 0 ? good + 1 : 0;
      bad += run.code == 0 ? 0 : 1;
      const std::set<int> wanted{0, 3, 65, 66, 69, 73, 74, 75, 77, 78};
      EXPECT_TRUE(wanted.contains(run.code)) << "exit code " << run.code << ", signal " << run.signal << "\n"
                                             << run.err;
      EXPECT_TRUE(run.code == 0 || !run.err.empty()) << "no message";
    }
    EXPECT_EQ(good, kEnough);
    EXPECT_GT(bad, 0) << "the limit was never too low";
  }

  const std::string job_ = write("j.toml", R"(
[[task]]
name = "light"
uses = "demo.echo"
with = { text = "light" }
[[task]]
name = "heavy"
uses = "demo.echo"
heavy = true
with = { text = "heavy" }
[[task]]
name = "after"
uses = "demo.echo"
after = ["heavy"]
with = { text = "after" }
)");
};

TEST_F(LittleMemory, ARunEndsWithACodeAndAMessage) { walk(1'024, {"run", "j.toml"}); }

TEST_F(LittleMemory, SoDoesARunInChildren) { walk(2'048, {"run", "j.toml", "--isolate", "--no-history"}); }

TEST_F(LittleMemory, SoDoesARunOfManyTasks) {
  std::string job;
  for (int i = 0; i < 20'000; ++i) job += "[[task]]\nname = \"t" + std::to_string(i) + "\"\nuses = \"demo.noop\"\n";
  write("many.toml", job);

  walk(4'096, {"run", "many.toml", "-q"});
}

}  // namespace
}  // namespace ganger::host::test
