// Tasks that break the rules, and a pool for them: what the tests of ganger/testing.hpp share.
#pragma once
#include <cstdint>
#include <functional>
#include <ganger/testing.hpp>
#include <utility>

namespace sdk_test {

inline constexpr const char* kThing = "test.thing/1";
inline const std::uint32_t kThingApi = sizeof(kThingApi);

/// A task in the C of the ABI, so that it can do what the wrapper keeps authors from.
class Rogue {
 public:
  using body = std::function<ganger_status(const ganger_host&, ganger_ctx*)>;
  explicit Rogue(body b) : body_(std::move(b)) {
    task_.struct_size = sizeof(ganger_task);
    task_.name = "rogue";
    task_.user = this;
    task_.run = [](const ganger_host* h, ganger_ctx* c, void* self) {
      return static_cast<Rogue*>(self)->body_(*h, c);
    };
  }
  const ganger_task& task() const { return task_; }

 private:
  body body_;
  ganger_task task_{};
};

inline ganger::testing::result run(ganger::testing::host& h, Rogue::body b) {
  return h.run(Rogue(std::move(b)).task());
}
inline ganger::testing::result run(Rogue::body b) {
  ganger::testing::host h;
  return run(h, std::move(b));
}

inline ganger_status borrow(const ganger_host& sdk, ganger_ctx* c, ganger_lease* lease, std::int64_t wait_ns = -1) {
  return sdk.acquire(c, kThing, "", wait_ns, lease);
}

}  // namespace sdk_test
