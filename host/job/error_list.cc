#include "host/job/error_list.h"

#include <fmt/format.h>

#include "host/job/read_job.h"

namespace ganger::host {

void ErrorList::add(Position where, std::string message) {
  if (is_full()) {
    ++left_out_;
    return;
  }
  errors_.push_back({.kind = ErrorKind::bad_job, .message = std::move(message), .where = source_->where(where)});
}

Errors ErrorList::take() {
  sort_by_place(errors_);
  if (left_out_ > 0) {
    errors_.push_back({.kind = ErrorKind::bad_job,
                       .message = fmt::format("{} more errors are not shown", left_out_),
                       .where = source_->where()});
  }
  left_out_ = 0;
  return std::exchange(errors_, {});
}

}  // namespace ganger::host
