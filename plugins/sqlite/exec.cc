#include "exec.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ganger/sql.hpp>
#include <iterator>
#include <string>

namespace ganger::sqlite {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw error("cannot read '" + path + "': " + std::strerror(errno));
  return text;
}

}  // namespace

void Exec::check(const ctx& c) {
  if (c.get<std::string>("sql").empty() == c.get<std::string>("file").empty())
    throw error(GANGER_BAD_PARAM, "give either sql or file");
}

void Exec::run(const ctx& c) {
  check(c);
  const auto file = c.get<std::string>("file");
  const auto text = file.empty() ? c.get<std::string>("sql") : read_file(file);
  if (text.find('\0') != std::string::npos)
    throw error(GANGER_BAD_PARAM, "there is a NUL byte in the SQL; it would end there");

  sql db(c, c.get<std::string>("pool"));
  db.exec(text);
  // Giving the connection back would undo it without a word.
  if (db.api()->rollback(db.connection()) == GANGER_OK)
    throw error("the SQL ends inside a transaction, which was rolled back; end it with 'commit'");
  c.out("changes", db.changes());
}

}  // namespace ganger::sqlite
