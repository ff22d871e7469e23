// A plugin for tests of child processes: it uses every service, and misbehaves in every way that demo.crash does not.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <ganger/plugin.hpp>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using std::chrono::nanoseconds;

struct Noop {
  static constexpr const char* name = "noop";
  static constexpr const char* summary = "Nothing";
  void run(const ganger::ctx&) {}
};

struct Where {
  static constexpr const char* name = "where";
  static constexpr const char* summary = "Sets the process it runs in, and TMPDIR";
  void run(const ganger::ctx& c) {
    c.out("pid", static_cast<std::int64_t>(getpid()));
    const char* folder = std::getenv("TMPDIR");
    c.out("tmpdir", std::string(folder != nullptr ? folder : ""));
  }
};

struct Echo {
  static constexpr const char* name = "echo";
  static constexpr const char* summary = "Sets each parameter as an output";
  static constexpr ganger::param params[] = {{"flag", GANGER_BOOL, "", "true"},
                                             {"number", GANGER_I64, "", "-7"},
                                             {"real", GANGER_F64, "", "0.5"},
                                             {"text", GANGER_STR, "", "\"a text\""},
                                             {"path", GANGER_PATH, "", "\"/a/path\""},
                                             {"time", GANGER_DURATION_NS, "", "\"3s\""},
                                             {"size", GANGER_SIZE, "", "\"1KiB\""},
                                             {"secret", GANGER_SECRET, "", "\"hush\""},
                                             {"list", GANGER_STR, "", "[\"x\", \"y\"]", ganger::list}};
  void run(const ganger::ctx& c) {
    for (const char* which : {"flag", "number", "real", "text", "path", "time", "size", "secret"}) {
      ganger_value v{};
      c.host()->param(c.handle(), which, 0, &v);
      c.set(which, v);
    }
    std::string all;
    for (const auto& one : c.get_list<std::string>("list")) all += one + ",";
    c.out("list", all);
  }
};

struct Services {
  static constexpr const char* name = "services";
  static constexpr const char* summary =
      "Logs, tells progress, reads an input, writes to its folder and to its streams";
  void run(const ganger::ctx& c) {
    c.debug("quiet");
    std::puts("printed");
    c.info("logged");
    std::fputs("complained\nwithout an end", stderr);
    c.progress(1, 2, "half");
    c.out("heard", c.input<std::string>("before", "word"));
    ganger_value v{};
    c.out("no_such", static_cast<std::int64_t>(c.host()->input(c.handle(), "before", "other", &v)));
    const auto folder = c.work_dir();
    std::ofstream(folder / "file") << "content";
    c.out("folder", folder);
    c.out("bytes", std::string("\0\xff\n", 3));
    c.out("deadline", c.host()->deadline_ns(c.handle()));
    c.out("stop", static_cast<std::int64_t>(c.stop_reason()));
  }
};

