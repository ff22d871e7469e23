#include "path_list.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ganger/plugin.hpp>
#include <iterator>
#include <system_error>
#include <utility>

namespace ganger::files {

PathListWriter::PathListWriter(std::filesystem::path file) : file_(std::move(file)), temporary_(file_) {
  std::error_code failed;
  std::filesystem::create_directories(file_.parent_path(), failed);
  if (failed) throw error("cannot make folder '" + file_.parent_path().string() + "': " + failed.message());
  temporary_ += ".part-" + std::to_string(getpid());
  out_.open(temporary_, std::ios::binary | std::ios::trunc);
  if (!out_) fail();
}

PathListWriter::~PathListWriter() {
  if (!is_committed_) unlink(temporary_.c_str());
}

void PathListWriter::add(std::string_view path) {
  if (!(out_ << path << '\0')) fail();
}

void PathListWriter::commit() {
  out_.close();
  if (!out_ || rename(temporary_.c_str(), file_.c_str()) != 0) fail();
  is_committed_ = true;
}

void PathListWriter::fail() const {
  throw error("cannot write list '" + file_.string() + "': " + std::strerror(errno));
}

PathList::PathList(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  text_.assign(std::istreambuf_iterator<char>(in), {});
  if (!in.is_open() || in.bad()) throw error("cannot read list '" + file.string() + "': " + std::strerror(errno));

  std::string_view left = text_;
  while (!left.empty()) {
    const auto path = left.substr(0, left.find('\0'));
    if (!path.empty()) paths_.push_back(path);
    left.remove_prefix(std::min(left.size(), path.size() + 1));
  }
}

}  // namespace ganger::files
