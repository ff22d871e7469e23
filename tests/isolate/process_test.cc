// Starting and ending processes, seen from outside with real ones.
#include "host/isolate/process/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "host/isolate/process/process_tree.h"
#include "started.h"

namespace ganger::host {
namespace {

using testing::HasSubstr;

Spoken run(std::vector<std::string> arguments) { return run_subject(subject("process_subject", arguments)); }

/// A child that has said a line, with the end of the pipe that it writes to.
struct Talking {
  Process process;
  Descriptor out;
};

Talking start(Spawner& spawner, const std::vector<std::string>& arguments, int in = -1) {
  Pipe out = make_pipe();
  Command command = subject("process_subject", arguments);
  command.descriptors.emplace_back(out.write.get(), 1);
  if (in >= 0) command.descriptors.emplace_back(in, 0);
  auto process = spawner.start(command);
  EXPECT_TRUE(process) << process.error().message;
  return {std::move(*process), std::move(out.read)};
}

/// Tells of a process after its number may have gone to another.
Descriptor watch(pid_t pid) { return Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

bool ends(const Descriptor& watched) {
  pollfd one{watched.get(), POLLIN, 0};
  return watched.is_open() && poll(&one, 1, 60'000) == 1;
}

Descriptor with_bytes(const char* bytes) {
  Pipe pipe = make_pipe();
  EXPECT_GT(::write(pipe.write.get(), bytes, strlen(bytes)), 0);
  return std::move(pipe.read);
}

TEST(Spawner, ChildHasNoDescriptorsButThoseNamed) {
  const int careless = dup(0);  // without O_CLOEXEC, as a plugin's may be

  const Spoken spoken = run({"descriptors"});

  close(careless);
  EXPECT_EQ(spoken.out, "0 1 2 ");
}

TEST(Spawner, ChildHasNoDescriptorBetweenThoseNamed) {
  std::vector<Descriptor> careless;
  for (int i = 0; i < 8; ++i) careless.emplace_back(dup(0));
  const Descriptor given = with_bytes("x");
  Command command = subject("process_subject", {"descriptors"});
  command.descriptors.emplace_back(given.get(), 9);

  const Spoken spoken = run_subject(command);

  EXPECT_EQ(spoken.out, "0 1 2 9 ");
}

TEST(Spawner, GivesDescriptorsWhoseNumbersOverlap) {
  const Descriptor a = with_bytes("from a");
  const Descriptor b = with_bytes("from b");
  const Descriptor same = with_bytes("same number");
  Command command = subject("process_subject",
                            {"read", std::to_string(a.get()), std::to_string(b.get()), std::to_string(same.get())});
  command.descriptors = {{a.get(), b.get()}, {b.get(), a.get()}, {same.get(), same.get()}};

  const Spoken spoken = run_subject(command);

  EXPECT_THAT(spoken.out, HasSubstr(std::to_string(a.get()) + ":from b"));
  EXPECT_THAT(spoken.out, HasSubstr(std::to_string(b.get()) + ":from a"));
  EXPECT_THAT(spoken.out, HasSubstr(std::to_string(same.get()) + ":same number"));
}

TEST(Spawner, GivesANumberThatIsFreeHereAndWouldBeTakenFirst) {
  const Descriptor a = with_bytes("from a");
  const Descriptor b = with_bytes("from b");
  const int next = Descriptor(dup(0)).get();
  Command command = subject("process_subject", {"read", "40", std::to_string(next)});
  command.descriptors = {{a.get(), 40}, {b.get(), next}};

  const Spoken spoken = run_subject(command);

  EXPECT_EQ(spoken.out, "40:from a " + std::to_string(next) + ":from b ");
}

TEST(Spawner, ChildBlocksAndIgnoresNoSignal) {
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, &before);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);

  const Spoken spoken = run({"signals"});

  std::signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(spoken.out, ".");
}

TEST(Spawner, ChildHasAGroupOfItsOwn) { EXPECT_EQ(run({"group"}).out, "own"); }

TEST(Spawner, ChildHasTheEnvironmentNamedAndNoOther) {
  Command command = subject("process_subject", {"environment"});
  command.environment = {"A=1", "B=two words"};

  const Spoken spoken = run_subject(command);

  EXPECT_EQ(spoken.out, "A=1 B=two words ");
}

TEST(Spawner, ChildEndsWithTheSpawnerAndNotWithTheThreadThatAskedForIt) {
  auto spawner = std::make_unique<Spawner>();
  Pipe in = make_pipe();
  std::optional<Talking> child;
  std::thread([&] { child.emplace(start(*spawner, {"echo"}, in.read.get())); }).join();
  ASSERT_EQ(::write(in.write.get(), "alive\n", 6), 6);
  const std::string answer = read_line(child->out.get());

  spawner.reset();
  const auto end = child->process.wait(soon());

  EXPECT_EQ(answer, "alive");
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->was_signalled);
  EXPECT_EQ(end->code, SIGKILL);
}

TEST(Spawner, SaysWhichFileCannotBeStarted) {
  Spawner spawner;

  const auto process = spawner.start({.file = "/nowhere/program", .arguments = {"program"}});

  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().kind, ErrorKind::io);
  EXPECT_EQ(process.error().message, "cannot start /nowhere/program: No such file or directory");
}

