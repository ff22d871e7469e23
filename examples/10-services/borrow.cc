#include <cstdint>
#include <ganger/plugin.hpp>
#include <ganger/sql.hpp>
#include <string>

struct Copy {
  static constexpr const char* name = "copy";
  static constexpr const char* summary = "Copies names from one database to another";
  static constexpr ganger::param params[] = {{"from", GANGER_STR, "pool", nullptr, ganger::required},
                                             {"to", GANGER_STR, "pool", nullptr, ganger::required}};
  // Both are had before run() is called, so that two such tasks never wait for each other.
  static constexpr ganger::need needs[] = {{GANGER_SQL_INTERFACE, "from"}, {GANGER_SQL_INTERFACE, "to"}};

  void run(const ganger::ctx& c) {
    ganger::sql from(c, c.get<std::string>("from"));  // goes back at the end of this function, however it ends
    ganger::sql to(c, c.get<std::string>("to"));
    from.exec("create table if not exists names as select 'Ann' as name union select 'Bob'");
    to.exec("create table if not exists names(name)");

    auto names = from.prepare("select name from names");
    auto insert = to.prepare("insert into names values (?)");
    std::int64_t copied = 0;
    to.begin();
    for (; names.step(); ++copied) {
      insert.bind(1, ganger::view(names.column(0).u.s));
      insert.run();
    }
    to.commit();
    c.info("copied " + std::to_string(copied) + " names");
  }
};

GANGER_PLUGIN("borrow", "1.0.0", Copy)
