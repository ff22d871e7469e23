// What it takes to open a plugin, one that this process has not opened before each time, p50 of 100. Rows:
// boost_dll_load_get.c is the opening itself with the check of its headers; plugin.load has trust, pins and
// description in it, too. Column raw_dlopen: dlopen, dlsym and the call of the entry; the columns take turns.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "host/plugin/library.h"
#include "tests/bench/demo.h"
#include "tests/bench/rows.h"

namespace ganger::bench {

namespace {

namespace fs = std::filesystem;
using namespace ganger::host;

constexpr int kCopies = 100;

/// Copies of a plugin, gone with this object.
class Copies {
 public:
  Copies() {
    std::string pattern = fs::temp_directory_path() / "ganger-bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw fs::filesystem_error("no folder for copies", pattern, {});
    dir_ = pattern;
  }
  ~Copies() {
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  fs::path make(const std::string& name) const {
    const fs::path file = dir_ / (name + ".so");
    fs::copy_file(demo_file(), file);
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }

 private:
  fs::path dir_;
};

template <class F>
double time_us(F&& f) {
  const double begin = now_ns();
  f();
  return (now_ns() - begin) / 1e3;
}

void open_raw(const fs::path& file) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto entry = library == nullptr
                         ? nullptr
                         : reinterpret_cast<decltype(&ganger_plugin_v1)>(dlsym(library, "ganger_plugin_v1"));
  if (entry == nullptr || entry(host_table()) == nullptr) throw std::runtime_error(dlerror());
}

void measure_opening(std::vector<double>& raw, std::vector<double>& opened, std::vector<double>& loaded) {
  const Copies copies;
  Registry registry(SearchPath({}, {}, {}), host_table());
  for (int i = 0; i < kCopies; ++i) {
    const std::string number = std::to_string(i);
    const fs::path for_raw = copies.make("raw" + number), for_open = copies.make("open" + number),
                   for_load = copies.make("load" + number);
    raw.push_back(time_us([&] { open_raw(for_raw); }));
    opened.push_back(time_us([&] { needed(open_plugin(for_open, host_table())); }));
    loaded.push_back(time_us([&] { needed(registry.load_file(for_load)); }));
  }
}

}  // namespace

void register_rows() {
  static std::vector<double> raw, opened, loaded;
  measure_whole(
      "opening",
      [](benchmark::State& state) {
        measure_opening(raw, opened, loaded);
        state.counters["boost_dll_load_get.c.p50_of_100 us"] = median(opened);
        state.counters["plugin.load.p50_of_100 us"] = median(loaded);
      },
      1);
  measure_whole(
      "raw",
      [](benchmark::State& state) {
        state.counters["boost_dll_load_get.c.p50_of_100 us"] = median(raw);
        state.counters["plugin.load.p50_of_100 us"] = median(raw);
        state.SetLabel("raw_dlopen");
      },
      1);
}

}  // namespace ganger::bench
