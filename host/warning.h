// What is allowed, but hardly meant.
#pragma once
#include <string>

#include "host/error.h"

namespace ganger::host {

/// As describe(): `FILE:LINE:COL: warning: what`, and the source line with a caret.
std::string describe_warning(const Error& remark);

}  // namespace ganger::host
