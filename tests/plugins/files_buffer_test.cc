#include <ganger/buffer.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <ganger/testing.hpp>
#include <string>
#include <utility>

#include "plugin_entry.h"

namespace {

using ganger::testing::host;
using ::testing::HasSubstr;

struct Borrower {
  static constexpr const char* name = "borrower";
  static constexpr const char* summary = "Borrows a buffer and fills it";
  void run(const ganger::ctx& c) {
    const auto buffer = c.borrow<ganger_buffer_api>(GANGER_BUFFER_INTERFACE);
    void* start = buffer->data(buffer.handle());
    const auto size = buffer->size(buffer.handle());
    std::memset(start, 0xAB, size);
    c.out("size", size);
    c.out("offset_in_page", reinterpret_cast<std::uintptr_t>(start) % 4096);
  }
};

TEST(FilesBuffer, IsAsLargeAsAskedForAndAlignedToAPage) {
  host h;
  h.pool_of(pool_kind("files", "buffer"), "buffers", {{"size", "100kB"}});

  const auto r = h.run<Borrower>();

  EXPECT_TRUE(r.ok()) << r;
  EXPECT_EQ(r.outputs.at("size"), 100'000);
  EXPECT_EQ(r.outputs.at("offset_in_page"), 0);
}

TEST(FilesBuffer, HasADefaultSize) {
  host h;
  h.pool_of(pool_kind("files", "buffer"), "buffers");

  EXPECT_EQ(h.run<Borrower>().outputs.at("size"), 256 * 1024);
}

TEST(FilesBuffer, RefusesSizesThatMakeNoSense) {
  for (const auto* size : {"0", "2GiB"}) {
    host h;
    h.pool_of(pool_kind("files", "buffer"), "buffers", {{"size", size}});

    const auto r = h.run<Borrower>();

    EXPECT_EQ(r.status, GANGER_NO_RESOURCE);
    EXPECT_THAT(r.why, HasSubstr("give 1 byte to 1GiB"));
  }
}

}  // namespace
