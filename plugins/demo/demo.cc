// Tasks that only pretend to work: for first steps, for tests of jobs, and for measuring the host.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <ganger/plugin.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "connection.h"
#include "crash.h"

namespace {

using std::chrono::nanoseconds;

/// Does nothing at all, so that what is left is the host's own cost of a task. Compiles to `return GANGER_OK`.
struct Noop {
  static constexpr const char* name = "noop";
  static constexpr const char* summary = "Does nothing; for measuring the host";
  static constexpr std::uint32_t flags = ganger::idempotent;
  void run(const ganger::ctx&) {}
};

struct Echo {
  static constexpr const char* name = "echo";
  static constexpr const char* summary = "Logs a text and passes it on as the output 'text'";
  static constexpr std::uint32_t flags = ganger::idempotent;
  static constexpr ganger::param params[] = {{"text", GANGER_STR, "what to say", nullptr, ganger::required}};

  void run(const ganger::ctx& c) {
    const auto text = c.get<std::string>("text");
    c.info(text);
    c.out("text", text);
  }
};

struct Sleep {
  static constexpr const char* name = "sleep";
  static constexpr const char* summary = "Sleeps";
  static constexpr std::uint32_t flags = ganger::idempotent;
  static constexpr ganger::param params[] = {
      {"for", GANGER_DURATION_NS, "how long", nullptr, ganger::required},
      {"obey", GANGER_BOOL, "end early when the host asks to; false: never even look", "true"},
      {"say", GANGER_STR, "a text to log first"}};

  void run(const ganger::ctx& c) {
    if (const auto text = c.get<std::string>("say"); !text.empty()) c.info(text);
    const auto length = c.get<nanoseconds>("for");
    if (c.get<bool>("obey"))
      c.sleep_for(length);
    else
      std::this_thread::sleep_for(length);
  }
};

/// Fails. A plugin keeps no state between runs, so what counts the attempts is a file: one line an attempt.
struct Fail {
  static constexpr const char* name = "fail";
  static constexpr const char* summary = "Fails, always or in its first attempts only";
  static constexpr ganger::param params[] = {
      {"message", GANGER_STR, "the reason it gives", "\"failed as asked\""},
      {"kind", GANGER_STR,
       "failed; retry: worth another attempt; throw: by an exception; bug: as a bug of the plugin", "\"failed\"", 0,
       "failed|retry|throw|bug"},
      {"attempts", GANGER_I64, "how many attempts fail before one is done; 0 = all", "0"},
      {"attempts_file", GANGER_PATH, "where attempts are counted, a line each; needed when attempts is not 0"}};

  static void check(const ganger::ctx& c) {
    const auto attempts = c.get<std::int64_t>("attempts");
    if (attempts < 0) throw ganger::error(GANGER_BAD_PARAM, "attempts is negative; 0 means all attempts fail");
    if (attempts > 0 && c.get<std::string>("attempts_file").empty())
      throw ganger::error(GANGER_BAD_PARAM, "attempts needs attempts_file, a file that counts them");
  }

  void run(const ganger::ctx& c) {
    check(c);
    const auto attempts = c.get<std::int64_t>("attempts");
    if (attempts > 0 && count_attempt(c.get<std::string>("attempts_file")) > attempts) return;

    const auto message = c.get<std::string>("message");
    const auto kind = c.get<std::string>("kind");
    if (kind == "throw") throw std::runtime_error(message);
    throw ganger::error(kind == "retry" ? GANGER_RETRY : kind == "bug" ? GANGER_BUG : GANGER_FAILED, message);
  }

 private:
  // Adds this attempt to the file and returns how many there are now.
  static std::int64_t count_attempt(const std::string& path) {
    if (!(std::ofstream(path, std::ios::app) << "attempt\n" << std::flush))
      throw ganger::error("cannot write to attempts_file '" + path + "'");
    std::ifstream file(path);
    std::int64_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }
};

/// Takes its process along. A run survives it when the task runs in a child process, which is what it asks for.
struct Crash {
  static constexpr const char* name = "crash";
  static constexpr const char* summary = "Crashes, hangs or misbehaves, to see that a run survives it";
  static constexpr std::uint32_t flags = ganger::isolate;
  static constexpr ganger::param params[] = {
      {"how", GANGER_STR,
       "segv: writes to address 0; abort: calls abort(); exit: calls exit(0); stack: recurses without end; "
       "spin: never ends and ignores SIGTERM; memory: takes all there is; garbage: writes random bytes to every "
       "socket; "
       "orphan: leaves a process behind that sleeps for an hour",
       nullptr, ganger::required, demo::kCrashes}};

