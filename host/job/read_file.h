// A file as one text.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <tl/expected.hpp>

namespace ganger::host {

/// The whole file, or errno. EFBIG where there is more than `most` bytes of it.
tl::expected<std::string, int> read_file(const std::filesystem::path& file, std::size_t most);

}  // namespace ganger::host
