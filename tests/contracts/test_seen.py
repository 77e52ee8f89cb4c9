"""XComs, waits and questions: what the tests of all areas have seen of each task (F69); see ``evidence``."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from stationmaster.operators import question
from tests.contracts import evidence
from tests.contracts.evidence import nameless, news, seen, shown
from tests.contracts.scan import package, plain
from tests.contracts.test_dags import operators
from tests.contracts.test_words import looks
from tests.golden_files import assert_golden


def pushed() -> list[str]:
    """The XCom keys beside ``return_value``, by the calls that push them."""
    calls = [call for call in package().calls() if getattr(call.node.func, "attr", "") == "xcom_push"]
    found = {(call, plain(text)) for call in calls for text in package().read(call.scope, call.given("key", 0))}
    return sorted({f"{call.scope.module.name.removeprefix('stationmaster.')}: {key}" for call, key in found})


def test_f69_what_no_test_has_seen_is_known():
    """A task without a shape here has one that nothing holds: run it in a test of its area."""
    results = {line.partition(" → ")[0] for line in seen("xcoms")}
    asked = {area: [name for name in names if not is_waited_for(area, name)] for area, names in looks().items()}
    assert_golden(
        "unseen",
        {
            "xcom keys": pushed(),
            "task state": [question._KEY, *sorted(question.Kept._fields)],
            "without an xcom": sorted({each.__name__ for each in operators()} - results),
            "never waited for": {area: names for area, names in asked.items() if names},
        },
    )


TRIGGERS = {
    "trains": "StationTrigger",
    "rollouts": "RolloutTrigger",
    "handoffs": "HandoffTrigger",
    "upgrades": "UpgradeTrigger",
}


def is_waited_for(area: str, name: str) -> bool:
    lines = {line.partition(" → ")[0] for line in seen("waits")}
    return (f"{TRIGGERS[area]} {name}" if area in TRIGGERS else f"TeamTrigger {area} {name}") in lines


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("cellxgene.weekly/2021-W42/tell/headline", "<departure>/tell/headline"),
        ("cellxgene.weekly/2021-W42.hotfix-2/pick/" + "a1" * 20, "<departure>/pick/<sha>"),
        ("dre.dependencies/dfinity/dre/2024-W11/ask/0", "<upgrade>/ask/<n>"),
        (
            "hausmeister.watch/issue/nubank/itaipu#2/late/P4/2024-03-11T2000Z",
            "<team>.watch/issue/<repository>#<n>/late/P<n>/<instant>",
        ),
        ("cellxgene.incident/2024-03-12.1/tell/page/0/1/ben", "<incident>/tell/page/<n>/<n>/<person>"),
        ("threefold.chores/backups/2024-03-10T0900/late/to-primary-0", "<chore run>/late/to-<role>-<n>"),
        ("dre.oncall/2024-03-11T08:00Z/package", "<handoff>/package"),
        ("threefold.chores/backups/2024-03-10T0900-19b04f/ask/0", "<chore run>/ask/<n>"),
        ("headline", "headline"),
    ],
)
def test_names_are_taken_out_and_words_stay(text, without):
    assert nameless(text) == without


def test_the_shape_of_a_result_is_that_of_its_parts():
    assert shown({"b": 1, "a": [{"x": 1}, {"y": 2}], "of": {"emil": 1}}) == "{a: [{x} or {y}], b, of: {<person>}}"


def test_what_is_new_is_told_once(monkeypatch):
    monkeypatch.setattr(evidence, "known", lambda: known)
    monkeypatch.setattr(evidence, "renewing", lambda: False)
    known = {"effects": {"<departure>/tell/headline → channel, ts"}}
    found = {
        ("effects", "<departure>/tell/headline → channel, ts"),
        ("effects", "<departure>/tell/headlines → channel, ts"),
    }
    assert news(found) == ["effects: <departure>/tell/headlines → channel, ts"]
    assert news(found) == []


def test_a_recording_hears_the_package_and_no_test(tmp_path):
    from stationmaster.clock import now
    from stationmaster.ledger import Ledger
    from stationmaster.work import effects

    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(now())
    desk = SimpleNamespace(ledger=ledger, now=now)
    with evidence.recording() as found:
        ledger.record("x", "by-a-test", "", {}, now(), "nobody")
        key, act = "cellxgene.weekly/2021-W42/new/1", lambda: {"at": 1}
        effects.perform(desk, key, guard=effects.FREE, intent={}, act=act, look_up=lambda: None)
    ledger.close()
    assert found == {("effects", "<departure>/new/<n> → at")}


def test_every_area_has_witnesses():
    folders = {path.name for path in evidence.TESTS.iterdir() if (path / "__init__.py").exists()}
    assert set(evidence.AREAS) <= folders
    assert all((evidence.TESTS / each).is_file() for each in evidence.NOT_WITNESSES)
    assert not evidence.is_witness(Path(__file__))
