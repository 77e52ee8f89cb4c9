"""docs/requirements.md ticks what a test shows, and nothing else."""

from __future__ import annotations

import re

from tests.cli.conftest import ROOT

_ROW = re.compile(r"^\| ([CDOTN]-\d\d) \| [SIL] \| .+? \| (✓|not yet) \| (?:`([^`]+)`)? ?\|$", re.MULTILINE)
ROWS = _ROW.findall((ROOT / "docs" / "requirements.md").read_text(encoding="utf-8"))


def test_every_row_of_the_team_is_there():
    counts = {"C": 38, "D": 31, "O": 20, "T": 22, "N": 18}
    expected = {f"{team}-{number:02}" for team, count in counts.items() for number in range(1, count + 1)}
    assert sorted(row[0] for row in ROWS) == sorted(expected)


def test_a_row_is_ticked_if_and_only_if_it_names_a_test():
    assert [row for row in ROWS if (row[1] == "✓") != bool(row[2])] == []


def test_each_named_test_exists_and_names_its_row():
    wrong = []
    for row, _, test in ROWS:
        if not test:
            continue
        path, _, name = test.partition("::")
        file = ROOT / path
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        body = re.search(rf"def {name}\(.*?(?=^def |^@|\Z)", text, re.DOTALL | re.MULTILINE)
        if body is None or not re.search(row.replace("-", "-?"), body[0], re.IGNORECASE):
            wrong.append((row, test))
    assert wrong == []
