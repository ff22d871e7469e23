// The interface `ids.counter/1`: what a borrowed counter can do. Its own plugin includes this, and whoever borrows
// one.
#pragma once
#include <cstdint>

inline constexpr const char* kCounterInterface = "ids.counter/1";  // the number is the table's major

struct counter_api {
  std::uint32_t struct_size, reserved;  // the table only ever grows, at its end
  std::int64_t (*next)(void* counter);
};
