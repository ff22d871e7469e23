// A string with references, read as far as it can be.
#pragma once
#include <string_view>
#include <vector>

#include "host/job/interpolate.h"

namespace ganger::host {

/// The pieces that are right, and all that is wrong.
struct TemplateReading {
  Template result;
  std::vector<TemplateError> errors;
};
TemplateReading read_template(std::string_view text);

}  // namespace ganger::host
