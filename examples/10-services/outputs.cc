#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ganger/plugin.hpp>
#include <string>

struct Harvest {
  static constexpr const char* name = "harvest";
  static constexpr const char* summary = "Writes a list and says where it is and how long";
  static constexpr ganger::param params[] = {{"apples", GANGER_I64, "how many", "3"}};

  void run(const ganger::ctx& c) {
    const auto apples = c.get<std::int64_t>("apples");
    const auto list = c.work_dir() / "apples.txt";
    std::ofstream file(list);
    for (std::int64_t i = 0; i < apples; ++i) file << "apple " << i << '\n';
    if (!file.flush()) throw ganger::error("cannot write " + list.string());
    c.out("apples", apples);  // small values go into outputs,
    c.out("list", list);      // big ones into a file, and its path into an output
  }
};

struct Press {
  static constexpr const char* name = "press";
  static constexpr const char* summary = "Reads the outputs of a task before it";

  void run(const ganger::ctx& c) {
    const auto apples = c.input<std::int64_t>("harvest", "apples");
    const auto list = c.input<std::filesystem::path>("harvest", "list");
    c.info(std::to_string(apples) + " apples in " + list.filename().string());
  }
};

GANGER_PLUGIN("outputs", "1.0.0", Harvest, Press)
