#include "host/isolate/child/child_channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "host/isolate/process/process_tree.h"

namespace ganger::host {

namespace {

constexpr int kHostIsWrong = 70;

}  // namespace

void ChildChannel::send(FrameKind kind, std::uint32_t call, std::string_view payload) {
  const std::lock_guard lock(send_mutex_);
  sending_.clear();
  append_frame(sending_, kind, call, payload);
  for (std::string_view rest = sending_; !rest.empty();) {
    const ssize_t n = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n > 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno != EINTR) {
      end_with_descendants();
    }
  }
}

std::optional<ChildChannel::Order> ChildChannel::next_order() {
  std::unique_lock lock(mutex_);
  read_until(lock, [&] { return !orders_.empty() || is_closed_; });
  if (orders_.empty()) return std::nullopt;
  Order order = std::move(orders_.front());
  orders_.pop_front();
  return order;
}

std::uint32_t ChildChannel::begin(Wait& wait) {
  const std::lock_guard lock(mutex_);
  wait.request = ++last_request_;
  waits_.push_back(&wait);
  return wait.request;
}

ReplyMessage ChildChannel::finish(Wait& wait) {
  std::unique_lock lock(mutex_);
  read_until(lock, [&] { return wait.reply.has_value() || is_closed_; });
  if (!wait.reply) end_with_descendants();
  return std::move(*wait.reply);
}

template <class Ready>
void ChildChannel::read_until(std::unique_lock<std::mutex>& lock, const Ready& is_ready) {
  while (!is_ready()) {
    if (has_reader_) {
      changed_.wait(lock);
      continue;
    }
    has_reader_ = true;
    lock.unlock();
    const bool is_open = receive();
    lock.lock();
    if (!is_open) is_closed_ = true;
    for (auto frame = decoder_.next();; frame = decoder_.next()) {
      if (!frame) _exit(kHostIsWrong);
      if (!*frame) break;
      deliver(**frame);
    }
    has_reader_ = false;
    changed_.notify_all();
  }
}

void ChildChannel::deliver(const FrameView& frame) {
  if (frame.kind == FrameKind::setup || frame.kind == FrameKind::call) {
    orders_.push_back({frame.kind, frame.call, std::string(frame.payload)});
    return;
  }
  auto reply = frame.kind == FrameKind::reply ? decode<ReplyMessage>(frame.payload) : std::nullopt;
  if (!reply) _exit(kHostIsWrong);
  const auto wait =
      std::find_if(waits_.begin(), waits_.end(), [&](const Wait* w) { return w->request == reply->request; });
  if (wait == waits_.end()) return;
  (*wait)->reply = std::move(*reply);
  waits_.erase(wait);
}

/// Feeds what comes next to the decoder; false at the end. Without the lock: there is one reader at a time.
bool ChildChannel::receive() {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    if (n > 0) {
      decoder_.feed({buffer.data(), static_cast<std::size_t>(n)});
      return true;
    }
    if (n == 0) return false;
    if (errno != EINTR) end_with_descendants();
  }
}

}  // namespace ganger::host
