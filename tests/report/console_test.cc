#include "host/report/console.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "tests/report/reported_run.h"
#include "tests/report/screen.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using testing::StartsWith;

/// A pseudo-terminal, and what it would show.
class Terminal {
 public:
  Terminal(unsigned columns, Screen::Resizing resizing) : screen(columns, resizing) {
    EXPECT_EQ(grantpt(master_), 0);
    EXPECT_EQ(unlockpt(master_), 0);
    program = open(ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_GE(program, 0);
    resize(columns);
  }
  ~Terminal() {
    close(program);
    close(master_);
  }

  void resize(unsigned columns) {
    const winsize size{.ws_row = 24, .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(ioctl(master_, TIOCSWINSZ, &size), 0);
    screen.resize(columns);
  }
  /// All rows, once what the program has written is shown: a bell of our own comes after it.
  std::vector<std::string> rows() {
    EXPECT_EQ(write(program, "\a", 1), 1);
    char c = 0;
    for (std::string text; read(master_, &c, 1) == 1; text += c)
      if (c == '\a') {
        screen.show(text);
        break;
      }
    return screen.rows();
  }

  Screen screen;
  int program = -1;  ///< the side the program writes to

 private:
  const int master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
};

class Bar : public testing::TestWithParam<Screen::Resizing> {
 protected:
  static RunView view() {
    RunView v;
    v.total = 3;
    v.ended = 1;
    v.running = {0, 1, 2};
    v.running_count = 3;
    return v;
  }
  static Event log(std::string text) {
    Event e{.kind = EventKind::task_log, .task = 0};
    e.level = GANGER_LOG_INFO;
    e.text = std::move(text);
    return e;
  }

  const ReportedRun run_;
  Terminal terminal_{60, GetParam()};
  Console console_{{.fd = terminal_.program, .has_bar = true}, run_.names, &Bar::view};
};

TEST_P(Bar, IsDrawnOverItself) {
  console_.idle();
  console_.idle();

  EXPECT_THAT(terminal_.rows(), ElementsAre(StartsWith("[########................] 1/3  ")));
}

TEST_P(Bar, OfATerminalThatWasMadeNarrowerLeavesNothingBehind) {
  console_.report(log("one"));
  console_.idle();
  ASSERT_THAT(terminal_.rows(), SizeIs(2));

  for (const unsigned columns : {25U, 10U, 3U, 60U}) {
    terminal_.resize(columns);
    console_.idle();
    const auto rows = terminal_.rows();
    EXPECT_EQ(rows.back().substr(0, 2), "[#") << columns;
    EXPECT_LT(rows.back().size(), columns);
    EXPECT_EQ(std::ranges::count_if(rows, [](const auto& row) { return row.starts_with("["); }), 1) << columns;
  }
  console_.report(log("two"));
  console_.report({.kind = EventKind::run_finished});
  console_.idle();

  const auto rows = terminal_.rows();
  if (GetParam() == Screen::Resizing::wraps_again)
    EXPECT_THAT(rows, ElementsAre("scan: one", "scan: two", ""));
  else
    EXPECT_THAT(rows, ElementsAre("sca", "scan: two", "")) << "such a terminal has cut the first line itself";
}

INSTANTIATE_TEST_SUITE_P(Terminals, Bar, testing::Values(Screen::Resizing::wraps_again, Screen::Resizing::cuts),
                         [](const auto& one) {
                           return one.param == Screen::Resizing::cuts ? "ThatCut" : "ThatWrapAgain";
                         });

}  // namespace
}  // namespace ganger::host
