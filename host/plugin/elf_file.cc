#include "host/plugin/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <ganger/version.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "host/descriptor.h"
#include "host/plugin/elf_dangers.h"
#include "host/plugin/elf_note.h"
#include "host/text.h"

namespace fs = std::filesystem;

namespace ganger::host {

namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Dynamic = ElfW(Dyn);
using Symbol = ElfW(Sym);
using Section = ElfW(Shdr);

constexpr std::uint64_t kLargestNote = std::uint64_t{4} << 20U;
/// More than the largest libraries have of symbols or of their names; a sparse file of no size has any number.
constexpr std::uint64_t kLargestTable = std::uint64_t{64} << 20U;
/// Names may share their bytes: a short file could have gigabytes of them.
constexpr std::uint64_t kMostOfNames = std::uint64_t{64} << 20U;

constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr std::uint16_t kMachine = EM_PPC64;
#elif defined(__s390x__)
constexpr std::uint16_t kMachine = EM_S390;
#elif defined(__arm__)
constexpr std::uint16_t kMachine = EM_ARM;
#elif defined(__i386__)
constexpr std::uint16_t kMachine = EM_386;
#else
#error "add the ELF machine of this processor"
#endif

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    case EM_ARM:
      return "arm";
    case EM_386:
      return "i386";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

/// Reads one file; every offset and size comes from the file and is checked against its length before it is used.
class Reader {
 public:
  Reader(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

  bool holds(std::uint64_t offset, std::uint64_t size) const { return offset <= size_ && size <= size_ - offset; }

  bool read(std::uint64_t offset, void* out, std::size_t size) const {
    if (!holds(offset, size)) return false;
    char* to = static_cast<char*>(out);
    while (size > 0) {
      const ssize_t got = pread(fd_, to, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      to += got;
      size -= static_cast<std::size_t>(got);
      offset += static_cast<std::uint64_t>(got);
    }
    return true;
  }

  template <class T>
  std::optional<std::vector<T>> table(std::uint64_t offset, std::uint64_t count) const {
    if (count > kLargestTable / sizeof(T) || !holds(offset, count * sizeof(T))) return std::nullopt;
    std::vector<T> rows(static_cast<std::size_t>(count));
    if (!read(offset, rows.data(), rows.size() * sizeof(T))) return std::nullopt;
    return rows;
  }

  std::uint64_t size() const { return size_; }

 private:
  int fd_;
  std::uint64_t size_;
};

/// The parts of a file that was found to be a shared library of this machine.
class Parser {
 public:
  Parser(const Reader& file, std::string name) : file_(file), name_(std::move(name)) {}

  Result<ElfFile> parse() {
    if (auto good = read_header(); !good) return tl::unexpected(good.error());
    if (auto good = check_segments(); !good) return tl::unexpected(good.error());
    if (!read_dynamic() || !read_symbols()) return failure(ErrorKind::refused, broken("its dynamic section"));
    read_build_id();
    read_description();
    return std::move(elf_);
  }

  /// After parse().
  ElfDangers dangers() const {
    const std::uint64_t flags = dynamic_value(DT_FLAGS).value_or(0), flags_1 = dynamic_value(DT_FLAGS_1).value_or(0);
    ElfDangers found;
    found.has_writable_code = dynamic_value(DT_TEXTREL) || (flags & DF_TEXTREL) != 0 ||
                              std::any_of(segments_.begin(), segments_.end(), [](const auto& s) {
                                return s.p_type == PT_LOAD && (s.p_flags & PF_W) != 0 && (s.p_flags & PF_X) != 0;
                              });
    found.has_static_tls = (flags & DF_STATIC_TLS) != 0;
    found.interposes = (flags_1 & DF_1_INTERPOSE) != 0 || dynamic_value(DT_AUDIT) || dynamic_value(DT_DEPAUDIT);
    found.has_relro = segment(PT_GNU_RELRO) != nullptr;
    // The first one is frame_dummy(), of the compiler's own start files.
    const std::uint64_t functions = dynamic_value(DT_INIT_ARRAYSZ).value_or(0) / sizeof(void*);
    found.constructors = functions > 0 ? functions - 1 : 0;
    return found;
  }

 private:
  std::string broken(const std::string& part) const {
    return name_ + " is broken: " + part + " makes no sense; build or copy it again";
  }

  Result<void> read_header() {
    if (file_.size() == 0) return failure(ErrorKind::refused, name_ + " is empty; build or copy it again");
    std::array<unsigned char, EI_NIDENT> ident{};
    if (!file_.read(0, ident.data(), ident.size()) || std::memcmp(ident.data(), ELFMAG, SELFMAG) != 0)
      return failure(ErrorKind::refused, name_ + " is not a shared library: it has no ELF header");
    const std::string ours = machine_name(kMachine);
    if (ident[EI_CLASS] != kClass)
      return failure(ErrorKind::wrong_abi, name_ + " is a " + (kClass == ELFCLASS64 ? "32" : "64") +
                                               "-bit library, this program is not; build it for " + ours);
    if (ident[EI_DATA] != kByteOrder)
      return failure(ErrorKind::wrong_abi, name_ + " has the other byte order; build it for " + ours);
    if (!file_.read(0, &header_, sizeof header_)) return failure(ErrorKind::refused, broken("its ELF header"));
    if (header_.e_machine != kMachine)
      return failure(ErrorKind::wrong_abi, name_ + " is for " + machine_name(header_.e_machine) +
                                               ", this machine is " + ours + "; build it for " + ours);
    if (header_.e_type != ET_DYN)
      return failure(ErrorKind::refused, name_ + " is not a shared library; link it with -shared");
    return {};
  }

  Result<void> check_segments() {
    if (header_.e_phentsize != sizeof(Segment)) return failure(ErrorKind::refused, broken("its ELF header"));
    auto segments = file_.table<Segment>(header_.e_phoff, header_.e_phnum);
    if (!segments) return failure(ErrorKind::refused, cut_short(header_.e_phoff));
    segments_ = std::move(*segments);
    for (const auto& segment : segments_) {
      if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
      // dlopen() maps what the headers say; past the end of the file that is a SIGBUS.
      if (!file_.holds(segment.p_offset, segment.p_filesz))
        return failure(ErrorKind::refused, cut_short(segment.p_offset + segment.p_filesz));
      if (segment.p_type == PT_LOAD && segment.p_filesz > segment.p_memsz)
        return failure(ErrorKind::refused, broken("a segment"));
    }
    return {};
  }

  std::string cut_short(std::uint64_t needed) const {
    std::string text = name_ + " is cut short: it has " + std::to_string(file_.size()) + " bytes";
    if (needed > file_.size()) text += " and its headers need " + std::to_string(needed);
    return text + "; build or copy it again";
  }

  const Segment* segment(std::uint32_t type) const {
    const auto it = std::find_if(segments_.begin(), segments_.end(), [&](const auto& s) { return s.p_type == type; });
    return it == segments_.end() ? nullptr : &*it;
  }

  /// Where in the file the bytes lie that are mapped at `address`.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const auto& s : segments_)
      if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz)
        return s.p_offset + (address - s.p_vaddr);
    return std::nullopt;
  }

