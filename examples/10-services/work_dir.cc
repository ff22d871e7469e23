#include <filesystem>
#include <fstream>
#include <ganger/plugin.hpp>
#include <string>

struct Sort {
  static constexpr const char* name = "sort";
  static constexpr const char* summary = "Needs a file of its own for a while";

  void run(const ganger::ctx& c) {
    const auto scratch = c.work_dir() / "scratch";  // nobody else's, and removed after the run
    std::ofstream(scratch) << "what does not fit into memory";
    c.info("used " + std::to_string(std::filesystem::file_size(scratch)) + " bytes of scratch space");
  }
};

GANGER_PLUGIN("work_dir", "1.0.0", Sort)
