// Knows a password, a key of several lines and a token it makes itself, and tells them on every road there is: where
// it has a ctx and where it has none, in whole and cut in the middle.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <ganger/plugin.hpp>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

namespace {

constexpr const char* kInterface = "leaky.vault/1";

/// There is nothing to be done with one.
struct vault_api {
  std::uint32_t struct_size, reserved;
};

void tell(const std::string& where, const std::string& what) {
  ganger::log(GANGER_LOG_DEBUG, where + " knows " + what);
  ganger::log(GANGER_LOG_WARN, where + " warns of " + what);
}

/// A line as plugins cut it.
std::string cut_in(const std::string& secret) { return std::string(990, '-') + secret.substr(0, 8) + " ..."; }

std::string file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Its URL is made of the job's parameter.
struct Vault {
  static constexpr const char* name = "vault";
  static constexpr const char* summary = "Tells its URL whenever it is called";
  static constexpr const char* interface = kInterface;
  static constexpr ganger::param params[] = {{"url", GANGER_SECRET, "where it is", nullptr, ganger::required},
                                             {"opens", GANGER_BOOL, "or fails, and says why", "true"}};

  static const vault_api* api() {
    static const vault_api none = {sizeof(vault_api), 0};
    return &none;
  }
  static Vault* open(ganger::ctx& c) {
    const auto url = c.get<std::string>("url");
    c.info("opening " + url);
    tell("open", url);
    if (!c.get<bool>("opens")) throw ganger::error("cannot open " + url);
    return new Vault{url};
  }
  static bool check(Vault* v) {
    tell("check", v->url);
    throw ganger::error("check of " + v->url);
  }
  static bool reset(Vault* v) {
    tell("reset", v->url);
    return true;
  }
  static void close(Vault* v) {
    tell("close", v->url);
    delete v;
  }

  std::string url;
};

struct Leak {
  static constexpr const char* name = "leak";
  static constexpr const char* summary = "Tells all it knows";
  static constexpr ganger::param params[] = {{"password", GANGER_SECRET, "one secret", nullptr, ganger::required},
                                             {"key", GANGER_SECRET, "one of several lines", ""},
                                             {"text", GANGER_STR, "a text that may hold one", ""},
                                             {"count", GANGER_I64, "a number, if it is one", "0"},
                                             {"pool", GANGER_STR, "a vault; empty = none", ""},
                                             {"prints", GANGER_BOOL, "on stdout and stderr, too", "false"},
                                             {"end", GANGER_STR, "how", "ok", 0, "ok|fails|throws|refuses|crashes"}};

  static void check(const ganger::ctx& c) {
    if (c.get<std::string>("end") == "refuses") throw ganger::error("refuses " + c.get<std::string>("password"));
  }

  void run(ganger::ctx& c) {
    const auto password = c.get<std::string>("password"), key = c.get<std::string>("key");
    const std::string token = "m4de-" + std::string("by-itself");
    c.debug("password " + password + " in " + c.get<std::string>("text"));
    c.warn(cut_in(password));
    std::istringstream lines(key);
    for (std::string line; std::getline(lines, line);) c.info("a line: " + line);
    c.progress(1, 1, "with " + password);
    std::thread([&] { tell("a thread", password); }).join();
    if (c.get<bool>("prints")) {
      std::printf("printed %s\n", password.c_str());
      std::fprintf(stderr, "%s%s%s\n", std::string(8 * 1024 - 3, '=').c_str(), password.c_str(), key.c_str());
    }
    if (const auto pool = c.get<std::string>("pool"); !pool.empty()) {
      const auto first = c.borrow<vault_api>(kInterface, pool);
    }
    if (!c.get<std::string>("pool").empty()) c.borrow<vault_api>(kInterface, c.get<std::string>("pool")).release();

    ganger_value secret{};
    secret.type = GANGER_SECRET;
    secret.u.s = {token.data(), token.size()};
    c.set("token", secret);
    c.info("made " + token);
    if (c.get<bool>("prints")) std::printf("printed %s\n", token.c_str());
    c.out("said", "it was " + password);
    c.out("plain", std::string("t4ken-as-text"));
    c.out("sees", seen_from_outside(password));
    const auto end = c.get<std::string>("end");
    if (end == "fails") throw ganger::error("failed with " + password + " and " + token + cut_in(password));
    if (end == "throws") throw std::runtime_error("threw " + password);
    if (end == "crashes") std::raise(SIGSEGV);
  }

  /// Can it be read from the processes, by those that look at all of them?
  static std::string seen_from_outside(const std::string& password) {
    std::string where;
    for (const std::string& pid : {std::string("self"), std::to_string(getppid())})
      for (const char* what : {"cmdline", "environ"})
        if (file("/proc/" + pid + "/" + what).find(password) != std::string::npos)
          where += what + (" of " + pid) + " ";
    return where;
  }
};

/// Comes after, and gets what is secret as it is.
struct Compare {
  static constexpr const char* name = "compare";
  static constexpr const char* summary = "Fails where two texts differ";
  static constexpr std::uint32_t flags = ganger::idempotent;
  static constexpr ganger::param params[] = {{"is", GANGER_STR, "this one", ""},
                                             {"wanted", GANGER_STR, "and this", ""},
                                             {"secret", GANGER_SECRET, "made of an output", ""}};

  void run(const ganger::ctx& c) {
    c.info("secret " + c.get<std::string>("secret"));
    if (c.get<std::string>("is") != c.get<std::string>("wanted"))
      throw ganger::error("they differ: " + c.get<std::string>("is") + " and " + c.get<std::string>("wanted"));
  }
};

}  // namespace

GANGER_PLUGIN("leaky", "1.0.0", Vault, Leak, Compare)
