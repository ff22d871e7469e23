// A socket as a service manager has it.
#pragma once
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "host/descriptor.h"

namespace ganger::host {

/// What is heard there of those who are told about it by NOTIFY_SOCKET.
class NotifyListener {
 public:
  /// Shape: name = a path, or "@" and an abstract name
  explicit NotifyListener(const std::string& name)
      : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0) << std::strerror(errno);
  }

  /// All that has come since the last time.
  std::vector<std::string> heard() const {
    std::vector<std::string> all;
    char text[1024];
    for (ssize_t n = 0; (n = recv(fd_.get(), text, sizeof text, 0)) >= 0;)
      all.emplace_back(text, static_cast<std::size_t>(n));
    return all;
  }

 private:
  const Descriptor fd_;
};

}  // namespace ganger::host
