// Every fault of a plugin that demo.crash does not have. A task takes `how` it goes wrong; the pool kind takes what
// each of its functions does. Files named by parameters are what tests judge by.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ganger/plugin.hpp>
#include <new>
#include <string>
#include <thread>
#include <utility>

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Adds a line in one write(), so that it is there as a whole whatever happens next.
void add_line(const fs::path& file, std::string line) {
  line += '\n';
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const bool is_written = fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (fd >= 0) close(fd);
  if (!is_written) throw ganger::error("cannot write to " + file.string());
}

void mark(const ganger::ctx& c) {
  const auto file = c.get<fs::path>("file");
  const auto text = c.get<std::string>("text");
  add_line(file, "start " + text);
  add_line(file, "end " + text);
  c.out("text", text);
}

struct Mark {
  static constexpr const char* name = "mark";
  static constexpr const char* summary = "Adds the lines \"start TEXT\" and \"end TEXT\"; not to be done twice";
  static constexpr ganger::param params[] = {{"file", GANGER_PATH, "where to", nullptr, ganger::required},
                                             {"text", GANGER_STR, "what", "\"ran\""}};
  void run(const ganger::ctx& c) { mark(c); }
};

struct MarkAgain {
  static constexpr const char* name = "mark-again";
  static constexpr const char* summary = "The same, and may be done twice";
  static constexpr std::uint32_t flags = ganger::idempotent;
  static constexpr ganger::param params[] = {{"file", GANGER_PATH, "where to", nullptr, ganger::required},
                                             {"text", GANGER_STR, "what", "\"ran\""}};
  void run(const ganger::ctx& c) { mark(c); }
};

struct Gate {
  static constexpr const char* name = "gate";
  static constexpr const char* summary = "Says that it waits, and waits for a file";
  static constexpr ganger::param params[] = {{"file", GANGER_PATH, "which one", nullptr, ganger::required}};
  void run(const ganger::ctx& c) {
    c.info("waits");
    while (!fs::exists(c.get<fs::path>("file"))) c.sleep_for(1ms);
  }
};

// -- faults of a task ---------------------------------------------------------------------------------------------

struct Odd {};

/// A page of a file that has become shorter than that.
void read_past_the_file() {
  const int fd = memfd_create("short", MFD_CLOEXEC);
  void* page = fd < 0 || ftruncate(fd, 4096) != 0 ? MAP_FAILED : mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED || ftruncate(fd, 0) != 0) throw ganger::error("no page to read past");
  static_cast<void>(*static_cast<volatile char*>(page));
}

int channel() {
  for (int fd = 3; fd < 64; ++fd) {
    struct stat status {};
    if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) return fd;
  }
  throw ganger::error("no channel");
}

/// A frame's header as the host expects it, but for what is wrong with it: 16 bytes of magic, kind, call and length.
void send_header(std::uint32_t kind, std::uint32_t length) {
  const std::uint32_t header[4] = {0x52474e47, kind, 1, length};
  if (send(channel(), header, sizeof header, MSG_NOSIGNAL) < 0) throw ganger::error("cannot send");
}

[[noreturn]] void wait_for_ever() {
  for (;;) pause();
}

[[noreturn]] void block_every_signal() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  wait_for_ever();
}

void leave_a_process(bool with_session) {
  if (fork() != 0) return;
  if (with_session) setsid();
  wait_for_ever();
}

void flood(const ganger::ctx& c, const std::string& how) {
  constexpr int kLines = 50'000;
  for (int i = 0; i < kLines; ++i) {
    if (how == "flood-log") c.info("logged " + std::to_string(i));
    if (how == "flood-progress") c.progress(static_cast<std::uint64_t>(i), kLines, "on and on");
    if (how == "flood-streams") std::printf("printed %d\n", i);
  }
  std::fflush(stdout);
}

void print() {
  std::fputs("to stdout\n", stdout);
  std::fflush(stdout);
  std::fputs("to stderr\nwithout an end", stderr);
}

