// Any bytes may be given as a job file: reading them must end, and an error must be one that can be shown.
#include <cstddef>
#include <cstdint>
#include <string>

#include "host/error.h"
#include "host/job/read_job.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto reading = ganger::host::parse_job(std::string(reinterpret_cast<const char*>(bytes), size), "fuzz.toml");
  for (const ganger::host::Error& error : reading.errors) {
    if (error.message.empty() || ganger::host::describe(error).empty()) __builtin_trap();
  }
  return 0;
}
