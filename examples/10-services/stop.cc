#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <ganger/plugin.hpp>

struct Loop {
  static constexpr const char* name = "loop";
  static constexpr const char* summary = "Works in small steps, and asks before each";
  void run(const ganger::ctx& c) {
    for (std::uint64_t step = 0; step < 1'000'000'000'000; ++step) c.throw_if_stopped();  // one atomic load
  }
};

struct Sleep {
  static constexpr const char* name = "sleep";
  static constexpr const char* summary = "Waits, but not past a stop";
  void run(const ganger::ctx& c) { c.sleep_for(std::chrono::hours(1)); }
};

struct Poll {
  static constexpr const char* name = "poll";
  static constexpr const char* summary = "Waits for descriptors, one of which says that it should end";
  void run(const ganger::ctx& c) {
    pollfd stop = {c.stop_fd(), POLLIN, 0};  // beside the sockets of a server
    while (!c.stop_requested()) poll(&stop, 1, -1);
    throw ganger::stopped();  // what the three others throw for you
  }
};

struct Library {
  static constexpr const char* name = "library";
  static constexpr const char* summary = "Calls something that blocks and can be interrupted from another thread";
  void run(const ganger::ctx& c) {
    const int bell = eventfd(0, EFD_CLOEXEC);
    if (bell < 0) throw ganger::error("cannot make an eventfd");
    {
      const auto wake = c.on_stop([bell] { eventfd_write(bell, 1); });  // as sqlite3_interrupt() would
      eventfd_t rings = 0;
      while (eventfd_read(bell, &rings) != 0) {
      }
    }  // the arrangement ends here; only then may what the callback uses go away
    close(bell);
    c.throw_if_stopped();
  }
};

GANGER_PLUGIN("stop", "1.0.0", Loop, Sleep, Poll, Library)
