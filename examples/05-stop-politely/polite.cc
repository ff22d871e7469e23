// Two ways to end soon after the host asks for it, by Ctrl-C or because time is up: sleep and wait through the
// context, or let a callback wake what blocks in a call of its own.
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>

namespace {

const char* why(std::int32_t reason) {
  switch (reason) {
    case GANGER_STOP_USER:
      return "somebody interrupted the run";
    case GANGER_STOP_DEADLINE:
      return "time is up";
    default:
      return "the host asked for it";
  }
}

struct Count {
  static constexpr const char* name = "count";
  static constexpr const char* summary = "Counts, one number a step";
  static constexpr ganger::param params[] = {{"to", GANGER_I64, "the last number", nullptr, ganger::required},
                                             {"step", GANGER_DURATION_NS, "how long a number takes", "\"1s\""}};

  void run(const ganger::ctx& c) {
    const auto to = c.get<std::int64_t>("to");
    std::int64_t at = 0;
    try {
      while (at < to) {
        c.sleep_for(c.get<std::chrono::nanoseconds>("step"));  // throws ganger::stopped
        c.info("at " + std::to_string(++at));
      }
    } catch (const ganger::stopped&) {
      c.info("counted to " + std::to_string(at) + " when " + why(c.stop_reason()));
      throw;  // the host then knows that it was not done
    }
  }
};

/// Blocks in a call that knows nothing of the host, here read(); with a database or a socket it looks the same.
struct Listen {
  static constexpr const char* name = "listen";
  static constexpr const char* summary = "Waits for somebody who never calls";
  static constexpr std::uint32_t flags = ganger::heavy;

  void run(const ganger::ctx& c) {
    const Bell bell;
    const auto wake = c.on_stop([&bell] { bell.ring(); });
    c.info("listening");
    bell.wait();
    if (c.stop_requested()) {
      c.info(std::string("stopped listening: ") + why(c.stop_reason()));
      throw ganger::stopped();
    }
  }

 private:
  class Bell {
   public:
    Bell() {
      if (fd_ < 0) throw ganger::error("cannot make an eventfd");
    }
    ~Bell() { ::close(fd_); }
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;

    void ring() const { ::eventfd_write(fd_, 1); }
    void wait() const {
      eventfd_t rings = 0;
      while (::eventfd_read(fd_, &rings) != 0) {  // a signal handler ran
      }
    }

   private:
    int fd_ = ::eventfd(0, EFD_CLOEXEC);
  };
};

}  // namespace

GANGER_PLUGIN("polite", "1.0.0", Count, Listen)
