// Lines that a process writes, where some are longer than a line may be.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "host/isolate/child/child.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;

constexpr std::size_t kMost = LinePipe::kMostLineBytes;

/// What comes out of a pipe into which these were written, one after another.
std::vector<std::string> lines_of(const std::vector<std::string>& writes, const Secrets& secrets) {
  std::array<int, 2> fds{};
  EXPECT_EQ(pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK), 0);
  Descriptor in(fds[1]);
  LinePipe pipe;
  pipe.open(Descriptor(fds[0]), secrets);
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) { lines.push_back(secrets.masked(std::string(line))); };
  for (const std::string& text : writes) {
    EXPECT_EQ(write(in.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    pipe.read(take, 64 * 1024);
  }
  in.reset();
  pipe.read(take, 64 * 1024);
  pipe.finish(take);
  return lines;
}

TEST(LinePipe, ALineThatIsTooLongIsCut) {
  const Secrets none;

  EXPECT_THAT(lines_of({std::string(kMost + 3, '=') + "\nnext\nlast"}, none),
              ElementsAre(std::string(kMost, '='), "===", "next", "last"));
  EXPECT_THAT(lines_of({std::string(kMost, '=') + "\n"}, none), ElementsAre(std::string(kMost, '=')));
}

TEST(LinePipe, NoCutGoesThroughASecret) {
  Secrets secrets;
  secrets.add("hunter2");
  const std::string fill(kMost - 3, '=');

  EXPECT_THAT(lines_of({fill + "hunter2 more\n"}, secrets), ElementsAre(fill + "***", " more"));
  EXPECT_THAT(lines_of({fill + "hun", "ter2 more"}, secrets), ElementsAre(fill + "***", " more"));
  EXPECT_THAT(lines_of({fill + "hunter2" + fill + "hunter2\n"}, secrets), ElementsAre(fill + "***", fill + "***"));
  EXPECT_THAT(lines_of({fill + "hun", "gry\n"}, secrets), ElementsAre(fill + "hun", "gry"));
}

}  // namespace
}  // namespace ganger::host
