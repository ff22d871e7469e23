#include "host/job/text_digest.h"

#include <fmt/format.h>

// All of it in here: the shared library would cost the start of every process more than the digest does.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ganger::host {

std::string digest_of(std::string_view text) {
  const XXH128_hash_t digest = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

}  // namespace ganger::host