  std::optional<std::uint64_t> dynamic_value(std::int64_t tag) const {
    for (const auto& entry : dynamic_)
      if (entry.d_tag == tag) return entry.d_un.d_val;
    return std::nullopt;
  }

  bool read_dynamic() {
    const Segment* where = segment(PT_DYNAMIC);
    if (where == nullptr) return false;
    auto entries = file_.table<Dynamic>(where->p_offset, where->p_filesz / sizeof(Dynamic));
    if (!entries) return false;
    const auto end = std::find_if(entries->begin(), entries->end(), [](const auto& e) { return e.d_tag == DT_NULL; });
    if (end == entries->end()) return false;
    dynamic_.assign(entries->begin(), end);

    if (!read_names()) return false;
    for (const auto& entry : dynamic_) {
      const bool is_folders = entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH;
      const bool is_library = entry.d_tag == DT_NEEDED || entry.d_tag == DT_AUXILIARY || entry.d_tag == DT_FILTER;
      if (!is_library && !is_folders) continue;
      const auto text = name_at(entry.d_un.d_val);
      if (!text) return false;
      if (is_folders)
        add_folders(*text);
      else
        elf_.needed.emplace_back(*text);
    }
    elf_.folders_are_inherited = dynamic_value(DT_RPATH) && !dynamic_value(DT_RUNPATH);
    elf_.binds_now = dynamic_value(DT_BIND_NOW) || (dynamic_value(DT_FLAGS).value_or(0) & DF_BIND_NOW) != 0 ||
                     (dynamic_value(DT_FLAGS_1).value_or(0) & DF_1_NOW) != 0;
    const Segment* stack = segment(PT_GNU_STACK);
    elf_.needs_executable_stack = stack != nullptr && (stack->p_flags & PF_X) != 0;
    return true;
  }

