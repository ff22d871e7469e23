// Files that are called *.so and are no plugin of this machine, or only a part of one.
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "host/plugin/elf_dangers.h"
#include "host/plugin/elf_file.h"
#include "host/plugin/registry.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

using testing::HasSubstr;

const fs::path kSound = fs::path(GANGER_BINARY_DIR) / "hostile" / "talks.so";

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder of its own for each test, with one file in it: x.so.
class BrokenFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ganger-broken-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    file_ = folder_ / "x.so";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& content) const { std::ofstream(file_, std::ios::binary) << content; }

  Error load() const {
    Registry registry(SearchPath({}, {folder_}, {}), nullptr);
    const auto plugin = registry.load("x");
    return plugin ? Error{ErrorKind::bug, "it was loaded", {}} : plugin.error();
  }

  void expect_refused(const std::string& message, ErrorKind kind = ErrorKind::refused) const {
    const Error error = load();
    EXPECT_EQ(error.message, file_.string() + message);
    EXPECT_EQ(error.kind, kind);
  }

  template <class Field>
  static std::string patched(std::size_t offset, Field value) {
    std::string content = content_of(kSound);
    std::copy_n(reinterpret_cast<const char*>(&value), sizeof value, content.begin() + static_cast<long>(offset));
    return content;
  }

  fs::path folder_;
  fs::path file_;
};

/// A library of nothing but names, all of whose `symbols` are called by the same `name`.
struct Names {
  ElfW(Ehdr) header{};
  ElfW(Phdr) segments[2]{};
  ElfW(Dyn) dynamic[5]{};
  std::uint32_t hash[2]{};  // buckets, symbols

  Names(std::uint32_t symbols, std::uint64_t size_of_names) {
    std::ifstream(kSound, std::ios::binary).read(reinterpret_cast<char*>(&header), sizeof header);
    header.e_phoff = offsetof(Names, segments);
    header.e_phnum = 2;
    header.e_shnum = 0;
    hash[1] = symbols;
    const std::uint64_t names_at = sizeof(Names) + symbols * sizeof(ElfW(Sym));
    segments[0].p_type = PT_LOAD;
    segments[0].p_filesz = segments[0].p_memsz = names_at + size_of_names;
    segments[1].p_type = PT_DYNAMIC;
    segments[1].p_offset = offsetof(Names, dynamic);
    segments[1].p_filesz = sizeof dynamic;
    set(0, DT_HASH, offsetof(Names, hash));
    set(1, DT_SYMTAB, sizeof(Names));
    set(2, DT_STRTAB, names_at);
    set(3, DT_STRSZ, size_of_names);
  }
  void set(std::size_t i, std::int64_t tag, std::uint64_t value) {
    dynamic[i].d_tag = tag;
    dynamic[i].d_un.d_val = value;
  }
  std::string with(const std::string& name) const {
    ElfW(Sym) symbol{};
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = 1;
    std::string content(reinterpret_cast<const char*>(this), sizeof *this);
    for (std::uint32_t i = 0; i < hash[1]; ++i) content.append(reinterpret_cast<const char*>(&symbol), sizeof symbol);
    return content += name;
  }
};

TEST_F(BrokenFile, WhoseNamesAreFewIsRead) {
  const std::string name("entry\0", 6);
  write(Names(3, name.size()).with(name));

  const auto elf = read_elf_file(file_);

  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_THAT(elf->exports, testing::ElementsAre("entry", "entry", "entry"));
}

TEST_F(BrokenFile, WhoseSymbolsShareALongNameDoesNotFillTheMemory) {
  const std::string name = std::string(1024 * 1024, 'a') + '\0';
  write(Names(1000, name.size()).with(name));

  expect_refused(" is broken: its dynamic section makes no sense; build or copy it again");
}

TEST_F(BrokenFile, OfNoSizeDoesNotFillTheMemory) {
  const std::uint64_t size = std::uint64_t{1} << 40U;
  write(Names(1, size).with(""));
  std::error_code too_large;
  fs::resize_file(file_, size + sizeof(Names) + sizeof(ElfW(Sym)), too_large);
  if (too_large) GTEST_SKIP() << "no file may be so large here: " << too_large.message();

  expect_refused(" is broken: its dynamic section makes no sense; build or copy it again");
}

TEST_F(BrokenFile, EmptyOneIsRefused) {
  write("");

  expect_refused(" is empty; build or copy it again");
}

TEST_F(BrokenFile, TextIsNoSharedLibrary) {
  write("#!/bin/sh\necho I am no plugin\n");

  expect_refused(" is not a shared library: it has no ELF header");
}

TEST_F(BrokenFile, LibraryOfAnotherMachineSaysWhichAndWhichIsNeeded) {
#ifdef __aarch64__
  write(patched(offsetof(ElfW(Ehdr), e_machine), std::uint16_t{EM_X86_64}));
  const std::string ours = "aarch64";
  const std::string other = "x86-64";
#else
  write(patched(offsetof(ElfW(Ehdr), e_machine), std::uint16_t{EM_AARCH64}));
  const std::string ours = "x86-64";
  const std::string other = "aarch64";
#endif

  expect_refused(" is for " + other + ", this machine is " + ours + "; build it for " + ours, ErrorKind::wrong_abi);
}

TEST_F(BrokenFile, LibraryOf32BitsIsOfAnotherAbi) {
  write(patched(EI_CLASS, std::uint8_t{ELFCLASS32}));

  EXPECT_THAT(load().message, HasSubstr(" is a 32-bit library, this program is not; build it for "));
  EXPECT_EQ(load().kind, ErrorKind::wrong_abi);
}

