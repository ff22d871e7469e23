"""Runs a command once and says what it took."""

import dataclasses
import os
import pathlib
import tempfile
import time
from collections.abc import Mapping, Sequence


@dataclasses.dataclass
class Usage:
    """Of a process and all it has waited for."""

    wall_ms: float
    cpu_ms: float
    peak_bytes: int  # of the largest process among them; never less than this interpreter's own


def run(command: Sequence[str], env: Mapping[str, str], cwd: pathlib.Path | None = None) -> Usage:
    """Ends the program where the command fails: what failed must not be measured."""
    if cwd is not None:
        os.chdir(cwd)
    with tempfile.TemporaryFile() as said:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, said.fileno(), 2),
        ]
        begin = time.monotonic_ns()
        child = os.posix_spawnp(command[0], command, env, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        end = time.monotonic_ns()
        if status != 0:
            said.seek(0)
            text = said.read().decode(errors="replace")
            raise SystemExit(f"'{' '.join(command)}' ended with {os.waitstatus_to_exitcode(status)}: {text}")
    cpu_ms = (usage.ru_utime + usage.ru_stime) * 1e3
    return Usage((end - begin) / 1e6, cpu_ms, usage.ru_maxrss * 1024)