  bool read_names() {
    const auto address = dynamic_value(DT_STRTAB);
    const auto size = dynamic_value(DT_STRSZ);
    if (!address || !size) return false;
    const auto offset = offset_of(*address);
    if (!offset) return false;
    auto names = file_.table<char>(*offset, *size);
    if (!names) return false;
    names_ = std::move(*names);
    return true;
  }

  /// One that is about to be kept.
  std::optional<std::string_view> name_at(std::uint64_t offset) {
    if (offset >= names_.size()) return std::nullopt;
    const std::string_view rest = std::string_view(names_.data(), names_.size()).substr(offset);
    const auto nul = rest.find('\0');
    if (nul == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(0, nul);
    // Of what folders are in it, each may become a string.
    kept_of_names_ += sizeof(std::string) * (1 + static_cast<std::uint64_t>(std::ranges::count(name, ':'))) + nul;
    return kept_of_names_ <= kMostOfNames ? std::optional(name) : std::nullopt;
  }

  void add_folders(std::string_view text) {
    for (std::size_t colon = 0; colon != std::string_view::npos; text.remove_prefix(colon + 1)) {
      colon = text.find(':');
      elf_.library_folders.emplace_back(text.substr(0, colon));
      if (colon == std::string_view::npos) return;
    }
  }

  bool read_symbols() {
    const auto address = dynamic_value(DT_SYMTAB);
    if (!address) return false;
    const auto offset = offset_of(*address);
    const auto count = symbol_count();
    if (!offset || !count) return false;
    const auto symbols = file_.table<Symbol>(*offset, *count);
    if (!symbols) return false;
    for (const auto& symbol : *symbols) {
      const auto binding = ELF64_ST_BIND(symbol.st_info);
      const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || binding == STB_LOCAL) continue;
      if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
      const auto name = name_at(symbol.st_name);
      if (!name) return false;
      elf_.exports.emplace_back(*name);
      if (binding == STB_GNU_UNIQUE) elf_.unique_symbols.emplace_back(*name);
    }
    std::sort(elf_.exports.begin(), elf_.exports.end());
    return true;
  }

  /// No header says how many symbols there are; the hash tables do, which dlsym() needs anyway.
  std::optional<std::uint64_t> symbol_count() const {
    if (const auto address = dynamic_value(DT_GNU_HASH)) return count_of_gnu_hash(*address);
    const auto address = dynamic_value(DT_HASH);
    if (!address) return std::nullopt;
    const auto offset = offset_of(*address);
    std::array<std::uint32_t, 2> buckets_and_chains{};
    if (!offset || !file_.read(*offset, buckets_and_chains.data(), sizeof buckets_and_chains)) return std::nullopt;
    return buckets_and_chains[1];
  }

