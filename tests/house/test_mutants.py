"""The guards that ``python -m tests.mutants`` takes out stand where it looks for them, and their tests exist."""

from __future__ import annotations

import ast

import pytest

from tests.mutants import MUTANTS, PACKAGE, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.scenario)
def test_a_guard_stands_once_and_its_mutant_is_python(mutant: Mutant) -> None:
    text = (PACKAGE / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.guard) == 1
    ast.parse(text.replace(mutant.guard, mutant.instead))
    path, _, name = mutant.test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_at_least_ten_scenarios_are_proved() -> None:
    assert len({mutant.scenario.split(":")[0] for mutant in MUTANTS}) >= 10
