// A descriptor that is closed with its owner.
#ifndef GANGER_EXEC_DESCRIPTOR_H
#define GANGER_EXEC_DESCRIPTOR_H

#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>

namespace ganger::exec {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

inline std::string text_of_errno(int number) { return std::generic_category().message(number); }

}  // namespace ganger::exec

#endif  // GANGER_EXEC_DESCRIPTOR_H
