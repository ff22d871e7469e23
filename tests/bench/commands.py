#!/usr/bin/env python3
"""Times whole commands, ours and those that people use for the same. Prints "row column value unit" lines.

usage: commands.py BUILD [--quick | --full] [--only PREFIX]

BUILD is a build tree of the release preset. --full takes the inventory of 1 GiB. What is not installed is left out.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence

import jobs
import process

Command = Sequence[str]


class Bench:
    """Where measuring happens: our program, a scratch folder, and a state directory in it."""

    def __init__(self, build: pathlib.Path, scratch: pathlib.Path, quick: bool, full: bool, only: str) -> None:
        self.build, self.scratch, self.full, self.only = build, scratch, full, only
        self.scale = 10 if quick else 1
        self.ganger = str(build / "bin/ganger")
        self.state = scratch / "state"
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(scratch), "TERM": "dumb",
                    "GANGER_STATE_DIR": str(self.state)}

    def wants(self, row: str) -> bool:
        return row.startswith(self.only) or self.only.startswith(row)

    def run_job(self, job: pathlib.Path, *options: str) -> Command:
        return [self.ganger, "run", str(job), "--quiet", *options]

    def folder(self, name: str) -> pathlib.Path:
        made = self.scratch / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def measure(self, command: Command, cwd: pathlib.Path | None = None,
                env: Mapping[str, str] | None = None) -> process.Usage:
        return process.run(command, self.env | dict(env or {}), cwd or self.scratch)


def row(name: str, column: str, value: float, unit: str) -> None:
    print(f"{name} {column} {value:.5g} {unit}", flush=True)


def installed(program: str) -> bool:
    return shutil.which(program) is not None


def graph_folder(bench: Bench, name: str, tasks: int, after: jobs.Predecessors = jobs.nothing) -> pathlib.Path:
    """A Makefile and a build.ninja whose targets each run `true`, always; and a list of as many words."""
    folder = bench.folder(name)
    targets = " ".join(f"t{i}" for i in range(tasks))
    make = [f".PHONY: all {targets}", f"all: {targets}"]
    ninja = ["rule true", "  command = /bin/true"]
    for i in range(tasks):
        before = " ".join(f"t{p}" for p in after(i))
        make.append(f"t{i}: {before}\n\t@/bin/true")
        ninja.append(f"build t{i}: true {before}")
    (folder / "Makefile").write_text("\n".join(make) + "\n", encoding="utf-8")
    (folder / "build.ninja").write_text("\n".join(ninja) + "\n", encoding="utf-8")
    (folder / "words").write_text("".join(f"{i}\n" for i in range(tasks)), encoding="utf-8")
    return folder


def run_ninja(bench: Bench, folder: pathlib.Path, *options: str) -> process.Usage:
    (folder / ".ninja_log").unlink(missing_ok=True)
    return bench.measure(["ninja", "--quiet", *options], folder)


def show_commands(name: str, column: str, tasks: int, usage: process.Usage) -> None:
    row(f"{name}.wall", column, usage.wall_ms / tasks, "ms/task")
    row(f"{name}.cpu", column, usage.cpu_ms / tasks, "ms/task")


def measure_graph(bench: Bench, name: str, tasks: int, after: jobs.Predecessors = jobs.nothing) -> pathlib.Path:
    """The rows e2e.NAME of all who know what comes after what; returns the folder that they were run in."""
    row = f"e2e.{name}"
    folder = graph_folder(bench, name, tasks, after)
    job = jobs.command_job(bench.scratch / f"{name}.toml", tasks, after)
    show_commands(row, "project", tasks, bench.measure(bench.run_job(job, "-j2")))
    show_commands(row, "project_no_history", tasks, bench.measure(bench.run_job(job, "-j2", "--no-history")))
    if installed("make"):
        show_commands(row, "make", tasks, bench.measure(["make", "-rR", "-j2"], folder))
    if installed("ninja"):
        show_commands(row, "ninja", tasks, run_ninja(bench, folder, "-j2"))
    return folder


def measure_wide(bench: Bench) -> None:
    """Commands that have nothing to do with each other, two at a time."""
    tasks = 10_000 // bench.scale
    folder = measure_graph(bench, "wide", tasks)
    xargs = ["xargs", "-a", "words", "-P2", "-n1", "/bin/true"]
    show_commands("e2e.wide", "xargs", tasks, bench.measure(xargs, folder))
    if installed("parallel"):
        fewer = tasks // 10
        (folder / "fewer").write_text("".join(f"{i}\n" for i in range(fewer)), encoding="utf-8")
        parallel = ["parallel", "--will-cite", "-j2", "-a", "fewer", "/bin/true"]
        show_commands("e2e.wide", "parallel", fewer, bench.measure(parallel, folder))


def measure_chain(bench: Bench) -> None:
    """Commands that each come after the one before."""
    measure_graph(bench, "chain", 1000 // bench.scale, jobs.the_one_before)


def show_medians(name: str, ways: Mapping[str, Callable[[], process.Usage]], repetitions: int) -> None:
    """The ways take turns, so that a slow moment hits all of them."""
    used: dict[str, list[process.Usage]] = {column: [] for column in ways}
    for way in ways.values():
        way()  # what it reads is in memory from now on
    for _ in range(repetitions):
        for column, way in ways.items():
            used[column].append(way())
    for column, all_of_it in used.items():
        row(f"{name}.wall", column, statistics.median(usage.wall_ms for usage in all_of_it), "ms")
        row(f"{name}.cpu", column, statistics.mean(usage.cpu_ms for usage in all_of_it), "ms")


def measure_start(bench: Bench) -> None:
    repetitions = max(40 // bench.scale, 5)
    job = jobs.noop_job(bench.scratch / "one.toml", 1)
    folder = graph_folder(bench, "one", 1)
    version = {"project": lambda: bench.measure([bench.ganger, "--version"]),
               "true": lambda: bench.measure(["/bin/true"])}
    one = {"project": lambda: bench.measure(bench.run_job(job, "--no-history"))}
    recorded = {"project": lambda: bench.measure(bench.run_job(job))}
    if installed("ninja"):
        version["ninja"] = lambda: bench.measure(["ninja", "--version"])
        one["ninja"] = recorded["ninja"] = lambda: run_ninja(bench, folder)
    if installed("make"):
        version["make"] = lambda: bench.measure(["make", "--version"])
        one["make"] = lambda: bench.measure(["make", "-rR", "-s"], folder)
    show_medians("startup.version", version, repetitions)
    show_medians("startup.one_task", one, repetitions)
    show_medians("startup.one_task_history", recorded, repetitions)


def measure_other_plugins(bench: Bench) -> None:
    """Plugins that lie there and are not used."""
    job = jobs.noop_job(bench.scratch / "one.toml", 1)
    others = bench.folder("plugins")
    demo = bench.build / "lib/ganger/plugins/demo.so"
    for i in range(1000):
        shutil.copy(demo, others / f"other{i}.so")
    with_others = bench.run_job(job, "--no-history", "-P", str(others))
    alone = bench.run_job(job, "--no-history", "-P", str(bench.folder("no-plugins")))
    show_medians("startup.other_plugins",
                 {"project": lambda: bench.measure(with_others), "project_alone": lambda: bench.measure(alone)},
                 max(40 // bench.scale, 5))


def up_to_date_folder(bench: Bench, targets: int) -> pathlib.Path:
    folder = bench.folder("up-to-date")
    (folder / "in").mkdir(exist_ok=True)
    for i in range(targets):
        (folder / "in" / str(i)).touch()
    ninja = ["rule touch", "  command = : > $out", *(f"build out/{i}: touch in/{i}" for i in range(targets))]
    (folder / "build.ninja").write_text("\n".join(ninja) + "\n", encoding="utf-8")
    bench.measure(["ninja", "--quiet"], folder)
    return folder


def measure_noops(bench: Bench) -> None:
    """A job of many tasks that do nothing, beside ninja finding out that it has nothing to do."""
    tasks = 10_000 // bench.scale
    job = jobs.noop_job(bench.scratch / "noops.toml", tasks)
    ways = {"project": lambda: bench.measure(bench.run_job(job)),
            "project_no_history": lambda: bench.measure(bench.run_job(job, "--no-history"))}
    if installed("ninja"):
        folder = up_to_date_folder(bench, tasks)
        ways["ninja"] = lambda: bench.measure(["ninja", "--quiet"], folder)
    show_medians("startup.noop10k", ways, 5)


def measure_many(bench: Bench) -> None:
    """Does it stay linear, how large does it get, and what does the history cost?"""
    for name, full in (("100k", 100_000), ("1m", 1_000_000)):
        tasks = full // bench.scale
        job = jobs.noop_job(bench.scratch / f"many-{name}.toml", tasks)
        recorded = bench.measure(bench.run_job(job))
        bare = bench.measure(bench.run_job(job, "--no-history"))
        for column, usage in (("project", recorded), ("project_no_history", bare)):
            row(f"tasks.{name}.wall", column, usage.wall_ms * 1e3 / tasks, "us/task")
            row(f"tasks.{name}.cpu", column, usage.cpu_ms * 1e3 / tasks, "us/task")
            row(f"tasks.{name}.rss", column, usage.peak_bytes / tasks, "B/task")
        row(f"tasks.{name}.history", "project", (recorded.wall_ms - bare.wall_ms) * 1e3 / tasks, "us/task")
        job.unlink()


def measure_idle(bench: Bench) -> None:
    """A host whose only task sleeps: what two seconds more of that cost."""
    cpu_ms = []
    for seconds in (1, 3):
        job = jobs.write_job(bench.scratch / "idle.toml", 1, "demo.sleep",
                             f'with = {{ for = "{seconds}s" }}\nheavy = true\n')
        cpu_ms.append(min(bench.measure(bench.run_job(job)).cpu_ms for _ in range(2)))
    row("idle.cpu", "project", max(0.0, cpu_ms[1] - cpu_ms[0]) / 2, "ms-per-s")


def make_tree(folder: pathlib.Path, files: int, total_bytes: int) -> None:
    """Files of very different sizes, the same ones each time; every tenth is a copy of the one before."""
    source = random.Random(7)
    shares = [source.paretovariate(1.2) for _ in range(files)]
    content = b""
    for i, share in enumerate(shares):
        if i % 10 != 9:
            content = source.randbytes(int(share / sum(shares) * total_bytes))
        file = folder / f"d{i % 100}" / f"f{i}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


INVENTORY_BY_HAND = """\
set -e
find "$1" -type f -print0 | xargs -0 -P2 -n64 sha256sum > "$2/sums"
sqlite3 "$2/files.db" <<SQL
create table raw(line text);
.separator "\\001"
.import "$2/sums" raw
create table files as select substr(line, 1, 64) as sha256, substr(line, 67) as path from raw;
SQL
"""


def measure_inventory(bench: Bench, source: pathlib.Path) -> None:
    files, size = (5000, 1 << 30) if bench.full else (5000 // bench.scale, (64 << 20) // bench.scale)
    tree = bench.folder("tree")
    make_tree(tree, files, size)

    def ours() -> process.Usage:
        out = fresh_folder(bench, "inventory-out")
        job = str(source / "examples/inventory/inventory.toml")
        return bench.measure([bench.ganger, "run", job, "--quiet", "-p", f"root={tree}", "-p", f"out={out}"])

    def by_hand() -> process.Usage:
        out = fresh_folder(bench, "by-hand-out")
        return bench.measure(["sh", "-c", INVENTORY_BY_HAND, "sh", str(tree), str(out)])

    ways = {"project": ours}
    if installed("sqlite3"):
        ways["find_xargs_sqlite3"] = by_hand
    show_medians("inventory", ways, 3)


def fresh_folder(bench: Bench, name: str) -> pathlib.Path:
    shutil.rmtree(bench.scratch / name, ignore_errors=True)
    return bench.folder(name)


def measure_all(bench: Bench, source: pathlib.Path) -> None:
    if bench.wants("startup."):
        measure_start(bench)
        measure_other_plugins(bench)
        measure_noops(bench)
    if bench.wants("e2e.wide"):
        measure_wide(bench)
    if bench.wants("e2e.chain"):
        measure_chain(bench)
    if bench.wants("tasks."):
        measure_many(bench)
    if bench.wants("idle."):
        measure_idle(bench)
    if bench.wants("inventory."):
        measure_inventory(bench, source)


def main() -> None:
    parser = argparse.ArgumentParser(description="Times whole commands.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", default="", metavar="PREFIX", help="only rows that start so")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="a tenth of everything")
    sizes.add_argument("--full", action="store_true", help="the inventory of 1 GiB")
    options = parser.parse_args()
    build = options.build.resolve()
    source = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=build) as scratch:
        bench = Bench(build, pathlib.Path(scratch), options.quick, options.full, options.only)
        measure_all(bench, source)
        os.chdir("/")  # so that the folder can go


if __name__ == "__main__":
    main()
