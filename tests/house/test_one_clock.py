"""One clock: nothing but stationmaster.clock asks what time it is, and core is told (architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.source_files import PACKAGE, modules

ASKING = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("pendulum", "now"),
    ("pendulum", "today"),
    ("pendulum", "yesterday"),
    ("pendulum", "tomorrow"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("timezone", "utcnow"),
}
"""``<name>.<attribute>`` that answers with the present. Monotonic clocks measure durations and are no calendar."""
ASKING_BY_NAME = {("time", "time"), ("time", "time_ns"), ("airflow.sdk.timezone", "utcnow")}
"""``from <module> import <name>`` of the same."""
REAL_TIME = {
    "rehearsal/up.py": "asks once, before its virtual clock exists: which week is this one?",
    "rehearsal/bench_runs.py": "measures real time against the instants that Airflow wrote down",
}


def questions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each place that asks for the present: line and words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner.lstrip("_"), node.attr) in ASKING:
                yield node.lineno, f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                if (node.module or "", name.name) in ASKING_BY_NAME:
                    yield node.lineno, f"from {node.module} import {name.name}"


def test_only_the_clock_asks_what_time_it_is() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {words}"
        for path, tree in modules().items()
        if path != PACKAGE / "clock.py" and str(path.relative_to(PACKAGE)) not in REAL_TIME
        for line, words in questions(tree)
    ]
    assert found == []


def test_the_clock_itself_is_found_so_the_test_can_fail() -> None:
    assert [words for _, words in questions(modules()[PACKAGE / "clock.py"])]


def test_core_is_told_the_time_and_does_not_know_the_clock() -> None:
    for path, tree in modules().items():
        if path.is_relative_to(PACKAGE / "core"):
            names = [
                name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for name in (getattr(node, "module", None) or "", *(alias.name for alias in node.names))
            ]
            assert "stationmaster.clock" not in names, path