TEST(Spawner, SaysThatDescriptorsHaveRunOut) {
  Spawner spawner;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{64, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  std::vector<Descriptor> all;
  while (all.empty() || all.back().is_open()) all.emplace_back(fcntl(0, F_DUPFD_CLOEXEC, 0));

  const auto process = spawner.start(subject("process_subject", {"exit", "0"}));

  all.clear();
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().kind, ErrorKind::io);
  EXPECT_THAT(process.error().message, HasSubstr("no descriptor left; raise `ulimit -n`"));
  EXPECT_TRUE(spawner.start(subject("process_subject", {"exit", "0"})));
}

TEST(Spawner, StartsForManyThreadsAtOnce) {
  Spawner spawner;
  std::vector<std::thread> threads;
  std::atomic<int> ended = 0;

  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        auto process = spawner.start(subject("process_subject", {"exit", std::to_string(n)}));
        if (process && process->wait(soon())->code == n) ++ended;
      }
    });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(ended, 20);
}

TEST(Process, TellsExitCodesFromSignals) {
  const Spoken by_itself = run({"exit", "7"});
  const Spoken by_signal = run({"die", std::to_string(SIGTERM)});

  EXPECT_FALSE(by_itself.end.was_signalled);
  EXPECT_EQ(by_itself.end.code, 7);
  EXPECT_TRUE(by_signal.end.was_signalled);
  EXPECT_EQ(by_signal.end.code, SIGTERM);
}

TEST(Process, WaitEndsInTimeAndLeavesItRunning) {
  Spawner spawner;
  Talking child = start(spawner, {"wait"});

  const auto end = child.process.wait(std::chrono::steady_clock::now() + 1ms);

  EXPECT_FALSE(end);
  EXPECT_TRUE(child.process.is_running());
  child.process.signal_group(SIGINT);
  EXPECT_EQ(child.process.wait(kNever)->code, SIGINT);
  EXPECT_FALSE(child.process.is_running());
}

TEST(Process, DestroyingItKillsIt) {
  Spawner spawner;
  std::optional<Talking> child = start(spawner, {"wait"});
  const pid_t pid = child->process.pid();
  const Descriptor watched = watch(pid);
  ASSERT_EQ(read_line(child->out.get()), "ready");

  child.reset();

  EXPECT_TRUE(ends(watched));
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), -1) << "somebody else had to reap it";
}

TEST(Process, KillTreeReachesSessionsOfTheirOwnAndOrphansOfAnAdopter) {
  Spawner spawner;
  Talking child = start(spawner, {"family"});
  const Descriptor first = watch(std::stoi(read_line(child.out.get())));
  const Descriptor second = watch(std::stoi(read_line(child.out.get())));
  ASSERT_EQ(read_line(child.out.get()), "ready");

  child.process.kill_tree();

  EXPECT_EQ(child.process.wait(soon())->code, SIGKILL);
  EXPECT_TRUE(ends(first));
  EXPECT_TRUE(ends(second));
}

TEST(Process, KillTreeOfWhatHasEndedIsHarmless) {
  Spawner spawner;
  Talking child = start(spawner, {"exit", "3"});
  ASSERT_EQ(read_all(child.out.get()), "");

  child.process.kill_tree();
  const auto end = child.process.wait(soon());
  child.process.kill_tree();

  EXPECT_TRUE(end);
}

