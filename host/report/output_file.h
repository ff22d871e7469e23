// A file for what a run leaves behind, created before anything has run.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "host/error.h"

namespace ganger::host {

/// A path that cannot be is found at create(), a full disk at close(). Thread: none.
class OutputFile {
 public:
  /// Shape:   option = what the user calls it, for messages: "--junit"
  /// Errors:  cannot_create
  static Result<OutputFile> create(std::string option, std::string path);
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept
      : option_(std::move(other.option_)),
        path_(std::move(other.path_)),
        fd_(std::exchange(other.fd_, -1)),
        problem_(other.problem_) {}
  OutputFile& operator=(OutputFile&&) = delete;

  void write(std::string_view text);
  /// How all the writing went. Once.
  /// Errors:  io
  Result<void> close();

 private:
  OutputFile(std::string option, std::string path, int fd)
      : option_(std::move(option)), path_(std::move(path)), fd_(fd) {}
  std::string option_, path_;
  int fd_;
  int problem_ = 0;  // errno of the first write that failed
};

}  // namespace ganger::host
