#include <ganger/plugin.hpp>
#include <string>

struct Greet {
  static constexpr const char* name = "greet";
  static constexpr const char* summary = "Greets somebody";
  static constexpr ganger::param params[] = {{"who", GANGER_STR, "whom to greet", "\"world\""}};

  void run(const ganger::ctx& c) {
    const auto who = c.get<std::string>("who");
    if (who.empty()) throw ganger::error("nobody to greet; 'who' is empty");
    c.info("hello, " + who);
    c.out("greeted", who);
  }
};

GANGER_PLUGIN("hello", "1.0.0", Greet)
