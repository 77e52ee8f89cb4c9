"""``stationmaster link``: the issue of a departure, given while it waits (T-04)."""

from __future__ import annotations

import pytest

from stationmaster.departures import ruling
from tests.cli import waiting_train

REPO = "chanzuckerberg/single-cell-infra"


@pytest.fixture
def asked(include, ledger):
    """The train asks for an issue, and a departure waits."""
    path = include / "trains" / "cellxgene.weekly.yaml"
    path.write_text(f"{path.read_text()}\nrules: {{issue: {{mode: required, repository: {REPO}}}}}\n")
    waiting_train.wait_for_quorum(ledger)
    return ledger


def test_t04_the_issue_is_kept_in_somebodys_name(run, asked):
    result = run("link", waiting_train.DEPARTURE, "#12", "--by", "emil")
    assert (result.exit_code, result.stdout) == (0, f"{waiting_train.DEPARTURE} is logged as {REPO}#12.\n")
    (kept,) = asked.facts(waiting_train.DEPARTURE, kind=ruling.LINK)
    assert (kept.by, kept.value["number"]) == ("emil", 12)
    assert run("link", waiting_train.DEPARTURE, "#12", "--by", "ben").exit_code == 0
    assert len(asked.facts(waiting_train.DEPARTURE, kind=ruling.LINK)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((waiting_train.DEPARTURE, "nothing", "--by", "emil"), "names no issue"),
        ((waiting_train.DEPARTURE, "#12", "--by", "mallory"), "'mallory' is not in the people"),
        (("cellxgene.weekly/2031-W01", "#12", "--by", "emil"), "was never opened"),
        (("cellxgene.weekly", "#12", "--by", "emil"), "is no departure"),
    ],
)
def test_t04_anything_else_is_refused(run, asked, words, said):
    result = run("link", *words)
    assert (result.exit_code, said in " ".join(result.stderr.split())) == (2, True)
    assert asked.facts(waiting_train.DEPARTURE, kind=ruling.LINK) == ()


def test_a_train_that_asks_for_no_issue_takes_none(run, ledger):
    waiting_train.wait_for_quorum(ledger)
    assert run("link", waiting_train.DEPARTURE, "#12", "--by", "emil").exit_code == 2
