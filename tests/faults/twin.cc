// Two plugins are made of this file, with the same class in both but for what it says: a host that mixed their
// symbols would run one of them twice.
#include <ganger/plugin.hpp>
#include <string>

struct Named {
  static std::string who() { return TWIN_ID; }
  static inline std::string& remembered() {
    static std::string text = who();
    return text;
  }
};

struct Say {
  static constexpr const char* name = "say";
  static constexpr const char* summary = "Says which plugin it is of";
  void run(const ganger::ctx& c) { c.info("I am " + Named::remembered()); }
};

GANGER_PLUGIN(TWIN_ID, "1.0.0", Say)
