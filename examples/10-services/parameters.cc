#include <chrono>
#include <cstdint>
#include <ganger/plugin.hpp>
#include <string>

struct Invite {
  static constexpr const char* name = "invite";
  static constexpr const char* summary = "Invites guests";
  static constexpr ganger::param params[] = {
      {"guests", GANGER_STR, "whom", nullptr, ganger::required | ganger::list},
      {"chairs", GANGER_I64, "how many there are", "4"},
      {"lasts", GANGER_DURATION_NS, "how long", "\"2h\""},
      {"tone", GANGER_STR, "how it is said", "\"warm\"", 0, "warm|formal"},
  };

  // Called before anything of the job runs, also by `ganger check`.
  static void check(const ganger::ctx& c) {
    if (c.get<std::int32_t>("chairs") < 1) throw ganger::error(GANGER_BAD_PARAM, "'chairs' must be at least 1");
  }

  void run(const ganger::ctx& c) {
    const auto guests = c.get_list<std::string>("guests");
    if (guests.size() > c.get<std::size_t>("chairs")) throw ganger::error("more guests than chairs");
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(c.get<std::chrono::nanoseconds>("lasts"));
    for (const auto& guest : guests)
      c.info((c.get<std::string>("tone") == "warm" ? "come, " : "we request the presence of ") + guest + ", for " +
             std::to_string(hours.count()) + " hours");
  }
};

GANGER_PLUGIN("parameters", "1.0.0", Invite)
