// Notes of crashes that happen, and of bytes that are none.
#include "host/isolate/crash/crash_note.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "started.h"
#include "tests/fakes/temporary_folder.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// What a program says that crashes, and where in it the function is that does.
struct Crash {
  Spoken spoken;
  std::uint64_t function = 0;
  std::string text;
};

Crash crash(const std::string& form, const std::string& how) {
  Crash crash{.spoken = run_subject(subject("crash_subject", {form, how})), .text = {}};
  const std::size_t line_end = crash.spoken.out.find('\n');
  crash.function = std::stoull(crash.spoken.out.substr(0, line_end));
  crash.text = crash.spoken.out.substr(line_end + 1);
  return crash;
}

/// The note of a crash that ends by `signal`.
CrashNote note_of(const std::string& how, int signal) {
  const Crash told = crash("note", how);
  EXPECT_TRUE(told.spoken.end.was_signalled);
  EXPECT_EQ(told.spoken.end.code, signal);
  // Before it, others may have had their say: std::terminate, a sanitizer.
  const auto note = read_crash_note(told.text.substr(std::min(told.text.find("ganger crash"), told.text.size())));
  EXPECT_TRUE(note) << told.text;
  return note.value_or(CrashNote{});
}

bool has_module(const CrashNote& note, const std::string& module) {
  return std::any_of(note.frames.begin(), note.frames.end(), [&](const Frame& f) { return f.module == module; });
}

TEST(CrashNote, TellsSignalAddressTaskAndPlaceAndTheProcessEndsByTheSignal) {
  const Crash told = crash("note", "segv");

  const auto note = read_crash_note(told.text);

  EXPECT_TRUE(told.spoken.end.was_signalled);
  EXPECT_EQ(told.spoken.end.code, SIGSEGV);
  ASSERT_TRUE(note) << told.text;
  EXPECT_EQ(note->signal, SIGSEGV);
  EXPECT_EQ(note->address, 0u);
  EXPECT_EQ(note->task, "import");
  EXPECT_EQ(note->plugin, "demo");
  ASSERT_GE(note->frames.size(), 2u);
  EXPECT_EQ(note->frames[0].module, "crash_subject");
  EXPECT_GE(note->frames[0].offset, told.function);
  EXPECT_LT(note->frames[0].offset, told.function + 64);
  EXPECT_THAT(describe(*note), StartsWith("SIGSEGV at address 0x0, in crash_subject+0x"));
}

TEST(CrashNote, TellsAnAbortAndWhoCalledIt) {
  const CrashNote note = note_of("abort", SIGABRT);

  EXPECT_EQ(note.signal, SIGABRT);
  EXPECT_TRUE(has_module(note, "crash_subject")) << describe(note);
}

TEST(CrashNote, TellsATerminateInAThreadOfNoTask) {
  const CrashNote note = note_of("terminate", SIGABRT);

  EXPECT_EQ(note.signal, SIGABRT);
  EXPECT_EQ(note.task, "");
  EXPECT_TRUE(has_module(note, "crash_subject")) << describe(note);
}

TEST(CrashNote, TellsTheOtherSignals) {
  EXPECT_EQ(note_of("ill", SIGILL).signal, SIGILL);
  EXPECT_EQ(note_of("fpe", SIGFPE).signal, SIGFPE);
  EXPECT_EQ(note_of("trap", SIGTRAP).signal, SIGTRAP);
  EXPECT_EQ(note_of("kill", SIGBUS).signal, SIGBUS);
}

TEST(CrashNote, TellsAStackOverflow) {
  const CrashNote in_main = note_of("stack", SIGSEGV);
  const CrashNote in_thread = note_of("stack in thread", SIGSEGV);

  EXPECT_TRUE(has_module(in_main, "crash_subject")) << describe(in_main);
  EXPECT_TRUE(has_module(in_thread, "crash_subject")) << describe(in_thread);
}

TEST(CrashNote, TellsWhoCalledNothing) {
  const CrashNote note = note_of("nothing", SIGSEGV);

  ASSERT_GE(note.frames.size(), 2u);
  EXPECT_EQ(note.frames[0], (Frame{.module = "", .offset = 0}));
  EXPECT_EQ(note.frames[1].module, "crash_subject");
}

TEST(CrashNote, OfTwoCrashesAtOnceIsOne) {
  for (int i = 0; i < 10; ++i) {
    const Crash told = crash("note", "twice");

    const auto note = read_crash_note(told.text);

    EXPECT_EQ(told.spoken.end.code, SIGSEGV);
    ASSERT_TRUE(note) << told.text;
    EXPECT_TRUE(note->task == "one" || note->task == "two");
    EXPECT_EQ(told.text.find("ganger crash"), told.text.rfind("ganger crash"));
    EXPECT_TRUE(told.text.ends_with("\nend\n"));
  }
}

TEST(CrashNote, ComesAfterThreadsWithAStackOfTheirOwn) {
  EXPECT_EQ(note_of("after threads", SIGSEGV).frames.at(0).module, "crash_subject");
}

TEST(CrashNote, IsNotWrittenWithoutACrash) {
  const Crash told = crash("note", "not");

  EXPECT_FALSE(told.spoken.end.was_signalled);
  EXPECT_EQ(told.text, "fine\n");
}

