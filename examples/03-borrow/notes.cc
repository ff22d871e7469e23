// A task that borrows a database connection. It knows the interface "ganger.sql/1" and the name of a pool; which
// database is behind it, and how many connections there may be, is the job's business.
#include <cstdint>
#include <ganger/plugin.hpp>
#include <ganger/sql.hpp>
#include <string>

namespace {

struct Add {
  static constexpr const char* name = "add";
  static constexpr const char* summary = "Adds a note to a database and counts the notes in it";
  static constexpr ganger::param params[] = {{"text", GANGER_STR, "the note", nullptr, ganger::required},
                                             {"pool", GANGER_STR, "the pool of connections; empty: the only one"}};
  static constexpr ganger::need needs[] = {{GANGER_SQL_INTERFACE, "pool"}};

  void run(const ganger::ctx& c) {
    // Waits here while all connections are out. Goes back at the end of this function, however it ends.
    ganger::sql db(c, c.get<std::string>("pool"));
    db.exec("CREATE TABLE IF NOT EXISTS notes(text TEXT NOT NULL)");

    const auto text = c.get<std::string>("text");
    auto insert = db.prepare("INSERT INTO notes(text) VALUES (?)");
    insert.bind(1, text);
    insert.run();

    auto count = db.prepare("SELECT count(*) FROM notes");
    count.step();
    const std::int64_t notes = count.column(0).u.i;
    c.info(std::to_string(notes) + (notes == 1 ? " note" : " notes") + ", the last one: " + text);
    c.out("notes", notes);
  }
};

}  // namespace

GANGER_PLUGIN("notes", "1.0.0", Add)
