"""Job files for measuring: as many tasks as asked for, all of one kind."""

import pathlib
from collections.abc import Callable, Iterable

Predecessors = Callable[[int], Iterable[int]]


def nothing(_: int) -> Iterable[int]:
    return ()


def the_one_before(i: int) -> Iterable[int]:
    return (i - 1,) if i else ()


def write_job(file: pathlib.Path, tasks: int, uses: str, more: str = "", after: Predecessors = nothing) -> pathlib.Path:
    """Writes tasks t0, t1 and so on of the type `uses`; `more` is further lines of each."""
    with file.open("w", encoding="utf-8") as out:
        for i in range(tasks):
            out.write(f'[[task]]\nname = "t{i}"\nuses = "{uses}"\n')
            before = ", ".join(f'"t{p}"' for p in after(i))
            if before:
                out.write(f"after = [{before}]\n")
            out.write(more)
    return file


def noop_job(file: pathlib.Path, tasks: int) -> pathlib.Path:
    return write_job(file, tasks, "demo.noop")


def isolated_job(file: pathlib.Path, tasks: int) -> pathlib.Path:
    return write_job(file, tasks, "demo.noop", 'isolate = "process"\n')


def command_job(file: pathlib.Path, tasks: int, after: Predecessors = nothing) -> pathlib.Path:
    return write_job(file, tasks, "exec.run", 'with = { argv = ["/bin/true"] }\n', after)
