// All the ways in which native code can take its process along.
#pragma once
#include <string_view>

namespace demo {

/// How a task may end that does not end as tasks should; the values of the parameter `how`.
inline constexpr const char* kCrashes = "segv|abort|exit|stack|spin|memory|garbage|orphan";

/// One of kCrashes. Only memory (by std::bad_alloc), garbage and orphan come back.
void crash(std::string_view how);

}  // namespace demo
