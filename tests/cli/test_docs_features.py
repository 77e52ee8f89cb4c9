"""docs/features.md ticks what a test shows, and gives a reason for the rest."""

from __future__ import annotations

import re

from tests.cli.conftest import ROOT

_ROW = re.compile(r"^\| ([RT]\d+) \| .+? \| (✓|(?:not yet|left out)) \| (.+?) \|$", re.MULTILINE)
ROWS = _ROW.findall((ROOT / "docs" / "features.md").read_text(encoding="utf-8"))


def test_every_row_of_the_rotations_and_of_the_trains_is_there():
    wanted = [f"R{number}" for number in range(1, 72)] + [f"T{number}" for number in range(1, 108)]
    assert [row[0] for row in ROWS] == wanted


def test_a_ticked_row_names_a_test_that_exists():
    missing = []
    for number, state, what in ROWS:
        if state != "✓":
            continue
        path, _, name = what.strip("`").partition("::")
        text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else ""
        if not name or f"def {name}(" not in text:
            missing.append((number, what))
    assert missing == []


def test_every_other_row_has_a_reason():
    assert all(len(what) > 6 for _, state, what in ROWS if state != "✓")
