#include "host/stop/stop.h"

#include <gtest/gtest.h>

namespace ganger::host {
namespace {

constexpr TimePoint kStart{std::chrono::hours(1)};

TEST(Stop, NothingIsAskedBeforeTheDeadline) {
  Stop stop(kStart);

  EXPECT_EQ(stop.asked(kStart - Duration(1)), StopReason::none);
  EXPECT_EQ(stop.asked(kStart), StopReason::deadline);
  EXPECT_EQ(stop.asked(kStart - Duration(1)), StopReason::deadline) << "from here on";
}

TEST(Stop, AnInterruptBeatsADeadlineBeatsADrainWhicheverCameFirst) {
  Stop stop(kStart);

  stop.drain();
  EXPECT_EQ(stop.reason(), StopReason::drain);
  EXPECT_EQ(stop.asked(kStart), StopReason::deadline);
  stop.drain();
  EXPECT_EQ(stop.reason(), StopReason::deadline);
  stop.interrupt(15);
  EXPECT_EQ(stop.asked(kStart), StopReason::interrupt);
  stop.drain();
  EXPECT_EQ(stop.reason(), StopReason::interrupt);
}

TEST(Stop, CountsTheInterruptsAndKeepsTheLastSignal) {
  Stop stop(kNever);

  EXPECT_EQ(stop.interrupt(2), 1);
  EXPECT_EQ(stop.interrupt(15), 2);
  EXPECT_EQ(stop.interrupt(1), 3);

  EXPECT_EQ(stop.interrupts(), 3);
  EXPECT_EQ(stop.signal(), 1);
}

TEST(Clock, AfterTheEndOfTimeIsNever) {
  EXPECT_EQ(after(kStart, std::chrono::seconds(1)), kStart + std::chrono::seconds(1));
  EXPECT_EQ(after(kStart, Duration::max()), kNever);
  EXPECT_EQ(after(kNever, Duration(1)), kNever);
}

}  // namespace
}  // namespace ganger::host
