"""A departure's state is changed by an act of the one table; only tests and the bench set one up (F05, F32)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import stationmaster

CODE = Path(str(stationmaster.__file__)).parent


def _callers(name: str) -> Iterator[tuple[str, str]]:
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                yield path.relative_to(CODE).as_posix(), ast.unparse(node.func.value)


def test_only_the_bench_sets_a_state_up() -> None:
    ledgers = [(path, owner) for path, owner in _callers("set_state") if owner.endswith("ledger")]
    assert {path for path, _ in ledgers} == {"rehearsal/bench_rollout.py", "rehearsal/bench_station.py"}


def test_states_are_moved_by_acts() -> None:
    movers = [
        owner for path, owner in _callers("move") if owner.endswith("ledger") and not path.startswith("rehearsal/")
    ]
    assert len(movers) >= 5
