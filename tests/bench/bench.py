#!/usr/bin/env python3
"""Measures ganger beside others in rounds, and writes RESULTS.md.

usage: bench.py BUILD [ROUNDS] [--quick | --full] [--only PROGRAM] [--out FILE]

BUILD is a build tree of the release preset with the benchmarks. Each round runs every program once, one after another,
so that a slow hour hits all of them.
"""

import argparse
import dataclasses
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import bounds
import counts
import results

HERE = pathlib.Path(__file__).resolve().parent
MOST_DISTURBED = 0.15  # share of the processors that others may take
PATIENCE_S = 30  # for a quiet moment
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Program:
    """What is run. Where commands come and go, the kernel's work for them looks like that of others."""

    name: str
    package: str = ""
    is_own_work_visible: bool = True


PROGRAMS = [
    Program("bench_engine"),
    Program("bench_handoff"),
    Program("peer_go", "golang-go"),
    Program("peer_plain"),
    Program("peer_flat"),
    Program("peer_tbb", "libtbb-dev"),
    Program("peer_asio"),
    Program("peer_moodycamel", "libconcurrentqueue-dev"),
    Program("bench_pools"),
    Program("bench_isolate", is_own_work_visible=False),
    Program("bench_load"),
    Program("peer_machine", is_own_work_visible=False),
    Program("commands.py", is_own_work_visible=False),
]
COMMANDS = {"make": "make", "ninja": "ninja-build", "parallel": "parallel", "sqlite3": "sqlite3"}


def processor_time() -> tuple[float, float]:
    """Seconds of all processors since the start: busy, and all."""
    with open("/proc/stat", encoding="utf-8") as stat:
        user, nice, system, idle, waiting, irq, soft_irq, stolen = map(int, stat.readline().split()[1:9])
    busy = user + nice + system + irq + soft_irq + stolen
    return busy / TICKS, (busy + idle + waiting) / TICKS


def own_time() -> float:
    return sum(os.times()[:4])


def wait_until_quiet() -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        busy, total = processor_time()
        time.sleep(1)
        busy_now, total_now = processor_time()
        if busy_now - busy < 0.1 * (total_now - total):
            return


@dataclasses.dataclass
class Outcome:
    lines: list[str]
    disturbed: float  # share of the processors that others took


def run_once(command: Sequence[str]) -> Outcome:
    (busy, total), own = processor_time(), own_time()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    (busy_now, total_now), own_now = processor_time(), own_time()
    if done.returncode != 0:
        raise SystemExit(f"bench: '{' '.join(command)}' ended with {done.returncode}")
    others = max(0.0, (busy_now - busy) - (own_now - own))
    return Outcome(done.stdout.splitlines(), others / max(total_now - total, 1e-9))


def run_quietly(program: Program, command: Sequence[str]) -> Outcome:
    """Once more where others took too much, and then the better of the two. With --quick, just so."""
    if "--quick" in command:
        return run_once(command)
    wait_until_quiet()
    first = run_once(command)
    if first.disturbed <= MOST_DISTURBED or not program.is_own_work_visible:
        return first
    print(f"bench: {program.name}: others took {first.disturbed:.0%}, again", file=sys.stderr)
    wait_until_quiet()
    return min(first, run_once(command), key=lambda outcome: outcome.disturbed)


def command_of(program: Program, build: pathlib.Path, sizes: Sequence[str]) -> list[str]:
    if program.name.endswith(".py"):
        return [sys.executable, str(HERE / program.name), str(build), *sizes]
    return [str(build / "bench" / program.name), *(size for size in sizes if size != "--full")]


def left_out(build: pathlib.Path) -> list[str]:
    missing = [p.package for p in PROGRAMS if p.package and not (build / "bench" / p.name).exists()]
    missing += [package for command, package in COMMANDS.items() if shutil.which(command) is None]
    return [f"Left out, not installed: {', '.join(missing)}"] if missing else []


class Measured:
    """All values so far, and how much others disturbed."""

    def __init__(self) -> None:
        self.cells: bounds.Cells = {}
        self.units: dict[str, str] = {}
        self.disturbed: list[float] = []

    def take(self, program: Program, outcome: Outcome) -> None:
        if program.is_own_work_visible:
            self.disturbed.append(outcome.disturbed)
        for line in outcome.lines:
            row, column, value, unit = line.split()
            self.cells.setdefault((row, column), []).append(float(value))
            self.units[row] = unit

    def note(self) -> str:
        if not self.disturbed:
            return "How busy others kept the processors was not looked at"
        return (f"Others took {statistics.median(self.disturbed):.1%} of the processors in the middle, "
                f"{max(self.disturbed):.1%} at most")


def measure(build: pathlib.Path, rounds: int, sizes: Sequence[str], only: str) -> Measured:
    measured = Measured()
    for number in range(1, rounds + 1):
        for program in PROGRAMS:
            if only not in program.name or (program.package and not (build / "bench" / program.name).exists()):
                continue
            begin = time.monotonic()
            outcome = run_quietly(program, command_of(program, build, sizes))
            measured.take(program, outcome)
            print(f"bench: round {number} of {rounds}: {program.name}, {time.monotonic() - begin:.0f} s, "
                  f"others took {outcome.disturbed:.0%}", file=sys.stderr)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures ganger beside others, and writes a table.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    parser.add_argument("--only", default="", metavar="PART", help="only programs with this in their name")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "RESULTS.md", metavar="FILE", help="RESULTS.md")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="a tenth of everything: to see that it works")
    sizes.add_argument("--full", action="store_true", help="the inventory of 1 GiB")
    options = parser.parse_args()
    build = options.build.resolve()
    size = ["--quick"] if options.quick else ["--full"] if options.full else []

    measured = measure(build, options.rounds, size, options.only)
    notes = [f"{options.rounds} rounds{''.join(f' with {word}' for word in size)}", measured.note(), *left_out(build)]
    cells = measured.cells | {(row, "project"): [value] for row, value in counts.read_kept().items()}
    results.write(options.out, cells, measured.units, notes)
    print(f"bench: the table is in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