/// What the plugin does when the process that has it open ends.
struct AtExit {
  std::atomic<bool> hangs = false, crashes = false;
  ~AtExit() {
    if (crashes) std::abort();
    while (hangs) pause();
  }
} at_exit;

struct Do {
  static constexpr const char* name = "do";
  static constexpr const char* summary = "Goes wrong";
  static constexpr ganger::param params[] = {
      {"how", GANGER_STR, "in which way", nullptr, ganger::required,
       "throw-odd|sigbus|sigfpe|terminate|exit-now|killed|hang|block-signals|process|session|half-frame|long-frame|"
       "unknown-frame|close-channel|flood-log|flood-progress|flood-streams|print|close-streams|exit-hangs|"
       "exit-crashes"}};

  void run(const ganger::ctx& c) {
    const auto how = c.get<std::string>("how");
    if (how == "throw-odd") throw Odd{};
    if (how == "sigbus") read_past_the_file();
    if (how == "sigfpe") raise(SIGFPE);
    if (how == "terminate") std::thread([] { throw 1; }).join();
    if (how == "exit-now") _exit(0);
    if (how == "killed") raise(SIGKILL);
    if (how == "hang") {
      c.info("hangs");
      wait_for_ever();
    }
    if (how == "block-signals") block_every_signal();
    if (how == "process" || how == "session") leave_a_process(how == "session");
    if (how == "half-frame") {
      send_header(35, 1000);
      _exit(0);
    }
    if (how == "long-frame") send_header(35, UINT32_MAX);
    if (how == "unknown-frame") send_header(99, 0);
    if (how == "close-channel") {
      close(channel());
      wait_for_ever();
    }
    if (how.rfind("flood", 0) == 0) flood(c, how);
    if (how == "print") print();
    if (how == "close-streams") {
      close(STDOUT_FILENO);
      close(STDERR_FILENO);
      c.info("streams are closed");
    }
    at_exit.hangs = how == "exit-hangs";
    at_exit.crashes = how == "exit-crashes";
  }
};

// -- faults of leases and pools -----------------------------------------------------------------------------------

struct thing_api {
  std::uint32_t struct_size, reserved;
};
constexpr const char* kInterface = "faulty.thing/1";
constexpr const char* kBehaviours = "ok|fail|throw|hang|crash";

struct Thing {
  std::string check, reset;
};

void behave(const std::string& how, const char* where) {
  if (how == "fail") throw ganger::error(std::string(where) + " fails");
  if (how == "throw") throw Odd{};
  if (how == "crash") std::abort();
  if (how == "hang") wait_for_ever();
}

struct ThingKind {
  static constexpr const char* name = "thing";
  static constexpr const char* summary = "Nothing of use, badly kept";
  static constexpr const char* interface = kInterface;
  static constexpr ganger::param params[] = {{"opened", GANGER_PATH, "gets a line for each open"},
                                             {"open", GANGER_STR, "what it does", "\"ok\"", 0, kBehaviours},
                                             {"check", GANGER_STR, "what it does", "\"ok\"", 0, kBehaviours},
                                             {"reset", GANGER_STR, "what it does", "\"ok\"", 0, kBehaviours}};
  static const thing_api* api() {
    static constexpr thing_api table = {sizeof(thing_api), 0};
    return &table;
  }
  static Thing* open(const ganger::ctx& c) {
    if (const auto file = c.get<fs::path>("opened"); !file.empty()) add_line(file, "open");
    behave(c.get<std::string>("open"), "open");
    return new Thing{c.get<std::string>("check"), c.get<std::string>("reset")};
  }
  static bool check(Thing* thing) {
    behave(thing->check == "fail" ? "ok" : thing->check, "check");
    return thing->check != "fail";
  }
  static bool reset(Thing* thing) {
    behave(thing->reset == "fail" ? "ok" : thing->reset, "reset");
    return thing->reset != "fail";
  }
  static void close(Thing* thing) { delete thing; }
};