TEST(CrashReport, IsForPeople) {
  const Crash told = crash("report", "segv");

  EXPECT_EQ(told.spoken.end.code, SIGSEGV);
  EXPECT_THAT(told.text, StartsWith("ganger: SIGSEGV at address 0x0 in task 'import' of plugin 'demo'\n"
                                    "  crash_subject+0x"));
  EXPECT_GT(std::count(told.text.begin(), told.text.end(), '\n'), 2);
}

TEST(CrashReport, TellsAStackOverflow) {
  const Crash told = crash("report", "stack");

  EXPECT_EQ(told.spoken.end.code, SIGSEGV);
  EXPECT_THAT(told.text, HasSubstr("\n  crash_subject+0x"));
}

constexpr std::string_view kNote =
    "ganger crash 1\nsignal 11\naddress 0x10\ntask hash\nplugin files\nframe 0x1100\nmaps\n"
    "1000-2000 r--p 00000000 08:01 5                          /lib/a b.so\n"
    "3000-4000 r-xp 00001000 08:01 5                          /lib/a b.so (deleted)\n"
    "5000-6000 rw-p 00000000 00:00 0 \n"
    "frame 0x3abc\nframe 0x5001\nframe 0x9999\nend\n";

TEST(ReadCrashNote, FindsModulesByTheMap) {
  const auto note = read_crash_note(kNote);

  ASSERT_TRUE(note);
  EXPECT_EQ(note->signal, SIGSEGV);
  EXPECT_EQ(note->address, 0x10u);
  EXPECT_EQ(note->task, "hash");
  EXPECT_EQ(note->plugin, "files");
  EXPECT_THAT(note->frames,
              ElementsAre(Frame{"a b.so", 0x100}, Frame{"a b.so", 0x2abc}, Frame{"", 0x5001}, Frame{"", 0x9999}));
  EXPECT_EQ(describe(*note), "SIGSEGV at address 0x10, in a b.so+0x100, a b.so+0x2abc, 0x5001, 0x9999");
}

TEST(ReadCrashNote, TakesWhatThereIsOfACutNote) {
  for (std::size_t size = 0; size < kNote.size(); ++size) {
    const auto note = read_crash_note(kNote.substr(0, size));

    EXPECT_EQ(note.has_value(), size >= std::string_view("ganger crash 1\nsignal 11\n").size()) << size;
  }
}

TEST(ReadCrashNote, KnowsBytesThatAreNone) {
  EXPECT_FALSE(read_crash_note(""));
  EXPECT_FALSE(read_crash_note("ganger crash 2\nsignal 11\n"));
  EXPECT_FALSE(read_crash_note("ganger crash 1\nsignal 0\n"));
  EXPECT_FALSE(read_crash_note("ganger crash 1\nsignal -3\n"));
  EXPECT_FALSE(read_crash_note("ganger crash 1\nsignal 99999999999\n"));
  EXPECT_FALSE(read_crash_note(std::string("ganger crash 1\n") + std::string(1000, '\0')));
}

TEST(ReadCrashNote, BoundsWhatAHostileOneHolds) {
  std::string note = "ganger crash 1\nsignal 6\ntask \x1b[2J\n";
  note += "0-ffffffffffffffff r 0 0 0 /" + std::string(100'000, 'm') + "\x1b\n";
  for (int i = 0; i < 100'000; ++i) note += "frame 0x1\n";

  const auto read = read_crash_note(note);

  ASSERT_TRUE(read);
  EXPECT_EQ(read->task, "\uFFFD[2J");
  EXPECT_LE(read->frames.size(), 64u);
  EXPECT_LE(read->frames.at(0).module.size(), 100u);
  EXPECT_LE(describe(*read).size(), 2000u);
}

TEST(ReadCrashNote, SurvivesAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(kNote);
    for (int i = 0; i < 8; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());

    const auto note = read_crash_note(bytes);

    if (note) {
      EXPECT_LE(note->frames.size(), 64u);
      EXPECT_FALSE(describe(*note).empty());
    }
  }
}

TEST(Describe, NamesSixteenFramesAndNoAddressOfAnAbort) {
  const CrashNote note{.signal = SIGABRT, .address = 7, .frames = std::vector<Frame>(17, {"m.so", 1})};

  std::string all = "SIGABRT, in m.so+0x1";
  for (int i = 1; i < 16; ++i) all += ", m.so+0x1";
  EXPECT_EQ(describe(note), all);
}

TEST(SignalName, FallsBackToItsNumber) {
  EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(signal_name(77), "signal 77");
  EXPECT_EQ(signal_name(-1), "signal -1");
}

TEST(BuildId, IsThatOfTheLibrary) {
  Dl_info libc{};
  ASSERT_NE(dladdr(dlsym(RTLD_NEXT, "getppid"), &libc), 0);

  const std::string id = build_id(libc.dli_fname);

  if (id.empty()) GTEST_SKIP() << libc.dli_fname << " has none";
  EXPECT_GE(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
}

TEST(BuildId, IsEmptyOfWhatIsNoLibrary) {
  const TemporaryFolder folder;

  EXPECT_EQ(build_id(folder.file("text",
                                 "\x7f"
                                 "ELF and no more")),
            "");
  EXPECT_EQ(build_id(folder / "missing"), "");
}

}  // namespace
}  // namespace ganger::host
