#include "host/job/read_job.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

namespace ganger::host {
namespace {

constexpr std::string_view kGood = "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\n";

/// A folder of the test's own.
class ReadJob : public testing::Test {
 protected:
  ReadJob() : folder_(testing::TempDir() + "ganger-read-job-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~ReadJob() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  std::string only_error(const std::filesystem::path& file, ErrorKind kind) {
    const JobReading reading = read_job(file);
    EXPECT_EQ(reading.errors.size(), 1U);
    EXPECT_EQ(reading.errors.at(0).kind, kind);
    return describe(reading.errors.at(0));
  }

  std::filesystem::path folder_;
};

TEST_F(ReadJob, AFileIsRead) {
  const JobReading reading = read_job(write("nightly.toml", kGood));

  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading.job.name, "nightly");
  EXPECT_EQ(reading.job.tasks.size(), 1U);
}

TEST_F(ReadJob, AMissingFileGetsTheOneThatWasMeant) {
  write("nightly.toml", kGood);
  const std::string nighly = (folder_ / "nighly.toml").string();
  const std::string nightly = (folder_ / "nightly").string();
  const std::string other = (folder_ / "nothing-like-it.toml").string();

  EXPECT_EQ(only_error(nighly, ErrorKind::not_found),
            nighly + ": error: no such job file (did you mean 'nightly.toml'?)");
  EXPECT_EQ(only_error(nightly, ErrorKind::not_found),
            nightly + ": error: no such job file (did you mean 'nightly.toml'?)");
  EXPECT_EQ(only_error(other, ErrorKind::not_found), other + ": error: no such job file");
  EXPECT_EQ(only_error("/nowhere/a.toml", ErrorKind::not_found), "/nowhere/a.toml: error: no such job file");
  EXPECT_EQ(only_error(folder_ / "nightly.toml" / "a.toml", ErrorKind::not_found),
            (folder_ / "nightly.toml" / "a.toml").string() + ": error: no such job file");
}

TEST_F(ReadJob, ADirectoryCannotBeRead) {
  EXPECT_EQ(only_error(folder_, ErrorKind::io),
            folder_.string() + ": error: cannot read the job file: Is a directory");
}

TEST_F(ReadJob, TenThousandTasksAreNoTrouble) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    text += "[[task]]\nname = \"t" + std::to_string(i) + "\"\nuses = \"demo.noop\"\n";
    if (i > 0) text += "after = [\"t" + std::to_string(i - 1) + "\"]\nwith = { x = \"${tasks.t0.out}\" }\n";
  }

  const JobReading reading = read_job(write("big.toml", text));

  EXPECT_TRUE(reading.ok());
  EXPECT_EQ(reading.job.tasks.size(), 10'000U);
}

TEST_F(ReadJob, TaskEntriesStaySmall) { EXPECT_LE(sizeof(TaskEntry), 176U); }

// Stands in for the fuzzer where there is none: good text, broken a little.
TEST_F(ReadJob, AnyBytesEndInAJobOrInErrorsThatCanBeShown) {
  constexpr std::uint32_t kSeed = 7;
  constexpr std::string_view kSeeds =
      "name = \"x\"\nplugins = [\"lib\"]\n[params]\na = 1\n[pools.db]\nkind = \"a.b\"\nsize = 2\nlimit = 3\n"
      "[[task]]\nname = \"a\"\nuses = \"demo.noop\"\nwith = { x = \"ü${params.a}\", y = [1, 2.5, true] }\n"
      "[[task]]\nname = \"b\"\nuses = \"demo.noop\"\nafter = [\"a\"]\ntimeout = \"1h30m\"\n[task.with]\nz = "
      "'''t''''\n";
  constexpr std::string_view kBytes = "\"'[]{}=.,#$\\\n\r\t -_09azAZ\xC3\xBC\xFF";
  std::mt19937 random(kSeed);

  for (int round = 0; round < 5000; ++round) {
    std::string text(kSeeds);
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) text[at] = kBytes[random() % kBytes.size()];
      if (random() % 4 == 0) text.insert(at, 1, kBytes[random() % kBytes.size()]);
      if (random() % 4 == 0) text.erase(at, 1 + random() % 8);
    }

    const JobReading reading = parse_job(text, "a.toml");

    for (const Error& error : reading.errors) {
      EXPECT_FALSE(error.message.empty());
      EXPECT_NE(describe(error).find(": error: "), std::string::npos) << "seed " << kSeed << ", round " << round;
    }
  }
}

}  // namespace
}  // namespace ganger::host
