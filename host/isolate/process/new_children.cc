#include "host/isolate/process/new_children.h"

#include "host/isolate/process/process.h"
#include "host/isolate/process/process_tree.h"

namespace ganger::host {

namespace {

constexpr Duration kTakesAtMost = std::chrono::milliseconds(500);

}  // namespace

NewChildren::NewChildren() : known_(own_children()) {}

void NewChildren::end() const noexcept {
  end_children([this](pid_t pid) { return !known_.contains(pid); }, std::chrono::steady_clock::now() + kTakesAtMost);
}

}  // namespace ganger::host
