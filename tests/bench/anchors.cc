// Prints "row column value unit" lines: the figures that the engine is held to, and beside some of them a plain
// implementation measured in the same run. Quote ratios of columns of one run, on a machine with nothing else to do.
#include "tests/bench/measure.h"

int main() {
  ganger::bench::measure_engine(GANGER_PLUGIN_DIR);
  ganger::bench::measure_handoff();
  ganger::bench::measure_pool();
  ganger::bench::measure_isolate(GANGER_PLUGIN_DIR, GANGER_PROGRAM);
}
