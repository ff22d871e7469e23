// Leases that are used after their end, as AddressSanitizer finds them.
#include <gtest/gtest.h>

#include <cstdint>
#include <new>
#include <utility>

#include "tests/sdk/scripted.h"

namespace sdk_test {
namespace {

using ganger::ctx;
using ganger::testing::host;

struct NumberApi {
  std::uint32_t struct_size, reserved;
  int (*number)(void* handle);
};
constexpr const char* kNumber = "test.number/1";
const NumberApi kNumberApi = {sizeof(NumberApi), 0, [](void* n) { return *static_cast<int*>(n); }};

class LeaseEnd : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
#ifndef GANGER_COPIES_TABLES
    GTEST_SKIP() << "only AddressSanitizer finds it";
#endif
    host_.pool("n", kNumber, &kNumberApi, &number_);
  }

  int number_ = 7;
  host host_;
};

TEST_F(LeaseEnd, ATableThatIsUsedAfterItsReleaseIsReported) {
  const auto uses_it_late = [](ctx& c) {
    auto lease = c.borrow<NumberApi>(kNumber);
    const NumberApi* const table = lease.operator->();
    void* const handle = lease.handle();
    lease.release();
    table->number(handle);
  };

  EXPECT_DEATH(run(host_, uses_it_late), "heap-use-after-free");
}

TEST_F(LeaseEnd, ALeaseThatIsUsedAfterItsRunIsReported) {
  using Lease = ganger::lease<NumberApi>;
  alignas(Lease) unsigned char room[sizeof(Lease)];
  Lease* kept = nullptr;  // it is never ended: the call it would go back to is over
  run(host_, [&](ctx& c) { kept = new (room) Lease(c.borrow<NumberApi>(kNumber)); });

  EXPECT_DEATH((*kept)->number(kept->handle()), "heap-use-after-free");
}

TEST_F(LeaseEnd, ALeaseThatIsUsedInTimeIsNot) {
  int number = 0;

  const auto r = run(host_, [&](ctx& c) {
    auto first = c.borrow<NumberApi>(kNumber);
    const auto moved = std::move(first);
    number = moved->number(moved.handle());
  });

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(number, 7);
}

}  // namespace
}  // namespace sdk_test
