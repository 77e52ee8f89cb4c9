"""The project's own files, as tests read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins" / "stationmaster"
GENERATED = {".git", ".venv", ".station", "__pycache__", "dist"}


@cache
def modules() -> dict[Path, ast.Module]:
    """Return the syntax tree of every module of the package, by its path."""
    return {path: ast.parse(path.read_text(), str(path)) for path in sorted(PACKAGE.rglob("*.py"))}


def project_files() -> Iterator[Path]:
    """Yield every file that is, or would be, committed: git's own answer, or in an export a walk."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        for path in ROOT.rglob("*"):
            if path.is_file() and not GENERATED & set(path.relative_to(ROOT).parts):
                yield path
        return
    yield from (ROOT / name for name in listed if name and (ROOT / name).is_file())
