#include "host/plugin/library_trust.h"

#include <sys/auxv.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/text.h"

namespace fs = std::filesystem;

namespace ganger::host {

namespace {

constexpr std::size_t kMostLibraries = 1'000;

/// What $PLATFORM stands for.
std::string platform() {
  const char* name = reinterpret_cast<const char*>(getauxval(AT_PLATFORM));
  return name != nullptr ? name : "";
}

/// What $LIB may stand for; the loader of each distribution has its own.
const std::vector<std::string>& library_names() {
  static const std::vector<std::string> names = {
      "lib",
      "lib64",
      "lib32",
      "libx32",
#ifdef GANGER_MULTIARCH
      std::string("lib/") + GANGER_MULTIARCH,
#endif
  };
  return names;
}

/// How many characters after a '$' are that variable, by the rules of the loader; 0 = it is another one.
std::size_t variable_size(std::string_view text, std::string_view name) {
  const bool has_brace = text.starts_with('{');
  if (has_brace) text.remove_prefix(1);
  if (!text.starts_with(name)) return 0;
  const char next = text.size() > name.size() ? text[name.size()] : '\0';
  if (has_brace && next != '}') return 0;
  if (std::isalnum(static_cast<unsigned char>(next)) != 0 || next == '_') return 0;
  return name.size() + (has_brace ? 2 : 0);
}

/// All that a name may mean once the loader has put in what its variables stand for, wherever they are.
std::vector<std::string> meanings_of(std::string_view text, const std::string& origin) {
  std::vector<std::string> all{""};
  const auto put = [&all](const std::vector<std::string>& values) {
    std::vector<std::string> longer;
    for (const std::string& one : all)
      for (const std::string& value : values) longer.push_back(one + value);
    all = std::move(longer);
  };
  bool has_lib = false;
  while (!text.empty()) {
    const std::string_view plain = text.substr(0, text.find('$'));
    text.remove_prefix(plain.size());
    put({std::string(plain)});
    if (text.empty()) break;
    text.remove_prefix(1);
    if (const std::size_t of_origin = variable_size(text, "ORIGIN"); of_origin != 0) {
      put({origin});
      text.remove_prefix(of_origin);
    } else if (const std::size_t of_platform = variable_size(text, "PLATFORM"); of_platform != 0) {
      put({platform()});
      text.remove_prefix(of_platform);
    } else if (const std::size_t of_lib = variable_size(text, "LIB"); of_lib != 0 && !has_lib) {
      put(library_names());
      text.remove_prefix(of_lib);
      has_lib = true;  // more than one in a name is what nobody writes, and would be very many
    } else {
      put({"$"});
    }
  }
  return all;
}

/// Where the loader looks before it looks into `folder` itself, as far as it is there.
std::vector<fs::path> with_variants(const fs::path& folder, const LookAt& look) {
  std::vector<fs::path> all{folder};
  const auto add = [&](const fs::path& sub) {
    if (look(sub)) all.push_back(sub);
  };
  for (const char* level : {"x86-64-v2", "x86-64-v3", "x86-64-v4", "power9", "power10", "z13", "z14", "z15", "z16"})
    add(folder / "glibc-hwcaps" / level);
  // Of loaders before glibc 2.37, one in another.
  for (std::size_t i = 0; i < all.size() && all.size() < 64; ++i) {
    const fs::path one = all[i];
    for (const std::string& name :
         {std::string("tls"), std::string("haswell"), std::string("xeon_phi"), std::string("avx512_1"), platform()})
      if (!name.empty() && one.filename() != name) add(one / name);
  }
  return all;
}

class Libraries {
 public:
  Libraries(std::string subject, uid_t user, const LookAt& look, const ReadElf& read)
      : subject_(std::move(subject)), user_(user), look_(look), read_(read) {}

  /// `inherited`: folders in which the loader looks for the libraries of a library too, since who needs it names them
  Result<void> check(const ElfFile& elf, const fs::path& file, const std::string& who,
                     const std::vector<fs::path>& inherited) {
    const std::string origin = file.parent_path().string();
    std::vector<fs::path> folders;
    for (const std::string& text : elf.library_folders)
      for (const std::string& folder : meanings_of(text, origin)) {
        if (!folder.starts_with('/'))
          return refused(who + " looks for libraries in '" + excerpt(text) +
                         "', which depends on the current directory; write $ORIGIN/... in its RUNPATH");
        for (fs::path& variant : with_variants(folder, look_)) {
          if (auto good = check_if_there(subject_ + who + " looks for libraries in " + variant.string() + ", and ",
                                         variant, user_, look_);
              !good)
            return good;
          folders.push_back(std::move(variant));
        }
      }
    // DT_RPATH counts for what its libraries need, too; a RUNPATH hides it from this one only.
    std::vector<fs::path> passed_on = elf.folders_are_inherited ? folders : std::vector<fs::path>();
    passed_on.insert(passed_on.end(), inherited.begin(), inherited.end());
    if (elf.folders_are_inherited || elf.library_folders.empty()) folders = passed_on;
    for (const std::string& library : elf.needed)
      if (auto good = check_library(library, origin, who, folders, passed_on); !good) return good;
    return {};
  }

 private:
  Result<void> check_library(const std::string& library, const std::string& origin, const std::string& who,
                             const std::vector<fs::path>& folders, const std::vector<fs::path>& passed_on) {
    if (library.find('/') == std::string::npos) {
      for (const fs::path& folder : folders)
        if (look_(folder / library))
          if (auto good = descend(folder / library, who, passed_on); !good) return good;
      return {};
    }
    for (const std::string& file : meanings_of(library, origin)) {
      if (!file.starts_with('/'))
        return refused(who + " needs the library '" + excerpt(library) +
                       "', a path that depends on the current directory; link that library with -Wl,-soname");
      if (auto good = descend(file, who, passed_on); !good) return good;
    }
    return {};
  }

  Result<void> descend(const fs::path& library, const std::string& who, const std::vector<fs::path>& inherited) {
    if (!known_.insert(library).second) return {};
    if (known_.size() > kMostLibraries) return refused(who + " needs more libraries than anybody has");
    if (auto good = check_if_there(subject_ + who + " needs the library " + printable(library.string()) + ", and ",
                                   library, user_, look_);
        !good)
      return good;
    // One that is not there, or no library: the loader says so.
    const auto elf = read_(library);
    return elf ? check(*elf, library, "its library " + printable(library.string()), inherited) : Result<void>();
  }

  tl::unexpected<Error> refused(const std::string& why) const {
    return failure(ErrorKind::refused, subject_ + why + std::string(kOrUnsafe));
  }

  const std::string subject_;
  const uid_t user_;
  const LookAt& look_;
  const ReadElf& read_;
  std::set<fs::path> known_;
};

}  // namespace

Result<void> check_libraries(const ElfFile& elf, const fs::path& file, uid_t user, const LookAt& look,
                             const ReadElf& read) {
  return Libraries(file.string() + " is not trusted: ", user, look, read).check(elf, file, "it", {});
}

}  // namespace ganger::host