  void run(const ganger::ctx& c) { demo::crash(c.get<std::string>("how")); }
};

struct Print {
  static constexpr const char* name = "print";
  static constexpr const char* summary = "Logs a name, once or several times";
  static constexpr std::uint32_t flags = ganger::idempotent;
  static constexpr ganger::param params[] = {
      {"name", GANGER_STR, "what to log", nullptr, ganger::required},
      {"times", GANGER_I64, "how often", "1"},
      {"pause", GANGER_DURATION_NS, "how long to sleep after each time", "\"0s\""}};

  void run(const ganger::ctx& c) {
    const auto text = c.get<std::string>("name");
    const auto pause = c.get<nanoseconds>("pause");
    for (auto left = c.get<std::int64_t>("times"); left > 0; --left) {
      c.throw_if_stopped();
      c.info(text);
      if (pause.count() > 0) c.sleep_for(pause);
    }
  }
};

struct Connection {
  std::int64_t id;
};

struct ConnectionKind {
  static constexpr const char* name = "connection";
  static constexpr const char* summary = "A connection to nowhere; says when it is opened and closed";
  static constexpr const char* interface = DEMO_CONNECTION_INTERFACE;

  static const demo_connection_api* api() {
    static constexpr demo_connection_api table = {sizeof(demo_connection_api), 0,
                                                  [](void* p) { return static_cast<Connection*>(p)->id; }};
    return &table;
  }

  static Connection* open(const ganger::ctx& c) {
    static std::atomic<std::int64_t> opened{0};
    auto* connection = new Connection{++opened};
    c.info("Create: New Connection " + std::to_string(connection->id));
    return connection;
  }

  static void close(Connection* connection) {
    ganger::log(GANGER_LOG_INFO, "Close: Connection " + std::to_string(connection->id));
    delete connection;
  }
};

struct Query {
  static constexpr const char* name = "query";
  static constexpr const char* summary = "Borrows a demo.connection and waits as long as a query might take";
  static constexpr std::uint32_t flags = ganger::heavy | ganger::idempotent;
  static constexpr ganger::param params[] = {
      {"pool", GANGER_STR, "the pool to borrow from; empty: the only one there is"},
      {"qid", GANGER_I64, "the number of the query", nullptr, ganger::required},
      {"max", GANGER_DURATION_NS, "the response takes a random time shorter than this", "\"1s\""},
      {"seed", GANGER_I64, "makes the random time the same in every run; 0 = another one each time", "0"}};
  static constexpr ganger::need needs[] = {{DEMO_CONNECTION_INTERFACE, "pool"}};

  void run(const ganger::ctx& c) {
    const auto qid = c.get<std::int64_t>("qid");
    const auto connection = c.borrow<demo_connection_api>(DEMO_CONNECTION_INTERFACE, c.get<std::string>("pool"));

    c.sleep_for(response_time(c.get<nanoseconds>("max"), c.get<std::int64_t>("seed"), qid));
    c.info("QID[" + std::to_string(qid) + "] CID[" + std::to_string(connection->id(connection.handle())) + "]");
  }

 private:
  static nanoseconds response_time(nanoseconds max, std::int64_t seed, std::int64_t qid) {
    if (max.count() <= 0) return nanoseconds(0);
    std::seed_seq mix{seed != 0 ? seed : static_cast<std::int64_t>(std::random_device{}()), qid};
    std::mt19937_64 random(mix);
    return nanoseconds(std::uniform_int_distribution<std::int64_t>(0, max.count() - 1)(random));
  }
};

}  // namespace

GANGER_PLUGIN_LICENSED("demo", GANGER_VERSION, "Apache-2.0", Noop, Echo, Sleep, Fail, Crash, Print, Query,
                       ConnectionKind)
