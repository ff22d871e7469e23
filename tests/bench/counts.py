#!/usr/bin/env python3
"""Counts instructions (callgrind) and system calls (strace), and compares them with counts.txt.

usage: counts.py BUILD [--accept] [--only PREFIX]

BUILD is a build tree of the release preset with `counted`. A count that grew by more than 5 % is an error; one that
fell by more is told. --accept writes what was counted into counts.txt.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import jobs

KEPT = pathlib.Path(__file__).resolve().parent / "counts.txt"
MOST_CHANGE = 0.05
HEADING = """\
# Instructions (user space, callgrind) and system calls (strace) of the release preset. `./dev counts` compares,
# `./dev counts --accept` writes this file, tests/bench/README.md says what the rows are.
"""
Counts = dict[str, float]
SIZES = {"noops": {"few": 2000, "many": 4000}, "commands": {"few": 100, "many": 600},
         "isolated": {"few": 200, "many": 800}}


class Place:
    """The programs that are counted, in a scratch folder: a path of more folders would be one with more calls."""

    def __init__(self, build: pathlib.Path, scratch: pathlib.Path) -> None:
        for part in ("bin/ganger", *(f"lib/ganger/plugins/{name}.so" for name in ("demo", "exec"))):
            (scratch / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(build / part, scratch / part)
        self.ganger = str(scratch / "bin/ganger")
        self.counted = str(build / "bench/counted")
        self.scratch = scratch
        self.prefix = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
        if subprocess.run(["setarch", "-R", "true"], capture_output=True, check=False).returncode == 0:
            self.prefix += ["setarch", "-R"]  # some containers forbid it; counts then repeat a little less well
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": str(scratch), "TERM": "dumb"}

    def run(self, command: list[str]) -> None:
        """The same way each time: one processor, no random addresses, nothing left of earlier runs."""
        shutil.rmtree(self.scratch / "state", ignore_errors=True)
        done = subprocess.run(
            [*self.prefix, *command], env=self.env, cwd=self.scratch,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            text = done.stdout.decode(errors="replace")
            raise SystemExit(f"counts: '{' '.join(command)}' ended with {done.returncode}:\n{text}")

    def job(self, file: str, *options: str) -> list[str]:
        state = str(self.scratch / "state")
        return [self.ganger, "run", str(self.scratch / file), "--quiet", "-j", "1", "--state-dir", state, *options]


Count = Callable[[Place, list[str]], float]


def instructions(place: Place, command: list[str]) -> float:
    out = place.scratch / "callgrind.out"
    place.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command])
    totals = re.search(r"^totals: (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)
    if totals is None:
        raise SystemExit(f"counts: callgrind gave no total for '{' '.join(command)}'")
    return float(totals.group(1))


def traces(place: Place, command: list[str]) -> list[str]:
    """What strace says, a text for each thread and process."""
    folder = place.scratch / "traces"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    place.run(["strace", "-ff", "-qq", "-e", "signal=none", "-s", "0", "-o", str(folder / "of"), *command])
    return [file.read_text(errors="replace") for file in folder.iterdir()]


def calls_of_all(place: Place, command: list[str]) -> float:
    return float(sum(text.count("\n") for text in traces(place, command)))


def calls_of_ganger(place: Place, command: list[str]) -> float:
    """Without those of the programs that it has started. Its threads are what never became a program."""
    start = f'execve("{command[0]}"'
    own = [text for text in traces(place, command) if text.startswith(start) or "execve(" not in text]
    return float(sum(text.count("\n") for text in own))


def lowest(count: Count) -> Count:
    """Of a few: where several threads are at work, a wait may need a call more or less."""
    return lambda place, command: min(count(place, command) for _ in range(3))


def write_jobs(folder: pathlib.Path) -> None:
    jobs.noop_job(folder / "one.toml", 1)
    for name, tasks in SIZES["noops"].items():
        jobs.noop_job(folder / f"noops-{name}.toml", tasks)
    for name, tasks in SIZES["commands"].items():
        jobs.command_job(folder / f"commands-{name}.toml", tasks)
    for name, tasks in SIZES["isolated"].items():
        jobs.isolated_job(folder / f"isolated-{name}.toml", tasks)


def rows(place: Place) -> Iterator[tuple[str, Callable[[], float]]]:
    """Every row with what counts it."""

    def of_one_more(count: Count, few: list[str], many: list[str], more: int) -> Callable[[], float]:
        """What a run costs once is in both, and cancels out."""
        return lambda: (count(place, many) - count(place, few)) / more

    def of_a_task(count: Count, kind: str, *options: str) -> Callable[[], float]:
        sizes = SIZES[kind]
        few, many = (place.job(f"{kind}-{name}.toml", *options) for name in ("few", "many"))
        return of_one_more(count, few, many, sizes["many"] - sizes["few"])

    def of_all(count: Count, command: list[str]) -> Callable[[], float]:
        return lambda: count(place, command)

    for row, case in (("plan.wide", "plan"), ("lane.wide", "wide"), ("lane.chain", "chain"), ("pool.pair", "pool")):
        few, many = ([place.counted, case, n] for n in ("20000", "60000"))
        yield f"instructions.{row}", of_one_more(instructions, few, many, 40_000)
    yield "instructions.run.task", of_a_task(instructions, "noops", "--no-history")
    yield "instructions.run.task.history", of_a_task(instructions, "noops")
    starts = {"version": [place.ganger, "--version"], "one_task": place.job("one.toml", "--no-history"),
              "one_task.history": place.job("one.toml")}
    for name, command in starts.items():
        yield f"instructions.start.{name}", of_all(instructions, command)
        yield f"calls.start.{name}", of_all(lowest(calls_of_all), command)
    yield "calls.run.4000.history", of_all(lowest(calls_of_all), place.job("noops-many.toml"))
    yield "calls.exec.own", of_a_task(lowest(calls_of_ganger), "commands", "--no-history")
    yield "calls.isolated.warm", of_a_task(lowest(calls_of_all), "isolated", "--no-history")


def count_all(place: Place, only: str) -> Counts:
    write_jobs(place.scratch)
    counts: Counts = {}
    for row, count in rows(place):
        if row.startswith(only):
            counts[row] = count()
            print(f"{row} {counts[row]:.6g}", flush=True)
    return counts


def read_kept() -> Counts:
    if not KEPT.exists():
        return {}
    lines = [line.split() for line in KEPT.read_text(encoding="utf-8").splitlines()]
    return {words[0]: float(words[1]) for words in lines if words and not words[0].startswith("#")}


def write_kept(kept: Counts) -> None:
    KEPT.write_text(HEADING + "".join(f"{row} {value:.6g}\n" for row, value in kept.items()), encoding="utf-8")


def compare(counts: Counts, kept: Counts) -> bool:
    """Says what changed; false when something grew."""
    grown = False
    for row, value in counts.items():
        if row not in kept:
            print(f"counts: {row} is new: {value:.6g}; ./dev counts --accept keeps it")
            grown = True
        elif value > kept[row] * (1 + MOST_CHANGE):
            print(f"counts: {row} grew from {kept[row]:.6g} to {value:.6g}, by {value / kept[row] - 1:.1%}")
            grown = True
        elif value < kept[row] * (1 - MOST_CHANGE):
            print(f"counts: {row} fell from {kept[row]:.6g} to {value:.6g}; ./dev counts --accept keeps it so")
    if grown:
        print("counts: find out where that comes from (callgrind_annotate, strace -c), or ./dev counts --accept")
    return not grown


def main() -> None:
    parser = argparse.ArgumentParser(description="Counts instructions and system calls a task.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--accept", action="store_true", help="write counts.txt")
    parser.add_argument("--only", default="", metavar="PREFIX", help="only rows that start so")
    options = parser.parse_args()
    os.umask(0o022)  # no plugin is opened that its group can write
    with tempfile.TemporaryDirectory(prefix="ganger-counts-", dir="/tmp") as scratch:
        counts = count_all(Place(options.build.resolve(), pathlib.Path(scratch)), options.only)
    if options.accept:
        write_kept(read_kept() | counts if options.only else counts)
    elif not compare(counts, read_kept()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
