// The child's end of the channel of calls, shared by all threads of a task.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "host/isolate/child/frame.h"
#include "host/isolate/child/messages.h"

namespace ganger::host {

/// Whoever waits first reads for all: an answer that is another thread's is put where that one finds it, so that
/// nobody's long wait delays the others. A channel that breaks ends the process: nobody is left to work for.
/// Thread: every member from any thread.
class ChildChannel {
 public:
  explicit ChildChannel(int fd) : fd_(fd) {}
  ChildChannel(const ChildChannel&) = delete;
  ChildChannel& operator=(const ChildChannel&) = delete;

  void send(FrameKind kind, std::uint32_t call, std::string_view payload);
  /// Sends what `make` encodes with the request number it is given, and waits for the reply.
  template <class Message>
  ReplyMessage ask(FrameKind kind, std::uint32_t call, Message message) {
    Wait wait;
    message.request = begin(wait);
    send(kind, call, encode(message));
    return finish(wait);
  }

  /// A setup or call from the host, kept until the next one is asked for.
  struct Order {
    FrameKind kind{};
    std::uint32_t call = 0;
    std::string payload;
  };
  /// Waits for one; nothing when the host has no more. Thread: the main one
  std::optional<Order> next_order();

 private:
  struct Wait {
    std::uint32_t request = 0;
    std::optional<ReplyMessage> reply{};
  };
  std::uint32_t begin(Wait& wait);
  ReplyMessage finish(Wait& wait);
  template <class Ready>
  void read_until(std::unique_lock<std::mutex>& lock, const Ready& is_ready);
  void deliver(const FrameView& frame);
  bool receive();

  const int fd_;
  std::mutex send_mutex_;
  std::string sending_;  // guarded by send_mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_, but for the decoder, which is the reader's
  std::list<Wait*> waits_;
  std::deque<Order> orders_;
  std::uint32_t last_request_ = 0;
  bool has_reader_ = false, is_closed_ = false;
  FrameDecoder decoder_{Side::host};
};

}  // namespace ganger::host
