#include <ganger/plugin.hpp>
#include <string>

struct Speak {
  static constexpr const char* name = "speak";
  static constexpr const char* summary = "Says a text in three levels";
  static constexpr ganger::param params[] = {{"text", GANGER_STR, "what to say", "\"anything\""}};

  void run(const ganger::ctx& c) {
    const auto text = c.get<std::string>("text");
    c.debug("for those who look for a fault: " + text);  // shown with -v
    c.info("for everybody: " + text);
    c.warn("for those who want quiet, too: " + text);  // shown with -q, and never dropped
  }
};

GANGER_PLUGIN("log", "1.0.0", Speak)
