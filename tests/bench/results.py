"""RESULTS.md: the bounds and how they are met, then everything that was measured."""

import os
import pathlib
import platform
import statistics
import subprocess
import time
import tomllib
from collections.abc import Sequence

import bounds

HERE = pathlib.Path(__file__).resolve().parent
GROUP_OF_FIRST_WORD = {"boost_dll_load_get": "plugin", "switches": "handoff"}
GROUPS = ("runner", "handoff", "pool", "dag", "plugin", "isolate", "startup", "e2e", "tasks", "idle", "inventory")


def short(value: float) -> str:
    """Three digits, and no exponent."""
    if value != 0 and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}"


def with_range(values: Sequence[float]) -> str:
    middle = short(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({short(min(values))} to {short(max(values))})"


def cpu_model() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"


def commit() -> str:
    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=False)

    name = git("rev-parse", "--short", "HEAD").stdout.strip() or "unknown"
    return name if git("diff", "--quiet", "HEAD").returncode == 0 else f"{name}, with changes"


def bound_line(bound: bounds.Bound, cells: bounds.Cells, reasons: dict[str, str]) -> str:
    ours = bound.ours.values(cells)
    peer = bound.peer.values(cells) if bound.peer else []
    limit = f"≤ {bound.most:g}" + (" ×" if bound.peer else f" {bound.unit}".rstrip())
    if not ours or (bound.peer and not peer):
        missing = "not measured" if not ours else f"no {bound.peer_name} here"
        return f"| {bound.what} | {with_range(ours) if ours else ''} | {missing} | | {limit} | | |"
    ratio = statistics.median(ours) / statistics.median(peer) if peer else None
    is_met = (statistics.median(ours) if ratio is None else ratio) <= bound.most
    return "| " + " | ".join([
        bound.what,
        f"{with_range(ours)} {bound.unit}".rstrip(),
        f"{bound.peer_name} {with_range(peer)}" if peer else "",
        "" if ratio is None else f"{ratio:.2f}",
        limit,
        "yes" if is_met else "**no**",
        "" if is_met else reasons.get(bound.key, f"not looked into yet (`{bound.key}`)"),
    ]) + " |"


def group_of(row: str) -> str:
    first_word = row.split(".")[0]
    group = GROUP_OF_FIRST_WORD.get(first_word, first_word)
    return group if group in GROUPS else "machine"


def row_lines(cells: bounds.Cells, units: dict[str, str], group: str) -> list[str]:
    lines = []
    for row in dict.fromkeys(row for row, _ in cells if row in units and group_of(row) == group):
        columns = {column: values for (of, column), values in cells.items() if of == row}
        ours = with_range(columns.pop("project")) if "project" in columns else ""
        others = "; ".join(f"{column} {with_range(values)}" for column, values in columns.items())
        lines.append(f"| {row} | {units[row]} | {ours} | {others} |")
    return lines


def table_of_all(cells: bounds.Cells, units: dict[str, str]) -> list[str]:
    lines = ["## Everything measured", "Median (lowest to highest) over the rounds."]
    for group in (*GROUPS, "machine"):
        rows = row_lines(cells, units, group)
        if rows:
            lines += ["", f"### {group}", "| row | unit | ours | others |", "| --- | --- | --- | --- |", *rows]
    return lines


def write(file: pathlib.Path, cells: bounds.Cells, units: dict[str, str], notes: Sequence[str]) -> None:
    """`cells` also holds the rows of counts.txt; they have no unit, for they have a file of their own."""
    reasons = tomllib.loads((HERE / "reasons.toml").read_text(encoding="utf-8"))
    lines = [
        "# Results",
        "Written by `./dev bench`; [README.md](README.md) says what the rows are. Compare columns, not runs.",
        "",
        f"- {time.strftime('%Y-%m-%d')}, commit {commit()}",
        f"- {cpu_model()}, {len(os.sched_getaffinity(0))} processors, {memory()}, Linux {platform.release()}",
        *(f"- {note}" for note in notes),
        "",
        "## Bounds",
        "Ours and the peer's: median (lowest to highest) over the rounds. The ratio is that of the medians.",
        "",
        "| work | ours | peer | ratio | bound | met | why not |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(bound_line(bound, cells, reasons) for bound in bounds.all_bounds()),
        "",
        *table_of_all(cells, units),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