TEST_F(BrokenFile, LibraryOfTheOtherByteOrderIsOfAnotherAbi) {
  write(patched(EI_DATA, std::uint8_t{ELFDATA2MSB}));

  EXPECT_THAT(load().message, HasSubstr(" has the other byte order; build it for "));
}

TEST_F(BrokenFile, ObjectFileIsNoSharedLibrary) {
  write(patched(offsetof(ElfW(Ehdr), e_type), std::uint16_t{ET_REL}));

  expect_refused(" is not a shared library; link it with -shared");
}

TEST_F(BrokenFile, AbsurdProgramHeadersAreRefused) {
  write(patched(offsetof(ElfW(Ehdr), e_phoff), std::uint64_t{0xfffffffffffffff0}));
  EXPECT_THAT(load().message, HasSubstr(" is cut short: "));

  write(patched(offsetof(ElfW(Ehdr), e_phnum), std::uint16_t{0xffff}));
  EXPECT_THAT(load().message, HasSubstr(" is cut short: "));

  write(patched(offsetof(ElfW(Ehdr), e_phnum), std::uint16_t{0}));
  expect_refused(" is broken: its dynamic section makes no sense; build or copy it again");
}

TEST_F(BrokenFile, FolderIsRefusedAndNotSteppedOver) {
  fs::create_directory(file_);

  expect_refused(" is a folder, not a plugin");
}

TEST_F(BrokenFile, LinkToNothingIsSaidToBeOne) {
  fs::create_symlink(folder_ / "gone", file_);

  expect_refused(" is a link to a file that does not exist", ErrorKind::not_found);
}

TEST_F(BrokenFile, FifoIsRefusedWithoutWaitingForAWriter) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);

  expect_refused(" is not a regular file");
}

TEST_F(BrokenFile, RandomBytesAreRefused) {
  std::mt19937 random(20260722);
  for (int round = 0; round < 200; ++round) {
    std::string content = round % 2 == 0 ? std::string(ELFMAG) : std::string();
    for (int i = 0; i < 4096; ++i) content += static_cast<char>(random());
    write(content);

    EXPECT_NE(load().message, "it was loaded");
  }
}

TEST_F(BrokenFile, AnyLengthOfATruncatedLibraryIsRefusedOrReadAsTheWholeOne) {
  const std::string whole = content_of(kSound);
  write(whole);
  const auto sound = read_elf_file(file_);
  ASSERT_TRUE(sound);

  // What lies behind the last segment (section headers, debug information) is not needed to load.
  for (std::size_t length = 0; length < whole.size(); length += length < 4096 ? 13 : 97) {
    write(whole.substr(0, length));
    const auto elf = read_elf_file(file_);

    if (elf) {
      EXPECT_EQ(elf->exports, sound->exports) << length;
    } else {
      EXPECT_EQ(elf.error().kind, ErrorKind::refused) << length;
      EXPECT_THAT(elf.error().message, HasSubstr(file_.string() + " is ")) << length;
    }
  }
}

constexpr int kLoaded = 41;
constexpr int kRefused = 42;

/// Loads x.so in a child process, which a fault would end with a signal, or with the exit code of a sanitizer.
/// Returns the exit code, -1 for a signal.
int load_in_child(const fs::path& folder) {
  const pid_t child = fork();
  if (child == 0) {
    Registry registry(SearchPath({}, {folder}, {}), nullptr);
    _exit(registry.load("x").has_value() ? kLoaded : kRefused);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(BrokenFile, LoadingATruncatedLibraryNeverCrashes) {
  const std::string whole = content_of(kSound);

  for (std::size_t length = 64; length < whole.size(); length += whole.size() / 60) {
    write(whole.substr(0, length));
    EXPECT_THAT(load_in_child(folder_), testing::AnyOf(kLoaded, kRefused))
        << "cut to " << length << " of " << whole.size() << " bytes";
  }
}

TEST_F(BrokenFile, ReadingALibraryWithAnyByteChangedNeverCrashes) {
  const std::string whole = content_of(kSound);
  std::mt19937 random(20260722);

  for (int round = 0; round < 1000; ++round) {
    std::string content = whole;
    // The headers and tables that are read lie in the first pages and in the last segment.
    for (int change = 0; change < 3; ++change) content[random() % content.size()] = static_cast<char>(random());
    content[random() % 1024] = static_cast<char>(random());
    write(content);
    const auto elf = read_elf_file(file_);

    if (!elf) {
      EXPECT_THAT(elf.error().message, HasSubstr(file_.string())) << round;
    }
  }
}

TEST(ElfDangers, OfPluginsThatHaveThem) {
  const auto talks = read_elf_dangers(kSound);
  const auto static_tls = read_elf_dangers(kSound.parent_path() / "static_tls.so");

  ASSERT_TRUE(talks && static_tls);
  EXPECT_GE(talks->constructors, 1U);  // a sanitizer has some of its own
  EXPECT_TRUE(talks->has_relro);
  EXPECT_FALSE(talks->has_static_tls || talks->has_writable_code || talks->interposes);
  EXPECT_TRUE(static_tls->has_static_tls);
}

TEST(ElfDangers, AreEachToldWithWhatToDo) {
  ElfDangers all;
  all.has_writable_code = all.has_static_tls = all.interposes = true;

  EXPECT_THAT(remarks_on(all), testing::ElementsAre(HasSubstr("-fPIC"), HasSubstr("initial-exec"),
                                                    HasSubstr("-Wl,-z,interpose"), HasSubstr("-Wl,-z,relro")));
  EXPECT_THAT(remarks_on({.has_relro = true}), testing::IsEmpty());
}

}  // namespace
}  // namespace ganger::host
