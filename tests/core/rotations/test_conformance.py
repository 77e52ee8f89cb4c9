"""The engine answers cases whose answers are facts of other systems' tests, or were computed twice (issue 3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.rotations.vector_language import Config, answer, expected, load

CASES = load(Path(__file__).resolve().parents[2] / "vectors" / "oncall_examples.json")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_answer_is_the_known_one(case: Config) -> None:
    assert answer(case) == expected(case), case["description"]
