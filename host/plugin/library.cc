#include "host/plugin/library.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/text.h"

namespace ganger::host {

namespace {

using boost::dll::shared_library;

constexpr std::string_view kEntryPrefix = "ganger_plugin_v";
constexpr const char* kEntry = "ganger_plugin_v1";

/// Libraries stay open for ever, and that is why this is never destroyed: a pointer into a plugin may be anywhere,
/// and thread_local destructors, callbacks and unique symbols make dlclose() unsound even where none is.
std::vector<std::unique_ptr<shared_library>>& open_libraries() {
  static auto& libraries = *new std::vector<std::unique_ptr<shared_library>>;
  return libraries;
}

/// What dlerror() said, out of the text that Boost.DLL puts around it.
std::string loader_text(const std::exception& problem) {
  constexpr std::string_view kBefore = "dlerror system message: ";
  std::string_view text = problem.what();
  if (const auto at = text.find(kBefore); at != std::string_view::npos) text.remove_prefix(at + kBefore.size());
  if (const auto end = text.rfind("): "); end != std::string_view::npos) text = text.substr(0, end);
  return std::string(text);
}

/// The word before `what` in the loader's text ("X: cannot open") or after it ("undefined symbol: X").
std::optional<std::string> word_before(const std::string& text, std::string_view what) {
  const auto at = text.find(what);
  if (at == std::string::npos) return std::nullopt;
  const auto from = at == 0 ? std::string::npos : text.rfind(' ', at - 1);
  return text.substr(from == std::string::npos ? 0 : from + 1, at - (from == std::string::npos ? 0 : from + 1));
}

std::optional<std::string> word_after(const std::string& text, std::string_view what) {
  const auto at = text.find(what);
  if (at == std::string::npos) return std::nullopt;
  const auto from = at + what.size();
  const auto end = text.find_first_of(" ,'", from);
  return text.substr(from, end == std::string::npos ? end : end - from);
}

/// The loader's messages name what is missing; what to do about it they leave to the reader.
std::string explain(const std::string& text) {
  if (text.find("cannot allocate memory in static TLS block") != std::string::npos)
    return "a library in it (a memory allocator, most of the time) works only when it is loaded at the start of a "
           "program; link the plugin without it (" +
           text + ")";
  if (const auto library = word_before(text, ": cannot open shared object file"))
    return "it needs " + *library + ", which is not there; install it, or see what is missing with ldd";
  if (const auto version = word_after(text, ": version `"))
    return "it needs " + *version + ", which this system is too old for; build it on this one (" + text + ")";
  if (const auto symbol = word_after(text, "undefined symbol: "))
    return "it uses " + *symbol + ", which none of its libraries has; link it with the one that has it";
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// The loader and those who ask it know a library by the name that it was opened by, which may say little.
void call_it(const shared_library& library, const std::filesystem::path& file) {
  link_map* map = nullptr;
  if (dlinfo(library.native(), RTLD_DI_LINKMAP, &map) != 0) return;
  // Never freed: the library stays, and so does its name.
  if (char* const name = strdup(file.c_str()); name != nullptr) map->l_name = name;
}

Result<const ganger_plugin*> call_entry(const shared_library& library, const std::string& file,
                                        const ganger_host* host) {
  const ganger_plugin* described = nullptr;
  try {
    described = library.get<const ganger_plugin*(const ganger_host*)>(kEntry)(host);
  } catch (const std::exception& thrown) {
    return failure(ErrorKind::refused,
                   file + " is refused: " + kEntry + "() threw an exception: " + excerpt(what_of(thrown)));
  } catch (...) {
    return failure(ErrorKind::refused, file + " is refused: " + kEntry + "() threw an exception");
  }
  if (described == nullptr) return failure(ErrorKind::refused, file + " is refused: " + kEntry + "() returned NULL");
  return described;
}

}  // namespace

Result<void> check_entry(const ElfFile& elf, const std::filesystem::path& file) {
  if (std::binary_search(elf.exports.begin(), elf.exports.end(), kEntry)) return {};
  for (const auto& name : elf.exports)
    if (name.rfind(kEntryPrefix, 0) == 0)
      return failure(ErrorKind::wrong_abi,
                     file.string() + " is built for plugin ABI " + excerpt(name.substr(kEntryPrefix.size())) +
                         ", this host has 1 (ganger " GANGER_VERSION "); build it with the headers of this host");
  return failure(ErrorKind::refused, file.string() + " is no plugin: it does not export " + kEntry);
}

Result<const ganger_plugin*> open_plugin(const std::filesystem::path& file, const ganger_host* host) {
  const auto elf = read_elf_file(file);
  if (!elf) return tl::unexpected(elf.error());
  return open_plugin(file, *elf, host, file.string());
}

Result<const ganger_plugin*> open_plugin(const std::filesystem::path& file, const ElfFile& elf,
                                         const ganger_host* host, const std::string& loader_name) {
  if (auto good = check_entry(elf, file); !good) return tl::unexpected(good.error());

  auto library = std::make_unique<shared_library>();
  try {
    // Now: a missing symbol is found here and not in the middle of a run. Local: plugins do not see each other. The
    // overload that throws: only it has the loader's own text.
    library->load(loader_name, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& problem) {
    return failure(ErrorKind::refused, file.string() + " cannot be loaded: " +
                                           explain(replaced(loader_text(problem), loader_name, file.string())));
  } catch (...) {
    return failure(ErrorKind::refused, file.string() + " cannot be loaded: a constructor in it threw an exception");
  }
  if (loader_name != file) call_it(*library, file);
  open_libraries().push_back(std::move(library));
  return call_entry(*open_libraries().back(), file.string(), host);
}

}  // namespace ganger::host
