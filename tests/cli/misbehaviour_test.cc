#include <csignal>

#include "ganger_process.h"

namespace ganger::host::test {

namespace {

/// The hostile plugin `rude` in a run; what it does stands in its README.md.
class Misbehaviour : public GangerTest {
 protected:
  Ended run(const std::string& type, std::vector<std::string> options = {}) const {
    write("j.toml", "[pools.p]\nkind = \"rude.box\"\n[[task]]\nname = \"a\"\nuses = \"rude." + type +
                        "\"\n[[task]]\nname = \"tidy\"\nuses = \"demo.echo\"\nafter = [\"a\"]\nwhen = \"always\"\n"
                        "with = { text = \"all tidy\" }\n");
    options.insert(options.begin(), {"run", "j.toml", "-P", kHostile});
    return ganger(options).end();
  }
};

}  // namespace

TEST_F(Misbehaviour, AnExceptionIsAFailureOfTheTask) {
  run("throw-error").exits(3).says("thrown out of run").says("all tidy");
  run("throw-number").exits(3).says("a failed").says("all tidy");
}

TEST_F(Misbehaviour, AStatusThatIsNoneIsAFailure) {
  run("garbage-status").exits(3).says("returned status 123456, which is none").says("all tidy");
  run("negative-status").exits(3).says("returned status -1, which is none");
}

TEST_F(Misbehaviour, CancelledUnaskedIsAFailure) {
  run("cancelled-unasked").exits(3).says("ended as cancelled, though nobody asked it to stop");
}

TEST_F(Misbehaviour, ALeaseThatIsKeptIsTakenBackAndCounted) {
  run("leak").exits(0).says("ended with a lease of pool 'p' still out").prints("1 leaked").says("all tidy");
}

TEST_F(Misbehaviour, ALeaseGivenBackWronglyChangesNothingAndIsCounted) {
  run("release-twice").exits(0).prints("1 given back wrongly");
  run("release-made-up").exits(0).says("all tidy");
  run("release-in-odd-state").exits(0).says("all tidy");
}

TEST_F(Misbehaviour, NonsenseIsRefused) {
  for (const char* type : {"acquire-nonsense", "huge-output", "many-outputs", "odd-outputs", "odd-questions"})
    run(type).exits(0).says("a done").says("all tidy");
}

TEST_F(Misbehaviour, ControlCharactersDoNotReachTheTerminal) {
  run("control-characters").exits(3).never_says("\033").never_prints("\033").never_prints("two\nlines");
}

TEST_F(Misbehaviour, AChildThatATaskForksMayCallExit) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at the exit of a forked child a sanitizer waits for locks of threads that are not there";
#endif
  write("j.toml",
        "[[task]]\nname = \"a\"\nuses = \"teller.fork\"\nwith = { text = \"it has\" }\n"
        "[[task]]\nname = \"b\"\nuses = \"demo.noop\"\nafter = [\"a\"]\n");

  for (int i = 0; i < 3; ++i)
    ganger({"run", "j.toml", "-P", kPlugins}).end().exits(0).says("a: it has").says("b done").never_says("error");

  run_ganger("show").exits(0).prints("finished (exit 0)");
}

TEST_F(Misbehaviour, ATaskThatNeverStopsIsGivenUp) {
  for (const char* type : {"spin", "spin-heavy"}) {
    const Ended ended = run(type, {"--timeout", "100ms", "--grace", "300ms"});

    ended.exits(1).says("did not stop within 300ms").says("all tidy").takes_less_than(std::chrono::seconds(5));
  }
}

TEST_F(Misbehaviour, ARunThatHangsAtItsEndCanBeInterruptedAndIsNoFinishThen) {
  write("j.toml", "[pools.p]\nkind = \"rude.close-hangs\"\n[[task]]\nname = \"a\"\nuses = \"rude.release-twice\"\n");

  ganger({"run", "j.toml", "-P", kHostile}).signalled(SIGINT, "hangs in close").end().exits(2);
}

TEST_F(Misbehaviour, PoolsThatThrowDoNotEndTheRun) {
  for (const char* kind : {"check-throws", "reset-throws", "close-throws", "check-fails", "reset-fails"}) {
    write("j.toml", "[pools.p]\nkind = \"rude." + std::string(kind) +
                        "\"\n[[task]]\nname = \"a\"\nuses = \"rude.release-twice\"\n"
                        "[[task]]\nname = \"b\"\nuses = \"rude.release-twice\"\n");

    ganger({"run", "j.toml", "-P", kHostile}).end().exits(0).says("b done");
  }
}

}  // namespace ganger::host::test
