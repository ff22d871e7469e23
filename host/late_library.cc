#include "host/late_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace ganger::host {

LateLibrary::LateLibrary(const char* name) : library_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (library_ == nullptr) problem_ = dlerror();
}

void* LateLibrary::address_of(const char* name) {
  if (!problem_.empty()) return nullptr;
  void* const address = dlsym(library_, name);
  if (address == nullptr) problem_ = fmt::format("it has no {}", name);
  return address;
}

}  // namespace ganger::host
