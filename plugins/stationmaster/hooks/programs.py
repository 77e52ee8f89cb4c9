"""A program that is run for a check: no shell, no secrets, no children left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from stationmaster.config.fields import in_words

MOST_BYTES = 64 * 1024
"""What a program may print; more ends it."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Ran(NamedTuple):
    """How a program ended. ``code`` is None where it was ended: it took too long, or printed too much."""

    code: int | None
    text: str
    why: str = ""


def run(argv: tuple[str, ...], patience: timedelta) -> Ran:
    """Run a program in an empty folder of its own, and end it and all its children when its time is over."""
    with tempfile.TemporaryDirectory(prefix="stationmaster-check-") as folder:
        environment = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": folder}
        try:
            process = subprocess.Popen(  # noqa: S603 - the words are the team's file's, and no shell reads them
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Ran(None, "", f"cannot be started: {error.strerror}")
        try:
            return _followed(process, patience)
        finally:
            _end(process)


def _followed(process: subprocess.Popen[bytes], patience: timedelta) -> Ran:
    """Read what a program prints until it leaves; a child that keeps the pipe open does not hold this up."""
    ends = time.monotonic() + patience.total_seconds()
    printed = bytearray()
    pipe = process.stdout
    if pipe is None:
        raise RuntimeError("a program was started without a pipe")
    os.set_blocking(pipe.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        open_pipe = True
        while True:
            left = ends - time.monotonic()
            if left <= 0:
                return Ran(None, _text(printed), f"did not end within {in_words(patience)}, and was ended")
            if open_pipe and selector.select(min(left, 0.05)):
                piece = pipe.read(8192)
                open_pipe = piece != b""
                printed += piece or b""
                if not open_pipe:
                    selector.unregister(pipe)
            elif not open_pipe:
                time.sleep(min(left, 0.01))
            if len(printed) > MOST_BYTES:
                return Ran(None, _text(printed), f"printed more than {MOST_BYTES // 1024} KiB, and was ended")
            code = process.poll()
            if code is not None:
                printed += (pipe.read() or b"") if open_pipe else b""
                return Ran(code, _text(printed))


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _text(printed: bytearray) -> str:
    return bytes(printed[:MOST_BYTES]).decode("utf-8", errors="replace")
