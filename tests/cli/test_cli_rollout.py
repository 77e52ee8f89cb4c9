"""``stationmaster rollout``: preview, status, and words with a name and a reason (D-09)."""

from __future__ import annotations

from pathlib import Path

import pytest

from stationmaster.ledger import Ledger
from stationmaster.rollouts import records
from tests.cli.conftest import ROOT
from tests.cli.test_docs_json import ROLLOUT, begin_a_rollout
from tests.cli.waiting_train import DEPARTURE, wait_for_quorum

TRAIN = "cellxgene.weekly"
WORD = ("--why", "an incident", "--by", "ben")


@pytest.fixture
def rollout(include: Path) -> Path:
    for file, old, new in ROLLOUT:
        text = (include / file).read_text()
        (include / file).write_text(text.replace(old, new, 1))
    return include


@pytest.fixture
def begun(rollout: Path, ledger: Ledger) -> Ledger:
    wait_for_quorum(ledger)
    begin_a_rollout(ledger)
    return ledger


def test_a_plan_is_previewed_without_a_ledger(rollout: Path, run) -> None:
    found = run("rollout", "preview", TRAIN)
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines() == [
        "batch 1, Thu 4 Nov 2021 09:00 PDT: io67a (Canary) gets 00000000",
        "batch 2, Thu 4 Nov 2021 11:00 PDT: shefu (Fiduciary) gets 00000000",
    ]


def test_every_mistake_of_a_plan_is_told_with_its_line(rollout: Path, run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("Thursday:\n  9:00: [nobody]\nFunday:\n  8:00: [io67a]\n")
    found = run("rollout", "preview", TRAIN, "--plan", str(plan))
    assert found.exit_code == 1
    assert [line.partition(".")[0] for line in found.stderr.splitlines()] == [
        "line 2: there is no target 'nobody'",
        "line 3: 'Funday' is no day",
    ]


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("preview", TRAIN, "--plan", "nowhere.yaml"), "nowhere.yaml cannot be read"),
        (("preview", TRAIN, "--start", "soon"), "'soon' is not a date"),
        (("preview", TRAIN, "--start", "9999-12-31"), "9999-12-31 is too far away. Write a year from 1970 to 2200."),
        (("preview", "cellxgene.weekly/2021-W43"), "is more than a train"),
        (("status", TRAIN), "has no rollout yet"),
        (("pause", TRAIN, *WORD), "No rollout of cellxgene.weekly is open"),
    ],
)
def test_what_cannot_be_done_says_why(
    rollout: Path, ledger: Ledger, run, words: tuple[str, ...], sentence: str
) -> None:
    found = run("rollout", *words)
    assert found.exit_code == 2
    assert sentence in found.stderr


def test_a_train_without_a_rollout_says_so(include: Path, run) -> None:
    found = run("rollout", "preview", TRAIN)
    assert found.exit_code == 2
    assert "has no rollout" in found.stderr


def test_the_status_shows_plan_against_fact(begun: Ledger, run) -> None:
    shown = run("rollout", "status", TRAIN).stdout
    assert f"{DEPARTURE}: rollout 1 of aaaaaaaaaaaa is open" in shown
    assert "io67a proposed" in shown
    assert "shefu planned" in shown


def test_words_stand_in_the_ledger_with_their_author(begun: Ledger, run) -> None:
    assert run("rollout", "pause", TRAIN, *WORD).exit_code == 0
    assert "is paused" in run("rollout", "status", TRAIN).stdout
    assert run("rollout", "resume", TRAIN, *WORD).exit_code == 0
    assert run("rollout", "again", TRAIN, "io67a", *WORD).exit_code == 2
    assert run("rollout", "leave", TRAIN, "io67a", *WORD).exit_code == 0
    assert run("rollout", "again", TRAIN, "io67a", *WORD).exit_code == 0
    assert run("rollout", "abort", TRAIN, *WORD).exit_code == 0
    said = begun.facts(DEPARTURE, kind=records.WORD)
    assert [(fact.value["word"], fact.by) for fact in said] == [
        (word, "ben") for word in ("pause", "resume", "leave", "again", "abort")
    ]
    assert "is aborted" in run("rollout", "status", TRAIN).stdout
    assert begun.verify() == ()


def test_the_shipped_files_have_what_the_copy_has() -> None:
    """The edits above still find what they replace."""
    for file, old, _ in ROLLOUT:
        assert old in (ROOT / "include" / file).read_text()
