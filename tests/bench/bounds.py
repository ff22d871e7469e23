"""What ganger is held to: each bound says which figure of ours is compared with which figure of whom."""

import dataclasses
import statistics
from collections.abc import Callable, Sequence

Cell = tuple[str, str]  # row, column
Cells = dict[Cell, list[float]]  # a value a round


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number a round, made of one or more cells."""

    cells: Sequence[Cell]
    combine: Callable[[Sequence[float]], float] = statistics.geometric_mean

    def values(self, cells: Cells) -> list[float]:
        """Empty where a cell was not measured."""
        if not all(cell in cells for cell in self.cells):
            return []
        rounds = min(len(cells[cell]) for cell in self.cells)
        return [self.combine([cells[cell][i] for cell in self.cells]) for i in range(rounds)]


@dataclasses.dataclass(frozen=True)
class Bound:
    """`key` names it in reasons.toml. With a peer, `most` is a ratio, else a value in `unit`."""

    key: str
    what: str
    unit: str
    ours: Figure
    most: float
    peer: Figure | None = None
    peer_name: str = ""


def only_one(values: Sequence[float]) -> float:
    return values[0]


def difference(values: Sequence[float]) -> float:
    return values[0] - values[1]


def figure(row: str, column: str = "project") -> Figure:
    return Figure([(row, column)], only_one)


def against(what: str, unit: str, row: str, peer: str, most: float) -> Bound:
    """The same row in both columns."""
    return Bound(f"{row} / {peer}", what, unit, figure(row), most, figure(row, peer), peer)


def at_most(what: str, unit: str, row: str, most: float) -> Bound:
    return Bound(row, what, unit, figure(row), most)


def means(key: str, what: str, rows: Sequence[str], peer: str, most: float) -> Bound:
    """Geometric means over rows that are too noisy one by one."""
    ours, others = ([(row, column) for row in rows] for column in ("project", peer))
    return Bound(f"{key} / {peer}", what, "ns", Figure(ours), most, Figure(others), peer)


CROWDS = [f"w{workers}.s{givers}" for workers in (1, 2, 4, 8) for givers in (1, 2, 3, 4)]


def hand_off_bounds() -> list[Bound]:
    switches = Figure([(f"switches.{crowd}", "project") for crowd in CROWDS], statistics.mean)
    return [
        means("handoff", "hand-off, geometric mean over workers 1, 2, 4, 8 and givers 1 to 4",
              [f"handoff.{crowd}" for crowd in CROWDS], "go", 0.7),
        Bound("switches", "context switches a task, mean over the same", "a task", switches, 0.02),
        against("first start on an idle pool, p50", "ns", "handoff.idle_start_p50", "go", 2.0),
        at_most("eight idle workers, processor time a second", "ms", "handoff.idle_cpu", 1.0),
        at_most("idle host, processor time a second", "ms", "idle.cpu", 1.0),
    ]


def pool_bounds() -> list[Bound]:
    return [
        against("pool, acquire and release through the C table, one thread", "ns", "pool.t1.size25", "go", 0.6),
        at_most("… instructions", "", "instructions.pool.pair", 200),
        at_most("… allocations", "", "pool.t1.allocations", 0),
        means("pool.t2-25", "… 2, 4, 25 threads, geometric mean",
              [f"pool.t{threads}.size25" for threads in (2, 4, 25)], "go", 1.0),
    ]


def graph_bounds() -> list[Bound]:
    bounds = []
    for shape in ("chain", "tree", "random", "wide"):
        bounds.append(against(f"a million no-op tasks, {shape}: run", "ns", f"dag.{shape}.run", "tbb_flow", 0.5))
        bounds.append(against(f"… {shape}: build", "ns", f"dag.{shape}.build", "tbb_flow", 0.5))
        bounds.append(against(f"… {shape}: memory of plan and run", "B", f"dag.{shape}.bytes", "tbb_flow", 0.8))
    bounds.append(against("tasks of 1 µs, tree, two threads", "ns", "dag.tree_1us.run", "tbb_flow", 1.0))
    return bounds


def command_bounds() -> list[Bound]:
    return [
        against("`ganger run`, 10,000 no-op tasks, history on; ninja finds 10,000 targets up to date", "ms",
                "startup.noop10k.wall", "ninja", 1.0),
        at_most("100,000 tasks in a file: memory a task", "B", "tasks.100k.rss", 1024),
        at_most("a million: memory a task", "B", "tasks.1m.rss", 1024),
        Bound("tasks.1m.wall", "… time a task, beside 100,000", "us", figure("tasks.1m.wall"), 1.1,
              figure("tasks.100k.wall"), "100,000 tasks"),
        against("10,000 `true`, two at a time: CPU a task", "ms", "e2e.wide.cpu", "make", 1.1),
        against("… the same", "ms", "e2e.wide.cpu", "ninja", 0.6),
        against("… wall a task", "ms", "e2e.wide.wall", "make", 1.0),
        against("… the same", "ms", "e2e.wide.wall", "ninja", 0.75),
        at_most("… system calls of our own a task", "", "calls.exec.own", 18),
        against("chain of 1,000 `true`: wall a task", "ms", "e2e.chain.wall", "make", 1.1),
        against("… the same", "ms", "e2e.chain.wall", "ninja", 0.5),
        against("start: `--version`", "ms", "startup.version.wall", "ninja", 1.0),
        against("… a job of one task, no history", "ms", "startup.one_task.wall", "ninja", 1.0),
        against("… a job of one task, with history", "ms", "startup.one_task_history.wall", "ninja", 1.5),
        Bound("startup.other_plugins", "1,000 other plugins installed: how much more", "ms",
              Figure([("startup.other_plugins.wall", "project"), ("startup.other_plugins.wall", "project_alone")],
                     difference), 1.0),
        at_most("history on, 100,000 tiny tasks: how much more a task", "us", "tasks.100k.history", 2.0),
        against("`inventory` of a tree; find, xargs sha256sum, sqlite3", "ms", "inventory.wall", "find_xargs_sqlite3",
                1.0),
    ]


def plugin_bounds() -> list[Bound]:
    opened_cold = Figure([("posix_spawn_wait.true", "machine"), ("boost_dll_load_get.c.p50_of_100", "raw_dlopen")], sum)
    return [
        against("plugin: opened, its ELF headers checked", "us", "boost_dll_load_get.c.p50_of_100", "raw_dlopen", 1.5),
        against("plugin: opened with all checks, and its description read", "us", "plugin.load.p50_of_100",
                "raw_dlopen", 1.5),
        # Where the kernel lets the two ends run makes a factor of thirty: so each place is compared with itself.
        *(Bound(f"isolate.warm_p50 / pipe, {place}", f"isolated no-op task, warm, {words}", "us",
                figure(f"isolate.warm_p50.{place}"), 3.0, figure(f"pipe_round_trip_p50.{place}", "machine"),
                "pipe round trip")
          for place, words in (("same_core", "child on the caller's core"), ("other_core", "child on another core"))),
        Bound("isolate.cold_p50 / spawn + dlopen", "isolated no-op task, cold", "us", figure("isolate.cold_p50"), 2.0,
              opened_cold, "spawn of `true` + dlopen"),
    ]


def all_bounds() -> list[Bound]:
    lane = against("serial lane, no-op task with state, stop check and times; a loop with two clock reads", "ns",
                   "runner.task", "bare_loop", 1.3)
    return [lane, *hand_off_bounds(), *pool_bounds(), *graph_bounds(), *command_bounds(), *plugin_bounds()]
