"""CPU seconds and memory of a process and all its descendants, from /proc: for daemons that fork and reap."""

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def _tree(root: int) -> list[list[str]]:
    """The fields of /proc/PID/stat after the command name, of ``root`` and everything below it."""
    stats: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            stats[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended while we looked
    members = {root}
    grown = True
    while grown:
        more = {pid for pid, fields in stats.items() if int(fields[1]) in members} - members
        members |= more
        grown = bool(more)
    return [stats[pid] for pid in members if pid in stats]


def cpu_s(root: int) -> float:
    """User and system time, with that of children already reaped (fields 14-17 of proc(5))."""
    return sum(int(tick) for fields in _tree(root) for tick in fields[11:15]) / TICKS_PER_S


def pss_mb(root: int) -> float:
    """Proportional set size: shared pages counted once."""
    total_kb = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            if pid != root and int(fields[1]) != root:
                continue
            rollup = (path.parent / "smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total_kb / 1024
