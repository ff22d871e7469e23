// A plugin of an outside project, in C++.
#include <ganger/plugin.hpp>
#include <string>

namespace {

struct Hello {
  static constexpr const char* name = "hello";
  static constexpr const char* summary = "Says hello";
  static constexpr ganger::param params[] = {{"who", GANGER_STR, "whom to greet", "\"world\""}};

  void run(ganger::ctx& c) { c.out("greeting", "hello, " + c.get<std::string>("who")); }
};

}  // namespace

GANGER_PLUGIN("greet", "1.0.0", Hello)
