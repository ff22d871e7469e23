// Sound until it is started; its deinit() throws too.
#include <stdexcept>

#include "hostile.h"

namespace {
ganger_status init(const ganger_host *) { throw std::runtime_error("not on a Sunday"); }
void deinit() { throw 1; }
const ganger_plugin plugin = {
    sizeof(ganger_plugin), 0, 0, 0, HOSTILE_ID, "1.0.0", nullptr, nullptr, nullptr, init, deinit};
}  // namespace

extern "C" const ganger_plugin *ganger_plugin_v1(const ganger_host *) { return &plugin; }