struct WaitForStop {
  static constexpr const char* name = "wait-for-stop";
  static constexpr const char* summary = "Ends when it is asked to, which it learns in one of three ways";
  static constexpr ganger::param params[] = {{"how", GANGER_STR, "", "\"poll\"", 0, "poll|fd|callback|never"}};
  void run(const ganger::ctx& c) {
    const auto how = c.get<std::string>("how");
    c.info("waits");
    if (how == "poll") {
      while (!c.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } else if (how == "fd") {
      pollfd p{c.stop_fd(), POLLIN, 0};
      poll(&p, 1, -1);
    } else if (how == "callback") {
      std::mutex mutex;
      std::condition_variable told;
      bool is_told = false;
      const auto callback = c.on_stop([&] {
        const std::lock_guard lock(mutex);
        is_told = true;
        told.notify_one();
      });
      std::unique_lock lock(mutex);
      told.wait(lock, [&] { return is_told; });
    } else {
      for (;;) pause();
    }
    c.info("stopped for " + std::to_string(c.stop_reason()));
    throw ganger::stopped();
  }
};

struct Parallel {
  static constexpr const char* name = "parallel";
  static constexpr const char* summary = "Adds numbers up on several threads, each of which asks the host";
  void run(const ganger::ctx& c) {
    std::atomic<std::int64_t> sum{0};
    std::mutex mutex;
    std::set<std::thread::id> threads;
    c.parallel(64, [&](std::uint64_t i) {
      sum += static_cast<std::int64_t>(i);
      if (c.input<std::string>("before", "word").empty()) throw ganger::error("no word");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    c.out("sum", sum.load());
    c.out("threads", static_cast<std::int64_t>(threads.size()));
  }
};

struct Thing {
  std::int64_t number;
};
struct thing_api {
  std::uint32_t struct_size, reserved;
  std::int64_t (*number)(void* thing);
};
constexpr const char* kInterface = "guest.thing/1";

const thing_api* thing_table() {
  static constexpr thing_api table = {sizeof(thing_api), 0, [](void* p) { return static_cast<Thing*>(p)->number; }};
  return &table;
}

struct ThingKind {
  static constexpr const char* name = "thing";
  static constexpr const char* summary = "A number, counted in this process";
  static constexpr const char* interface = kInterface;
  static constexpr ganger::param params[] = {{"fails", GANGER_BOOL, "", "false"}};
  static const thing_api* api() { return thing_table(); }
  static Thing* open(const ganger::ctx& c) {
    if (c.get<bool>("fails")) throw ganger::error("nothing to open");
    static std::atomic<std::int64_t> last{0};
    return new Thing{++last};
  }
  static void close(Thing* thing) { delete thing; }
};

struct RootedKind {
  static constexpr const char* name = "rooted";
  static constexpr const char* summary = "Stays in the host";
  static constexpr const char* interface = "guest.rooted/1";
  static constexpr std::uint32_t flags = GANGER_POOL_HOST_ONLY;
  static const thing_api* api() { return thing_table(); }
  static Thing* open(const ganger::ctx&) { return new Thing{0}; }
  static void close(Thing* thing) { delete thing; }
};

struct UnopenedKind {
  static constexpr const char* name = "unopened";
  static constexpr const char* summary = "Is not opened to the end";
  static constexpr const char* interface = "guest.unopened/1";
  static constexpr ganger::param params[] = {{"how", GANGER_STR, "", "\"crash\"", 0, "crash|hang"}};
  static const thing_api* api() { return thing_table(); }
  static Thing* open(const ganger::ctx& c) {
    c.info("is being opened");
    if (c.get<std::string>("how") == "crash") raise(SIGSEGV);
    for (;;) pause();
  }
  static void close(Thing* thing) { delete thing; }
};
struct Borrow {
  static constexpr const char* name = "borrow";
  static constexpr const char* summary = "Borrows a thing";
  static constexpr ganger::param params[] = {
      {"interface", GANGER_STR, "", "\"guest.thing/1\""},
      {"wait", GANGER_DURATION_NS, "", "\"10s\""},
      {"then", GANGER_STR, "", "\"release\"", 0, "release|again|leak|twice|wait|crash"},
      {"how", GANGER_STR, "", "\"poll\""}};
  void run(const ganger::ctx& c) {
    auto thing = c.borrow<thing_api>(c.get<std::string>("interface").c_str(), {}, c.get<nanoseconds>("wait"));
    c.out("number", thing->number(thing.handle()));
    const auto then = c.get<std::string>("then");
    c.info("has it");
    if (then == "crash") raise(SIGSEGV);
    if (then == "wait") WaitForStop().run(c);
    if (then == "leak") {
      static std::vector<ganger::lease<thing_api>> kept;
      kept.push_back(std::move(thing));
      return;
    }
    ganger_lease again{thing.id(), thing.handle(), nullptr};
    thing.release();
    if (then == "again") c.borrow<thing_api>(c.get<std::string>("interface").c_str(), {}, nanoseconds(0)).release();
    if (then == "twice") c.host()->release(c.handle(), &again, GANGER_LEASE_CLEAN);
  }
};

struct Fail {
  static constexpr const char* name = "fail";
  static constexpr const char* summary = "Fails";
  static constexpr ganger::param params[] = {{"status", GANGER_I64, "", "1"}};
  void run(const ganger::ctx& c) {
    c.out("never_seen", 1);
    throw ganger::error(static_cast<ganger_status>(c.get<std::int64_t>("status")), "for a reason");
  }
};

struct Flood {
  static constexpr const char* name = "flood";
  static constexpr const char* summary = "Prints and logs more than any buffer holds";
  static constexpr ganger::param params[] = {{"lines", GANGER_I64, "", "20000"}};
  void run(const ganger::ctx& c) {
    const auto lines = c.get<std::int64_t>("lines");
    for (std::int64_t i = 0; i < lines; ++i) {
      std::printf("line %d of a flood that goes on and on\n", static_cast<int>(i));
      if (i % 10 == 0) c.info("logged " + std::to_string(i));
    }
    std::string longest(20'000, 'x');
    std::puts(longest.c_str());
  }
};

/// What a task leaves behind: a thread that uses the task's handle once it is told to.
struct Left {
  static inline std::atomic<bool> is_wanted{false};
  static inline std::thread thread;
};
struct Leave {
  static constexpr const char* name = "leave";
  static constexpr const char* summary = "Leaves a thread behind";
  void run(const ganger::ctx& c) {
    Left::is_wanted = false;
    Left::thread = std::thread([host = c.host(), handle = c.handle()] {
      Left::is_wanted.wait(false);
      ganger_value value{};
      value.type = GANGER_I64;
      host->log(handle, GANGER_LOG_INFO, ganger_str{"too late", 8});
      host->output(handle, "late", &value);
      host->fail(handle, GANGER_FAILED, ganger_str{"too late", 8});
      host->progress(handle, 1, 1, ganger_str{"too late", 8});
    });
  }
};
struct Meet {
  static constexpr const char* name = "meet";
  static constexpr const char* summary = "Lets the thread that was left behind use its handle, and waits for it";
  void run(const ganger::ctx& c) {
    Left::is_wanted = true;
    Left::is_wanted.notify_all();
    Left::thread.join();
    c.out("met", 1);
  }
};

struct Hoard {
  static constexpr const char* name = "hoard";
  static constexpr const char* summary = "Keeps 64 MiB and sets the process it runs in";
  void run(const ganger::ctx& c) {
    static std::vector<std::unique_ptr<char[]>> kept;
    kept.push_back(std::make_unique<char[]>(64U << 20U));
    std::memset(kept.back().get(), 1, 64U << 20U);
    c.out("pid", static_cast<std::int64_t>(getpid()));
  }
};

struct Memory {
  static constexpr const char* name = "memory";
  static constexpr const char* summary = "Takes memory until it is refused";
  void run(const ganger::ctx&) {
    constexpr std::size_t kBlock = 16U << 20U;
    std::vector<std::unique_ptr<char[]>> blocks;
    for (;;) {
      blocks.push_back(std::make_unique<char[]>(kBlock));
      std::memset(blocks.back().get(), 1, kBlock);
    }
  }
};

int channel() {
  for (int fd = 3; fd < 64; ++fd) {
    struct stat status {};
    if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) return fd;
  }
  return -1;
}

void send_all(const void* bytes, std::size_t size) {
  [[maybe_unused]] const ssize_t n = send(channel(), bytes, size, MSG_NOSIGNAL);
}

struct Misbehave {
  static constexpr const char* name = "misbehave";
  static constexpr const char* summary = "Does what no plugin should";
  static constexpr ganger::param params[] = {
      {"how", GANGER_STR, "", nullptr, ganger::required,
       "segv|abort|throw|exit|_exit|killed|spin|stack|half|long|unknown|close|closes-streams|grandchild|family|"
       "stopped-family|crowd|chain|fork-segv|many-maps|long-texts"}};

  void run(const ganger::ctx& c) {
    const auto how = c.get<std::string>("how");
    std::uint32_t header[4] = {0x52474e47, 42, 1, 1000};
    if (how == "segv") raise(SIGSEGV);
    if (how == "abort") std::abort();
    if (how == "throw") std::thread([] { throw 1; }).join();
    if (how == "exit") std::exit(3);
    if (how == "_exit") _exit(0);
    if (how == "killed") kill(getpid(), SIGKILL);
    if (how == "stack") sink_ = recurse(1);
    if (how == "half") {
      send_all(header, sizeof(header));
      _exit(0);
    }
    if (how == "long") {
      header[3] = UINT32_MAX;
      send_all(header, sizeof(header));
    }
    if (how == "unknown") {
      header[1] = 99;
      send_all(header, sizeof(header));
    }
    if (how == "close") {
      ::close(channel());
      for (;;) pause();
    }
    if (how == "closes-streams") {
      ::close(1);
      ::close(2);
    }
    if (how == "grandchild" && fork() == 0) {
      setsid();
      for (;;) pause();
    }
    if (how == "family") {
      // Deaf to every signal that one can be deaf to, and so is its child in a session of its own.
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, nullptr);
      const pid_t child = fork();
      if (child == 0) setsid();
      if (child != 0) c.info(std::to_string(getpid()) + " " + std::to_string(child));
      for (;;) pause();
    }
    if (how == "stopped-family") {
      // One of them is stopped in the group of this process, the other has a session of its own.
      const pid_t stopped = fork();
      if (stopped == 0) raise(SIGSTOP);
      const pid_t other = stopped != 0 ? fork() : -1;
      if (other == 0) setsid();
      if (stopped != 0 && other != 0) {
        waitpid(stopped, nullptr, WUNTRACED);
        c.info(std::to_string(getpid()) + " " + std::to_string(stopped) + " " + std::to_string(other));
      }
      for (;;) pause();
    }
    if (how == "crowd") {
      constexpr int kMany = 300;
      for (int i = 0; i < kMany; ++i)
        if (fork() == 0) {
          setsid();
          for (;;) pause();
        }
      c.info(std::to_string(getpid()));
      for (;;) pause();
    }
    if (how == "chain" && fork() == 0)
      for (;;) {
        if (fork() > 0) _exit(0);
        setsid();
      }
    if (how == "fork-segv") {
      const pid_t child = fork();
      if (child == 0) raise(SIGSEGV);
      waitpid(child, nullptr, 0);
      kill(getpid(), SIGKILL);
    }
    if (how == "many-maps") {
      const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
      // Neighbours that differ in their rights stay mappings of their own.
      for (int i = 0; i < 30'000; ++i)
        mmap(nullptr, page, i % 2 == 0 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      raise(SIGSEGV);
    }
    if (how == "long-texts") {
      const std::string longest(1 << 20, 'x');
      c.info(longest);
      c.progress(1, 2, longest.c_str());
      throw ganger::error(longest);
    }
    if (how == "spin") {
      c.info(std::to_string(getpid()));
      signal(SIGTERM, SIG_IGN);
      for (volatile int i = 0;;) {
        (void)i;
      }
    }
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): that is the point
  __attribute__((noinline, no_sanitize("address"))) static int recurse(int depth) {
    volatile char room[4096];
    room[0] = static_cast<char>(depth);
    return depth == 0 ? 0 : recurse(depth + 1) + room[0];
  }
  static inline volatile int sink_ = 0;
};

}  // namespace

GANGER_PLUGIN("guest", "1.2.3", Noop, Where, Echo, Services, WaitForStop, Parallel, Borrow, Fail, Flood, Leave, Meet,
              Hoard, Memory, Misbehave, ThingKind, RootedKind, UnopenedKind)
