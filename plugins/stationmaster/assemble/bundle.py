"""Where the tasks of a DAG find ``include/``, wherever its bundle is unpacked to."""

from __future__ import annotations

import os
from pathlib import Path


def found_from(include: Path, dag_file: Path | str | None) -> str:
    """Return the path of ``include/`` relative to the DAG's file, absolute where they are not of one bundle (fact 27).

    :param dag_file: None where no file defines the DAG, as in a test.
    """
    file = Path(dag_file).absolute() if dag_file is not None else None
    if file is None or not file.is_relative_to(include.parent):
        return str(include)
    return os.path.relpath(include, file.parent)