TEST(Orphans, AreEndedAndReapedAndCounted) {
  adopt_orphans();
  Spawner spawner;
  Talking parent = start(spawner, {"orphan"});
  const pid_t pid = std::stoi(read_line(parent.out.get()));
  const Descriptor watched = watch(pid);
  ASSERT_TRUE(parent.process.wait(soon()));

  const std::size_t running = end_orphans([](pid_t) { return false; }).running;

  EXPECT_EQ(running, 1u);
  EXPECT_TRUE(ends(watched));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

/// Whoever has written to it has ended.
bool is_closed_soon(const Descriptor& pipe) {
  pollfd watched{pipe.get(), POLLIN, 0};
  return poll(&watched, 1, 10'000) == 1 && (watched.revents & POLLHUP) != 0;
}

TEST(Orphans, AQuickChainOfThemIsEnded) {
  adopt_orphans();
  Spawner spawner;
  Talking parent = start(spawner, {"chain"});
  // Its group, which the first of the chain has left by then, is killed with it.
  ASSERT_TRUE(parent.process.wait(soon()));

  const Ended ended = end_orphans([](pid_t) { return false; });

  EXPECT_EQ(ended.left, 0u);
  EXPECT_TRUE(is_closed_soon(parent.out));
  end_children([](pid_t) { return true; }, soon());
}

TEST(Orphans, AThousandAreEndedInATimeThatGrowsWithTheirNumberOnly) {
  adopt_orphans();
  Spawner spawner;
  Talking parent = start(spawner, {"crowd", "1000"});
  pollfd ended_parent{parent.process.pidfd(), POLLIN, 0};
  ASSERT_EQ(poll(&ended_parent, 1, 60'000), 1);
  const auto begin = std::chrono::steady_clock::now();

  const Ended ended = end_children([&](pid_t pid) { return pid != parent.process.pid(); }, soon());

  // Each look at all of them for each of them took 30 s and more.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(ended.running, 1000u);
  EXPECT_EQ(ended.left, 0u);
}

TEST(Orphans, ThatMayNotBeEndedAreCountedAsLeft) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a process that another user may not end";
  adopt_orphans();

  const Spoken spoken = run({"not-ours"});

  EXPECT_EQ(spoken.out, "0 ended, 1 left");
  EXPECT_EQ(end_orphans([](pid_t) { return false; }).left, 0u);
}

TEST(Descendants, AreEndedWithWhatAnotherThreadGoesOnStarting) {
  adopt_orphans();
  Spawner spawner;
  // One may be lucky.
  for (int i = 0; i < 5; ++i) {
    Talking subject = start(spawner, {"goes-on"});

    ASSERT_TRUE(is_closed_soon(subject.out));
    EXPECT_TRUE(subject.process.wait(soon()));
  }
}

TEST(Orphans, AreNotChildrenThatAreWatchedOrKnown) {
  Spawner spawner;
  Talking watched = start(spawner, {"wait"});
  const pid_t known = fork();
  if (known == 0)
    for (;;) pause();

  const std::size_t running = end_orphans([&](pid_t pid) { return pid == known; }).running;

  EXPECT_EQ(running, 0u);
  EXPECT_EQ(kill(known, SIGKILL), 0);
  EXPECT_EQ(waitpid(known, nullptr, 0), known);
  watched.process.signal_group(SIGINT);
  EXPECT_EQ(watched.process.wait(soon())->code, SIGINT);
}

TEST(Orphans, ThatHaveEndedAreReapedAndNotCounted) {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  ASSERT_TRUE(ends(watch(pid)));

  const std::size_t running = end_orphans([](pid_t) { return false; }).running;

  EXPECT_EQ(running, 0u);
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), -1);
}

TEST(Descendants, CanAllBeStoppedAndContinued) {
  Spawner spawner;
  const Talking child = start(spawner, {"wait"});
  siginfo_t seen{};

  signal_descendants(SIGSTOP);
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.process.pid()), &seen, WSTOPPED), 0);
  EXPECT_EQ(seen.si_code, CLD_STOPPED);

  signal_descendants(SIGCONT);
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.process.pid()), &seen, WCONTINUED), 0);
  EXPECT_EQ(seen.si_code, CLD_CONTINUED);
}

}  // namespace
}  // namespace ganger::host
