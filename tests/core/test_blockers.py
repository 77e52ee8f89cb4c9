"""The catalogue of blockers: complete, closed, and used as it is written, everywhere in the package."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

import stationmaster
from stationmaster.core.blockers import CATALOGUE, LONGEST_VALUE, IncompleteBlocker, UnknownBlocker, blocker, fill

PACKAGE = Path(stationmaster.__file__).parent
OPTIONS = {"since", "who", "clears_at", "subject"}

PROMISED = [
    "BEFORE_EARLIEST",
    "SOAKING",
    "QUORUM_MISSING",
    "VETOED",
    "OBJECTION_UNCLEAR",
    "CHAT_UNREADABLE",
    "ACCOUNT_CANNOT_VOTE",
    "AUTHORS_UNREAD",
    "AUTHOR_UNPROVED",
    "CONFIRMATION_MISSING",
    "CHECKLIST_OPEN",
    "CHECKLIST_FAILED",
    "HOLD_ASKED",
    "HELD_FOR_PULL_REQUEST",
    "NO_GREEN_COMMIT",
    "CHECKS_PENDING",
    "CHECKS_UNREADABLE",
    "HISTORY_REWRITTEN",
    "MISSED_WINDOW",
    "RUN_IN_PROGRESS",
    "RUN_NOT_FOUND",
    "RUN_FAILED",
    "RUN_SUPERSEDED",
    "VERIFYING",
    "NOT_DEPLOYED",
    "MANUAL_DEPLOY_OPEN",
    "ENVIRONMENT_LOCKED",
    "AMBIGUOUS_EFFECT",
    "SLACK_UNREACHABLE",
    "GITHUB_UNREACHABLE",
    "CONNECTION_MISSING",
    "NOTHING_STAGED",
    "PREVIOUS_DEPARTURE_OPEN",
    "MANIFEST_REJECTED",
    "WOULD_DOWNGRADE",
    "HEAD_MOVED",
    "DRIFT",
    "NOBODY_ON_CALL",
]


def calls_of_blocker() -> list[tuple[str, str, frozenset[str], bool]]:
    """Return place, code, names of the values and whether a mapping brings more, of every call in the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "blocker":
                continue
            if not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            names = {keyword.arg for keyword in node.keywords if keyword.arg is not None} - OPTIONS
            spread = any(keyword.arg is None for keyword in node.keywords)
            place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
            found.append((place, str(node.args[0].value), frozenset(names), spread))
    return found


def test_every_call_in_the_package_gives_a_known_code_exactly_its_values() -> None:
    wrong = []
    calls = calls_of_blocker()
    for place, code, names, spread in calls:
        kind = CATALOGUE.get(code)
        if kind is None:
            wrong.append(f"{place}: {code} is not in the catalogue")
        elif names - kind.values or (not spread and names != kind.values):
            wrong.append(f"{place}: {code} takes {sorted(kind.values)}, not {sorted(names)}")
    assert not wrong, "\n".join(wrong)
    assert len(calls) >= 8


@pytest.mark.parametrize("code", PROMISED)
def test_every_promised_code_is_in_the_catalogue(code: str) -> None:
    assert CATALOGUE[code].code == code


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_entry_fills_to_sentences_that_name_their_values(code: str) -> None:
    kind = CATALOGUE[code]
    found = fill(code, {name: f"<{name}>" for name in kind.values})
    assert found.sentence.endswith(".")
    assert found.how.endswith(".")
    assert all(f"<{name}>" in found.sentence + found.how for name in kind.values)
    assert "{" not in found.sentence + found.how


def test_an_unknown_code_and_wrong_values_are_refused_by_name() -> None:
    with pytest.raises(UnknownBlocker, match="NO_SUCH_CODE"):
        blocker("NO_SUCH_CODE")
    with pytest.raises(IncompleteBlocker, match=r"missing values \['why'\], unknown values \['because'\]"):
        blocker("SLACK_UNREACHABLE", because="rain")


def test_a_value_is_one_short_line_and_never_a_template() -> None:
    found = blocker("SLACK_UNREACHABLE", why="line\none\x00 {connection.password} " + "x" * 1000)
    assert "\n" not in found.sentence
    assert "\x00" not in found.sentence
    assert "{connection.password}" in found.sentence
    assert len(found.sentence) < LONGEST_VALUE + 100


def test_an_instant_is_written_with_its_zone() -> None:
    found = blocker("BEFORE_EARLIEST", opens=datetime(2021, 11, 4, 16, 0, tzinfo=UTC))
    assert "Thu 4 Nov 2021 16:00 UTC" in found.sentence
