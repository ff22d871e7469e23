// What is wrong with one job file, while it is being found.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "host/error.h"
#include "host/job/source_text.h"

namespace ganger::host {

/// Collects errors with their places. Past kMost they are only counted: nobody reads that many, and a file that a
/// program wrote wrong has one in each of its tasks.
class ErrorList {
 public:
  static constexpr std::size_t kMost = 1000;

  explicit ErrorList(std::shared_ptr<const SourceText> source) : source_(std::move(source)) {}

  void add(Position where, std::string message);
  /// About the file as a whole.
  void add(std::string message) { add(Position{}, std::move(message)); }
  bool is_full() const { return errors_.size() >= kMost; }
  /// Sorted by place, the number of those left out at the end.
  Errors take();

  const SourceText& source() const { return *source_; }

 private:
  std::shared_ptr<const SourceText> source_;
  Errors errors_;
  std::size_t left_out_ = 0;
};

}  // namespace ganger::host
