// Tasks whose body is a test's: what the tests of the C++ wrapper share.
#pragma once
#include <functional>
#include <ganger/plugin.hpp>
#include <ganger/testing.hpp>
#include <utility>

namespace sdk_test {

/// A task whose body is a test's, so that each test shows what it calls.
struct Scripted {
  static inline std::function<void(ganger::ctx&)> body;
  static constexpr const char* name = "scripted";
  static constexpr const char* summary = "Does what the test says";
  static constexpr ganger::param params[] = {{"flag", GANGER_BOOL, "", "true"},
                                             {"count", GANGER_I64, "", "4"},
                                             {"ratio", GANGER_F64, "", "0.5"},
                                             {"text", GANGER_STR, "", "\"hello\""},
                                             {"file", GANGER_PATH, "", "\"/etc/hosts\""},
                                             {"wait", GANGER_DURATION_NS, "", "\"1m30s\""},
                                             {"most", GANGER_SIZE, "", "\"64KiB\""},
                                             {"password", GANGER_SECRET, "", "\"xyzzy\""},
                                             {"names", GANGER_STR, "", "[\"a\", \"b\"]", ganger::list}};
  void run(ganger::ctx& c) { body(c); }
};

inline ganger::testing::result run(ganger::testing::host& h, std::function<void(ganger::ctx&)> body) {
  Scripted::body = std::move(body);
  return h.run<Scripted>();
}
inline ganger::testing::result run(std::function<void(ganger::ctx&)> body) {
  ganger::testing::host h;
  return run(h, std::move(body));
}

}  // namespace sdk_test
