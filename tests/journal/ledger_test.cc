#include "host/journal/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/journal/journal_fakes.h"

namespace ganger::host {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::SizeIs;

class LedgerTest : public testing::Test {
 protected:
  Ledger open(std::uint32_t tasks, const std::vector<Standing>& initial = {}) {
    return must(Ledger::open(must(RunLock::take(file)), tasks, initial));
  }

  TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "ledger";
  const Standing waiting{}, running{TaskState::running}, done{TaskState::done}, kept{TaskState::done, true};
};

TEST_F(LedgerTest, StoresCanBeReadAtOnceByWhoeverReadsTheFile) {
  Ledger ledger = open(3);

  ledger.set(1, running);
  ledger.set(2, kept);

  EXPECT_THAT(Ledger::read(file), Optional(ElementsAre(waiting, running, kept)));
  EXPECT_EQ(ledger.get(2), kept);
}

TEST_F(LedgerTest, KeepsWhatItSaidWhenItIsOpenedAgainAndGrows) {
  open(2).set(1, done);

  Ledger again = open(4, {kept, kept, kept, kept});

  EXPECT_THAT(Ledger::read(file), Optional(ElementsAre(waiting, done, waiting, waiting)));
}

TEST_F(LedgerTest, ThatIsNewSaysWhatItIsTold) {
  Ledger ledger = open(3, {done, kept});

  EXPECT_THAT(Ledger::read(file), Optional(ElementsAre(done, kept, waiting)));
}

TEST_F(LedgerTest, ThatMakesNoSenseIsTakenForNone) {
  for (const std::string& content :
       {std::string(), std::string(3, 'x'), std::string(100, '\0'), std::string(100, 'x')}) {
    folder.file("ledger", content);
    EXPECT_FALSE(Ledger::read(file)) << content;
  }
  EXPECT_FALSE(Ledger::read(folder.path() / "none"));
  EXPECT_FALSE(Ledger::decode("\x03\x0a"));  // a state that there is not

  Ledger ledger = open(2, {done});

  EXPECT_THAT(Ledger::read(file), Optional(ElementsAre(done, waiting)));
}

TEST_F(LedgerTest, ThatIsCutOffIsTakenForNone) {
  open(10);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);

  EXPECT_FALSE(Ledger::read(file));
}

TEST_F(LedgerTest, KeepsEveryStateWithAndWithoutDoubt) {
  constexpr auto states = static_cast<std::uint32_t>(TaskState::up_to_date) + 1;
  Ledger ledger = open(2 * states);
  std::vector<Standing> all;
  for (std::uint32_t t = 0; t < 2 * states; ++t) {
    all.push_back({static_cast<TaskState>(t / 2), t % 3 == 0, t % 2 == 1});
    ledger.set(t, all.back());
  }

  EXPECT_EQ(Ledger::read(file), all);
  EXPECT_EQ(Ledger::decode(ledger.bytes()), all);
}

TEST_F(LedgerTest, ThatIsCutShortWhileItIsOpenIsLostAndEndsNoProcess) {
  for (const std::uintmax_t left : {0, 20, 100'000}) {
    Ledger ledger = open(200'000);
    EXPECT_TRUE(ledger.is_in_place());
    std::filesystem::resize_file(file, left);

    for (const std::uint32_t task : {0U, 1U, 150'000U, 199'999U}) ledger.set(task, done);

    EXPECT_FALSE(ledger.is_in_place());
    EXPECT_EQ(ledger.get(199'999), done);
    EXPECT_EQ(ledger.bytes().size(), 200'000U);
  }
}

TEST_F(LedgerTest, ThatIsRemovedOrReplacedIsNotInPlace) {
  Ledger ledger = open(2);
  std::filesystem::rename(file, folder.path() / "away");
  EXPECT_FALSE(ledger.is_in_place());
  folder.file("ledger", std::string(100, 'x'));
  EXPECT_FALSE(ledger.is_in_place());
  std::filesystem::rename(folder.path() / "away", file);
  EXPECT_TRUE(ledger.is_in_place());
}

TEST_F(LedgerTest, OfNoTasksIsALedger) {
  Ledger ledger = open(0);

  EXPECT_THAT(Ledger::read(file), Optional(SizeIs(0)));
}

TEST_F(LedgerTest, HoldsTheLockAsLongAsItIsOpen) {
  auto ledger = std::make_unique<Ledger>(open(1));

  const bool is_held = RunLock::is_held(file);
  const auto second = RunLock::take(file);
  const bool is_still_held = RunLock::is_held(file);  // those who asked have not let it go
  ledger.reset();

  EXPECT_TRUE(is_held);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::refused);
  EXPECT_TRUE(is_still_held);
  EXPECT_FALSE(RunLock::is_held(file));
  EXPECT_TRUE(RunLock::take(file));
}

TEST_F(LedgerTest, IsNotHeldByAChildThatAPluginLeavesBehind) {
  auto ledger = std::make_unique<Ledger>(open(1));
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ready[0]);
    close(ready[1]);  // which the parent sees
    for (;;) pause();
  }
  close(ready[1]);
  char byte = 0;
  EXPECT_EQ(read(ready[0], &byte, 1), 0);
  close(ready[0]);

  ledger.reset();
  const bool is_held = RunLock::is_held(file);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);

  EXPECT_FALSE(is_held);
}

TEST_F(LedgerTest, ThatCannotBeMadeIsAnErrorWithItsPath) {
  const auto lock = RunLock::take(folder.path() / "none" / "ledger");

  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, ErrorKind::cannot_create);
  EXPECT_THAT(lock.error().message, testing::HasSubstr((folder.path() / "none" / "ledger").string()));
}

}  // namespace
}  // namespace ganger::host