  std::optional<std::uint64_t> count_of_gnu_hash(std::uint64_t address) const {
    const auto offset = offset_of(address);
    std::array<std::uint32_t, 4> head{};  // buckets, first symbol, words of the Bloom filter, its shift
    if (!offset || !file_.read(*offset, head.data(), sizeof head)) return std::nullopt;
    const auto [bucket_count, first_symbol, bloom_words, bloom_shift] = head;
    static_cast<void>(bloom_shift);
    const std::uint64_t buckets_at = *offset + sizeof head + std::uint64_t{bloom_words} * sizeof(void*);
    const auto buckets = file_.table<std::uint32_t>(buckets_at, bucket_count);
    if (!buckets) return std::nullopt;
    const auto last_bucket = std::max_element(buckets->begin(), buckets->end());
    if (last_bucket == buckets->end() || *last_bucket < first_symbol) return first_symbol;

    // The chain of the last bucket ends, with its lowest bit set, at the last symbol.
    const std::uint64_t chains_at = buckets_at + std::uint64_t{bucket_count} * sizeof(std::uint32_t);
    for (std::uint64_t symbol = *last_bucket; symbol < kLargestTable / sizeof(Symbol); ++symbol) {
      std::uint32_t hash = 0;
      if (!file_.read(chains_at + (symbol - first_symbol) * sizeof hash, &hash, sizeof hash)) return std::nullopt;
      if ((hash & 1U) != 0) return symbol + 1;
    }
    return std::nullopt;
  }

  void read_build_id() {
    for (const auto& s : segments_) {
      if (s.p_type != PT_NOTE) continue;
      const auto notes = file_.table<char>(s.p_offset, s.p_filesz);
      if (!notes) continue;
      std::string_view rest(notes->data(), notes->size());
      while (const auto note = take_note(rest))
        if (note->type == NT_GNU_BUILD_ID && note->owner == "GNU") return add_hex(note->content);
    }
  }

  /// The loader needs no sections, and so a file whose sections make no sense has none as far as we are concerned.
  void read_description() {
    if (header_.e_shentsize != sizeof(Section) || header_.e_shstrndx >= header_.e_shnum) return;
    const auto sections = file_.table<Section>(header_.e_shoff, header_.e_shnum);
    if (!sections) return;
    const Section& named = (*sections)[header_.e_shstrndx];
    const auto names = file_.table<char>(named.sh_offset, named.sh_size);
    if (!names) return;
    const std::string_view all(names->data(), names->size());
    for (const Section& section : *sections) {
      if (section.sh_name >= all.size() || section.sh_type == SHT_NOBITS || section.sh_size > kLargestNote) continue;
      const auto name = all.substr(section.sh_name, kNoteSection.size() + 1);
      if (name.starts_with(kNoteSection) && name.ends_with('\0'))
        return read_description_of(section.sh_offset, section.sh_size);
    }
  }

  void read_description_of(std::uint64_t offset, std::uint64_t size) {
    const auto notes = file_.table<char>(offset, size);
    if (!notes) return;
    std::string_view rest(notes->data(), notes->size());
    bool is_ours = false;
    while (const auto note = take_note(rest)) {
      if (note->owner != kNoteOwner) continue;
      is_ours = true;
      if (note->type >> 16U == GANGER_ABI_MAJOR) elf_.description = note->content;
    }
    // A damaged note is no missing one: it describes nothing, and so is refused where it is believed.
    if (!is_ours) elf_.description = "";
  }

  void add_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      elf_.build_id += kDigits[byte >> 4U];
      elf_.build_id += kDigits[byte & 15U];
    }
  }

  const Reader& file_;
  std::string name_;
  Header header_{};
  std::vector<Segment> segments_;
  std::vector<Dynamic> dynamic_;
  std::vector<char> names_;
  std::uint64_t kept_of_names_ = 0;
  ElfFile elf_;
};

Error cannot_open(const fs::path& file, int problem) {
  std::error_code gone;
  if (problem == ENOENT && fs::is_symlink(fs::symlink_status(file, gone)))
    return {ErrorKind::not_found, file.string() + " is a link to a file that does not exist", {}};
  if (problem == ENOENT || problem == ENOTDIR) return {ErrorKind::not_found, file.string() + " does not exist", {}};
  return {ErrorKind::io, file.string() + " cannot be read: " + std::strerror(problem), {}};
}

std::string first_few(const std::vector<std::string>& names) {
  constexpr std::size_t kFew = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kFew); ++i) text += (i > 0 ? ", " : "") + excerpt(names[i]);
  return names.size() > kFew ? text + ", ..." : text;
}