ganger_lease kept{};

struct Borrow {
  static constexpr const char* name = "borrow";
  static constexpr const char* summary = "Borrows a thing, and gives it back or does not";
  static constexpr ganger::param params[] = {
      {"pool", GANGER_STR, "which one", "\"p\""},
      {"then", GANGER_STR, "what it does with it", "\"release\"", 0, "release|leak|twice|made-up|keep|use-kept|hold"},
      {"file", GANGER_PATH, "gets a line for each thing that was borrowed"},
      {"once", GANGER_PATH, "waits for this file before it borrows"},
      {"waiting", GANGER_PATH, "gets a line then"}};
  void run(const ganger::ctx& c) {
    const auto then = c.get<std::string>("then");
    if (const auto once = c.get<fs::path>("once"); !once.empty()) {
      while (!fs::exists(once)) c.sleep_for(1ms);
      add_line(c.get<fs::path>("waiting"), "waiting");
    }
    auto thing = c.borrow<thing_api>(kInterface, c.get<std::string>("pool"));
    if (const auto file = c.get<fs::path>("file"); !file.empty()) add_line(file, "borrowed");
    const ganger_lease copy{thing.id(), thing.handle(), thing.operator->()};
    if (then == "leak") leak(std::move(thing));
    if (then == "hold") {
      c.info("holds it");
      c.sleep_for(1h);
    }
    if (then == "use-kept") give_back(c, kept);
    if (then == "made-up") give_back(c, {0xdeadbeef, nullptr, nullptr});
    if (then == "keep") kept = copy;
    if (then != "twice") return;
    thing.release();
    give_back(c, copy);
  }

 private:
  /// It is never ended; no memory is lost with it, which a sanitizer would tell first.
  static void leak(ganger::lease<thing_api> thing) {
    using Lease = ganger::lease<thing_api>;
    alignas(Lease) static unsigned char room[sizeof(Lease)];
    new (room) Lease(std::move(thing));
  }
  static void give_back(const ganger::ctx& c, ganger_lease lease) {
    c.host()->release(c.handle(), &lease, GANGER_LEASE_CLEAN);
  }
};

/// Two of these with their pools the other way round hold what the other one wants.
struct BorrowTwo {
  static constexpr const char* name = "borrow-two";
  static constexpr const char* summary = "Borrows from one pool, waits for the other task, borrows from another pool";
  static constexpr std::uint32_t flags = ganger::heavy;
  static constexpr ganger::param params[] = {
      {"first", GANGER_STR, "a pool", nullptr, ganger::required},
      {"second", GANGER_STR, "a pool", nullptr, ganger::required},
      {"mine", GANGER_PATH, "made once the first is held; empty: does not wait"},
      {"other", GANGER_PATH, "waited for before the second is asked for"},
      {"hold", GANGER_DURATION_NS, "so long before the second is asked for", "\"0s\""}};
  void run(const ganger::ctx& c) {
    const auto first = c.borrow<thing_api>(kInterface, c.get<std::string>("first"));
    if (const auto mine = c.get<fs::path>("mine"); !mine.empty()) {
      add_line(mine, "held");
      while (!fs::exists(c.get<fs::path>("other"))) c.sleep_for(1ms);
    }
    if (const auto hold = c.get<std::chrono::nanoseconds>("hold"); hold > 0ns) c.sleep_for(hold);
    const auto second = c.borrow<thing_api>(kInterface, c.get<std::string>("second"));
  }
};

struct BorrowTwoDeclared : BorrowTwo {
  static constexpr const char* name = "borrow-two-declared";
  static constexpr const char* summary = "The same, and says beforehand that it needs both";
  static constexpr ganger::need needs[] = {{kInterface, "first"}, {kInterface, "second"}};
};

}  // namespace

GANGER_PLUGIN("faulty", "1.0.0", Mark, MarkAgain, Gate, Do, Borrow, BorrowTwo, BorrowTwoDeclared, ThingKind)
