// counted CASE N: does one thing N times and nothing else, to be counted by callgrind. Two runs with different N
// differ by what the thing itself costs.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/demo.h"
#include "tests/bench/lane_run.h"
#include "tests/bench/table_pool.h"

namespace ganger::bench {
namespace {

host::Plan plan_of(const std::string& shape, std::uint32_t tasks) {
  return make_plan(shape, tasks, {.type = demo_plugin().find_task_type("noop")});
}

void plan_only(std::uint32_t tasks) {
  const host::Plan plan = plan_of("wide", tasks);
  std::printf("%u tasks\n", plan.size());
}

void plan_and_run(const std::string& shape, std::uint32_t tasks) {
  const host::Plan plan = plan_of(shape, tasks);
  LaneRun(plan).go();
}

void borrow(std::uint32_t times) {
  TablePool pool(25);
  Borrower borrower(pool.set());
  for (std::uint32_t i = 0; i < times; ++i) borrower.acquire_and_release();
}

}  // namespace
}  // namespace ganger::bench

int main(int argc, char** argv) {
  using namespace ganger::bench;
  const std::string what = argc == 3 ? argv[1] : "";
  const auto n = static_cast<std::uint32_t>(argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0);
  if (what == "wide" || what == "chain")
    plan_and_run(what, n);
  else if (what == "plan")
    plan_only(n);
  else if (what == "pool")
    borrow(n);
  else {
    std::fprintf(stderr, "usage: counted plan|wide|chain|pool N\n");
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