bool is_writable_by_all(const std::string& folder) {
  struct stat status {};
  return stat(folder.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0;
}

/// What `take` makes of the file once it has been parsed.
template <class Take>
auto parsed(int descriptor, const fs::path& file, Take take)
    -> Result<decltype(take(std::declval<Parser&>(), ElfFile()))> {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return tl::unexpected(cannot_open(file, errno));
  if (S_ISDIR(status.st_mode)) return failure(ErrorKind::refused, file.string() + " is a folder, not a plugin");
  if (!S_ISREG(status.st_mode)) return failure(ErrorKind::refused, file.string() + " is not a regular file");
  const Reader reader(descriptor, static_cast<std::uint64_t>(status.st_size));
  Parser parser(reader, file.string());
  auto elf = parser.parse();
  if (!elf) return tl::unexpected(elf.error());
  return take(parser, std::move(*elf));
}

template <class Take>
auto parsed(const fs::path& file, Take take) -> Result<decltype(take(std::declval<Parser&>(), ElfFile()))> {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened.is_open()) return tl::unexpected(cannot_open(file, errno));
  return parsed(opened.get(), file, take);
}

}  // namespace

Result<ElfFile> read_elf_file(const fs::path& file) {
  return parsed(file, [](Parser&, ElfFile elf) { return elf; });
}

Result<ElfFile> read_open_elf_file(int descriptor, const fs::path& name) {
  return parsed(descriptor, name, [](Parser&, ElfFile elf) { return elf; });
}

Result<ElfDangers> read_elf_dangers(const fs::path& file) {
  return parsed(file, [](Parser& parser, const ElfFile&) { return parser.dangers(); });
}

std::vector<std::string> remarks_on(const ElfDangers& dangers) {
  std::vector<std::string> remarks;
  if (dangers.has_writable_code)
    remarks.emplace_back("has code that is written to when it is loaded; compile all of it with -fPIC");
  if (dangers.has_static_tls)
    remarks.emplace_back(
        "wants thread-local memory of which a running program has little left; compile it without "
        "-ftls-model=initial-exec");
  if (dangers.interposes)
    remarks.emplace_back(
        "wants to be asked for symbols before others are; link it without -Wl,-z,interpose and --audit");
  if (!dangers.has_relro)
    remarks.emplace_back("leaves writable what the loader has filled in; link it with -Wl,-z,relro");
  return remarks;
}

std::vector<std::string> hygiene(const ElfFile& elf) {
  std::vector<std::string> remarks;
  std::vector<std::string> others = elf.exports;
  std::erase_if(others, [](const std::string& name) { return name.rfind("ganger_plugin_v", 0) == 0; });
  if (!others.empty())
    remarks.push_back("exports " + std::to_string(others.size()) + " symbols besides its entry (" +
                      first_few(others) + "); hide them with a version script, as ganger_add_plugin() does");
  if (!elf.unique_symbols.empty())
    remarks.push_back("has symbols that other plugins would share (" + first_few(elf.unique_symbols) +
                      "); compile it with -fno-gnu-unique");
  if (!elf.binds_now)
    remarks.push_back(
        "looks for its functions when they are first called, and a missing one would end the process; "
        "link it with -Wl,-z,now");
  if (elf.needs_executable_stack) remarks.push_back("asks for an executable stack; link it with -Wl,-z,noexecstack");
  for (const auto& folder : elf.library_folders) {
    if (folder.rfind("$ORIGIN", 0) == 0 || folder.rfind("${ORIGIN}", 0) == 0) continue;
    if (folder.empty() || folder.front() != '/')
      remarks.push_back("looks for libraries in '" + excerpt(folder) +
                        "', which depends on the current directory; write $ORIGIN/... in its RUNPATH");
    else if (is_writable_by_all(folder))
      remarks.push_back("looks for libraries in '" + excerpt(folder) +
                        "', where everybody may put one; change its RUNPATH");
  }
  return remarks;
}

}  // namespace ganger::host
