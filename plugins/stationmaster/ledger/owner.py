"""Who is at work on an effect: enough to tell, on the same machine, that a worker is dead before its lease ends."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_PROCESSES = Path("/proc")


def new_owner() -> str:
    """Return a token that no other call ever returns. It names the machine, the process and the process's start."""
    pid = os.getpid()
    return f"{secrets.token_hex(8)} {_machine()} {pid} {_started(pid)}"


def is_dead(owner: str) -> bool:
    """Return whether the process that made the token is certainly gone. In doubt, or on another machine, it is not."""
    _, machine, pid, started = owner.split(" ")
    if not machine or machine != _machine():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(int(pid)) not in (started, "")


def _machine() -> str:
    """Return what two processes share only if they see the same process ids; empty where that cannot be known."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(_PROCESSES / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks; ``dead`` for one that only waits to be reaped."""
    try:
        # The second field is the program's name in brackets; it may hold anything, brackets and spaces too.
        fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    state, ticks = fields[0], fields[19]
    return "dead" if state in "ZX" else ticks
