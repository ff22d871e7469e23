// A library that is loaded when it is first used: to look up the symbols of all there is takes longer than anything
// else at the start of the program, and most starts (`--version`, a completion, a child) use little of it.
#pragma once
#include <string>

namespace ganger::host {

/// Stays loaded as long as the process. Thread: any, one object at a time.
class LateLibrary {
 public:
  /// Shape: name = with the version of its ABI, "libsqlite3.so.0"
  explicit LateLibrary(const char* name);

  /// Sets `function` to what has that name in it.
  template <class Function>
  void find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(address_of(name));
  }

  /// Why it cannot be used: it is not there, or a function that was looked for is not in it. Empty = it can.
  const std::string& problem() const { return problem_; }

 private:
  void* address_of(const char* name);

  void* library_;
  std::string problem_;
};

}  // namespace ganger::host
