#include "scan.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "path_list.h"
#include "walk.h"

namespace ganger::files {

namespace {

Filter filter_of(const ctx& c) {
  Filter filter;
  filter.include = c.get_list<std::string>("include");
  filter.exclude = c.get_list<std::string>("exclude");
  filter.min_size_bytes = c.get<std::uint64_t>("min_size");
  if (const auto most = c.get<std::uint64_t>("max_size"); most > 0) filter.max_size_bytes = most;
  filter.follow_symlinks = c.get<bool>("follow_symlinks");
  filter.hidden = c.get<bool>("hidden");
  filter.one_file_system = c.get<bool>("one_file_system");
  return filter;
}

}  // namespace

void Scan::run(const ctx& c) {
  auto to = c.get<std::filesystem::path>("to");
  if (to.empty()) to = c.work_dir() / "files.list";

  PathListWriter list(to);
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  Walk walk(c, filter_of(c), [&](const std::string& path, std::uint64_t size_bytes) {
    list.add(path);
    bytes += size_bytes;
    c.progress(++count, 0, "files");
  });
  walk.run(c.get<std::string>("root"));
  list.commit();

  c.out("list", to);
  c.out("count", count);
  c.out("bytes", bytes);
  c.out("errors", walk.errors());
}

}  // namespace ganger::files
