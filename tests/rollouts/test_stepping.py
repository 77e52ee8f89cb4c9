"""A rollout from its plan to its end: batches, gates, votes, versions, alerts (D-09 … D-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stationmaster.config.rolling_out import Rollout
from stationmaster.config.train_rules import Rules
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures.explaining import explain
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.ledger.records import EffectState
from stationmaster.rehearsal.alerts.standin import Fire, Silence
from stationmaster.rehearsal.governance.world import Decide, Fault, Upgrade
from stationmaster.rollouts import batch_gates, records, reporting, speaking
from stationmaster.rollouts.records import RolloutRefused
from stationmaster.work import halting
from stationmaster.work.obstacles import StepImpossible
from tests.rollouts.making import DEPARTURE, NEW, OLD, OTHER, Rolling

DONE, FAILED, PLANNED, PROPOSED, LEFT = (
    Progress.DONE,
    Progress.FAILED,
    Progress.PLANNED,
    Progress.PROPOSED,
    Progress.LEFT,
)
TWO = 'Monday:\n  "9:00": [io67a, shefu, pjljw, qdvhd]\n  "10:00": [bkfrj]'


def say(rolling: Rolling, word: str, target: str | None = None, why: str = "because") -> None:
    station = rolling.station()
    speaking.say(station, speaking.open_record(station), word, why=why, by="bojan", target=target)


def proposed(rolling: Rolling) -> list[tuple[str, str]]:
    return [(made.target, made.version) for made in rolling.governance.proposals]


def decide(rolling: Rolling, target: str, **order: bool) -> None:
    made = rolling.governance.find(target=target)[0]
    rolling.governance.decide(Decide(proposal=made.id, **order))


def test_d09_a_whole_rollout(rolling: Rolling) -> None:
    record = rolling.open()
    assert rolling.codes(rolling.look(1, "start")) == ["BATCH_NOT_DUE"]
    for batch in (1, 2, 3):
        rolling.roll(batch)
    assert set(rolling.progress().values()) == {DONE}
    assert proposed(rolling) == [
        ("io67a", NEW),
        ("shefu", NEW),
        ("uzr34", NEW),
        ("pjljw", NEW),
        ("qdvhd", OTHER),
        ("bkfrj", NEW),
    ]
    assert {each.key for each in rolling.governance.proposals if each.target == "io67a"} == {
        f"{DEPARTURE}/rollout/io67a/{NEW}/proposal"
    }
    votes = [text for text in rolling.said() if "please vote" in text]
    assert len(votes) == 3
    assert "<@" in votes[0]
    station = rolling.station()
    assert reporting.close(station, DEPARTURE, 1) == "over"
    assert reporting.close(station, DEPARTURE, 1) == "over"
    assert rolling.said()[-1].endswith("is over: 6 of 6 targets run it.")
    found = reporting.report(station, record)
    assert (found.state, [batch.number for batch in found.batches]) == ("over", [1, 2, 3])
    assert all(batch.late_seconds is not None and batch.late_seconds >= 0 for batch in found.batches)
    assert all(batch.ended_at is not None and batch.ended_at > batch.planned_at for batch in found.batches)


def test_d09_the_canary_goes_first_and_alone(rolling: Rolling) -> None:
    rolling.open()
    rolling.drive(1, "proposed", minutes=30)
    rolling.clock.move(hours=3)
    assert rolling.codes(rolling.look(2, "start")) == ["BATCH_BEFORE"]
    assert "io67a is proposed" in rolling.look(2, "start").blockers[0].sentence


def test_f32_a_wait_that_is_marked_as_success_opens_nothing(rolling: Rolling) -> None:
    """The tasks before it are skipped over by hand; whoever proposes counts again."""
    rolling.open()
    rolling.clock.move(days=3)
    for stage in ("proposed", "accepted", "running", "quiet"):
        assert "BATCH_BEFORE" in rolling.codes(rolling.act(2, stage))
        assert not rolling.look(2, stage).opens
    assert proposed(rolling) == []


def test_f32_a_gate_that_closes_at_the_last_moment_keeps_the_proposal(
    rolling: Rolling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pauses the rollout while the worker asks what the target runs."""
    rolling.open()
    rolling.clock.move(hours=3)
    real, looked = batch_gates.target_blocker, []

    def paused_meanwhile(*arguments: Any) -> Any:
        if not looked:
            say(rolling, "pause", why="wait")
        looked.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(batch_gates, "target_blocker", paused_meanwhile)
    assert "ROLLOUT_PAUSED" in rolling.codes(rolling.act(1, "proposed"))
    assert proposed(rolling) == []
    say(rolling, "resume")
    assert rolling.act(1, "proposed").opens


def test_d11_a_proposal_is_made_only_if_the_newest_one_is_not_ours(rolling: Rolling) -> None:
    rolling.open('Monday:\n  "9:00": [io67a, shefu, pjljw, qdvhd]')
    theirs = rolling.governance.create("update", "io67a", NEW, "by hand", "")
    rolling.governance.upgrade(Upgrade(target="shefu", version=NEW))
    other = rolling.governance.create("update", "pjljw", OTHER, "of somebody else", "")
    rolling.governance.create("update", "qdvhd", NEW, "lost", "")
    decide(rolling, "qdvhd", accept=False)
    rolling.clock.move(hours=3, minutes=-1)
    rolling.governance._decided_after = None
    for made in (theirs, other):
        made.accepted, made.decided_at = None, None
    rolling.clock.move(minutes=1)
    standing = rolling.act(1, "proposed")
    assert rolling.codes(standing) == ["OTHER_PROPOSAL_OPEN"]
    assert proposed(rolling) == [("io67a", NEW), ("pjljw", OTHER), ("qdvhd", NEW), ("qdvhd", NEW)]
    assert rolling.progress() == {
        "io67a": PROPOSED,
        "shefu": Progress.RUNNING,
        "pjljw": PLANNED,
        "qdvhd": PROPOSED,
    }
    assert not rolling.look(1, "proposed").opens
    decide(rolling, "pjljw", accept=False)
    assert rolling.look(1, "proposed").opens, "a worker is woken, since there is something to propose"
    assert rolling.act(1, "proposed").opens
    assert proposed(rolling)[4:] == [("pjljw", NEW)]


def test_a_rejected_proposal_stops_the_rollout_until_a_person_decides(rolling: Rolling) -> None:
    rolling.open()
    rolling.drive(1, "proposed", minutes=30)
    decide(rolling, "io67a", accept=False)
    standing = rolling.look(1, "accepted")
    assert rolling.codes(standing) == ["ROLLOUT_STOPPED"]
    assert "io67a (its proposal was rejected)" in standing.blockers[0].sentence
    rolling.clock.move(hours=5)
    assert rolling.codes(rolling.look(2, "start")) == ["ROLLOUT_STOPPED"]
    say(rolling, "again", "io67a")
    assert rolling.look(1, "accepted").opens, "a worker is woken to propose it again"
    assert not rolling.act(1, "accepted").opens
    assert [made.key.rpartition(NEW)[2] for made in rolling.governance.proposals] == ["/proposal", "/proposal/2"]
    rolling.drive(1, "quiet")
    assert rolling.progress()["io67a"] is DONE


def test_a_target_can_be_left_behind(rolling: Rolling) -> None:
    rolling.open()
    rolling.drive(1, "proposed", minutes=30)
    decide(rolling, "io67a", executes=False)
    rolling.clock.move(minutes=10)
    assert rolling.codes(rolling.act(1, "running")) == ["ROLLOUT_STOPPED"]
    assert "failed when it was carried out" in rolling.act(1, "quiet").blockers[0].sentence
    say(rolling, "leave", "io67a", "broken hardware")
    assert rolling.act(1, "quiet").opens
    assert rolling.progress()["io67a"] is LEFT
    with pytest.raises(RolloutRefused, match="left already"):
        say(rolling, "leave", "io67a")
    say(rolling, "again", "io67a")
    assert rolling.progress()["io67a"] is PLANNED


@pytest.mark.parametrize("share, stops", [(0.25, False), (0.2, True)])
def test_so_many_of_a_batch_may_fail(rolling: Rolling, share: float, stops: bool) -> None:
    train = rolling.team.trains["weekly"]
    rollout = Rollout.model_validate({**train.rollout.model_dump(mode="json"), "tolerance": {"share": share}})
    rolling.team = rolling.team.model_copy(update={"trains": {"weekly": train.model_copy(update={"rollout": rollout})}})
    rolling.open(TWO)
    rolling.drive(1, "proposed", minutes=30)
    decide(rolling, "shefu", accept=False)
    if stops:
        assert rolling.codes(rolling.act(1, "accepted")) == ["ROLLOUT_STOPPED"]
    else:
        rolling.drive(1, "quiet")
        rolling.clock.move(hours=2)
        assert rolling.look(2, "start").opens
        assert rolling.progress() == {"io67a": DONE, "shefu": FAILED, "pjljw": DONE, "qdvhd": DONE, "bkfrj": PLANNED}


def test_two_targets_stay_apart_in_fact_and_not_only_in_the_plan(rolling: Rolling) -> None:
    """The plan keeps 24 hours between them; the first one came three hours late."""
    rolling.open('Monday:\n  "9:00": [uzr34]\nTuesday:\n  "9:00": [io67a, pzp6e]')
    rolling.clock.move(hours=5)
    rolling.drive(1, "quiet")
    rolling.clock.move(hours=21)
    standing = rolling.act(2, "proposed")
    assert rolling.codes(standing) == ["TARGETS_TOO_NEAR"]
    assert standing.blockers[0].clears_at > rolling.clock()
    assert proposed(rolling) == [("uzr34", NEW), ("io67a", NEW)], "the other one of the batch goes all the same"
    rolling.clock.to(standing.blockers[0].clears_at)
    assert rolling.look(2, "proposed").opens
    assert rolling.act(2, "proposed").opens
    assert proposed(rolling)[2:] == [("pzp6e", NEW)]


def test_an_alert_keeps_a_batch_open_and_starts_the_quiet_anew(rolling: Rolling) -> None:
    rolling.open()
    rolling.drive(1, "running", minutes=30)
    alert = Fire(labels={"alertname": "Lagging", "target": "io67a"})
    rolling.alerts.fire(Fire(labels={"alertname": "Elsewhere", "target": "shefu"}))
    assert rolling.codes(rolling.look(1, "quiet")) == ["ALERTS_SETTLING"]
    rolling.clock.move(minutes=5)
    rolling.alerts.fire(alert)
    standing = rolling.look(1, "quiet")
    assert rolling.codes(standing) == ["ALERTS_FIRING"]
    assert "Lagging on io67a" in standing.blockers[0].sentence
    rolling.clock.move(minutes=30)
    rolling.alerts.end(alert)
    quiet = rolling.clock()
    for _ in range(3):
        assert rolling.codes(rolling.look(1, "quiet")) == ["ALERTS_SETTLING"]
        assert rolling.look(1, "quiet").blockers[0].clears_at == quiet + timedelta(minutes=15)
        rolling.clock.move(minutes=5)
    assert rolling.look(1, "quiet").opens


def test_time_in_which_nobody_looked_is_not_quiet(rolling: Rolling) -> None:
    rolling.open()
    rolling.drive(1, "running", minutes=30)
    assert not rolling.look(1, "quiet").opens
    rolling.clock.move(hours=2)
    assert rolling.codes(rolling.look(1, "quiet")) == ["ALERTS_SETTLING"]
    rolling.clock.move(minutes=5)
    rolling.alerts.silence(Silence(times=1))
    assert rolling.codes(rolling.look(1, "quiet")) == ["ALERTS_UNREACHABLE"]
    rolling.governance.upgrade(Upgrade(target="io67a", version=OLD))
    rolling.clock.move(minutes=30)
    assert "another version runs there" in rolling.look(1, "quiet").blockers[0].sentence


def test_pause_resume_and_abort(rolling: Rolling) -> None:
    rolling.open()
    rolling.clock.move(hours=3)
    say(rolling, "pause", why="an incident on io67a.")
    standing = rolling.act(1, "proposed")
    assert rolling.codes(standing) == ["ROLLOUT_PAUSED"]
    assert standing.blockers[0].sentence == "Bojan Ilić has paused the rollout: “an incident on io67a”."
    with pytest.raises(RolloutRefused, match="paused it already"):
        say(rolling, "pause")
    say(rolling, "resume")
    with pytest.raises(RolloutRefused, match="not paused"):
        say(rolling, "resume")
    assert rolling.act(1, "proposed").opens
    say(rolling, "abort", why="wrong version")
    for step in (rolling.act, rolling.look):
        with pytest.raises(DepartureSkipped, match="bojan has aborted the rollout: “wrong version”"):
            step(1, "accepted")
    with pytest.raises(RolloutRefused, match="No rollout"):
        say(rolling, "pause")
    assert reporting.close(rolling.station(), DEPARTURE, 1) == "aborted"
    assert "was aborted: 0 of 6 targets run it" in rolling.said()[-1]


@pytest.mark.parametrize(
    "word, target, why, by, sentence",
    [
        ("pause", None, " ", "bojan", "Why?"),
        ("pause", None, "x", "stranger", "not in the people"),
        ("again", "io67a", "x", "bojan", "io67a is planned"),
        ("leave", "io6", "x", "bojan", "Write its whole name"),
        ("leave", None, "x", "bojan", "nothing is not a target"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused(
    rolling: Rolling, word: str, target: str | None, why: str, by: str, sentence: str
) -> None:
    record = rolling.open()
    with pytest.raises(RolloutRefused, match=sentence):
        speaking.say(rolling.station(), record, word, why=why, by=by, target=target)


def test_t01_a_rollout_goes_on_by_the_word_of_those_who_may_change_production(rolling: Rolling) -> None:
    train = rolling.station().train
    rolling.team = rolling.team.model_copy(
        update={
            "groups": {**rolling.team.groups, "few": ("anouk",)},
            "trains": {train.id: train.model_copy(update={"rules": Rules(actors="few")})},
        }
    )
    record = rolling.open()
    speaking.say(rolling.station(), record, "pause", why="look first", by="bojan")
    for word, target in (("resume", None), ("again", "io67a"), ("leave", "io67a"), ("downgrade", "io67a")):
        with pytest.raises(StepImpossible, match="Only members of few may change"):
            speaking.say(rolling.station(), record, word, why="go", by="bojan", target=target)
    speaking.say(rolling.station(), record, "resume", why="looked", by="anouk")
    speaking.say(rolling.station(), record, "abort", why="wrong", by="bojan")


def test_a_train_that_is_stopped_and_a_freeze_hold_every_proposal(rolling: Rolling) -> None:
    rolling.open()
    rolling.clock.move(hours=3)
    halting.halt(rolling.ledger, "dre.weekly", why="look first", now=rolling.clock(), by="anouk")
    assert rolling.codes(rolling.act(1, "proposed")) == ["HALTED"]
    halting.resume(rolling.ledger, "dre.weekly", why="looked", now=rolling.clock(), by="anouk")
    files = rolling.team.model_dump(mode="json")
    files["freezes"] = [
        {
            "name": "year-end",
            "mode": "hold_promotion",
            "why": "x",
            "start": "2026-11-20 00:00",
            "end": "2026-11-25 00:00",
        }
    ]
    rolling.team = type(rolling.team).model_validate(files)
    assert rolling.codes(rolling.act(1, "proposed")) == ["FROZEN"]
    assert proposed(rolling) == []
    rolling.clock.move(days=2)
    assert rolling.look(1, "proposed").opens
    assert rolling.act(1, "proposed").opens


def test_a_version_that_is_not_elected_goes_nowhere(rolling: Rolling) -> None:
    rolling.governance._elected.discard(NEW)
    rolling.open()
    rolling.clock.move(hours=3)
    assert rolling.codes(rolling.act(1, "proposed")) == ["NOT_ELECTED"]
    assert proposed(rolling) == []


@pytest.mark.parametrize("kind", ["nothing_before", "nothing_after"])
def test_f03_a_lost_answer_makes_one_proposal(rolling: Rolling, kind: str) -> None:
    rolling.open()
    rolling.clock.move(hours=3)
    rolling.governance.script(Fault(kind=kind))
    standing = rolling.act(1, "proposed")
    if kind == "nothing_before":
        assert rolling.codes(standing) == ["EFFECT_UNSETTLED"]
        rolling.clock.move(seconds=10)
        assert not rolling.act(1, "proposed").opens, "the first one may still come to show"
    rolling.clock.move(minutes=1)
    assert rolling.act(1, "proposed").opens
    assert proposed(rolling) == [("io67a", NEW)]
    (effect,) = [each for each in rolling.ledger.effects(DEPARTURE) if each.key.endswith("/proposal")]
    assert effect.state is (EffectState.ADOPTED if kind == "nothing_after" else EffectState.DONE)


def test_what_the_proposal_system_cannot_say_is_never_a_yes(rolling: Rolling) -> None:
    rolling.open()
    rolling.drive(1, "proposed", minutes=30)
    rolling.clock.move(hours=1)
    rolling.governance.script(Fault(kind="no_json"))
    assert rolling.codes(rolling.look(1, "accepted")) == ["PROPOSALS_UNREACHABLE"]
    rolling.governance.script(Fault(kind="unauthorised"))
    assert rolling.codes(rolling.look(1, "accepted")) == ["PROPOSALS_REFUSED"]
    assert rolling.progress()["io67a"] is PROPOSED
    assert rolling.look(1, "accepted").opens


def test_a_stalled_batch_is_told_once_an_hour(rolling: Rolling) -> None:
    rolling.governance._decided_after = None
    rolling.open()
    rolling.drive(1, "proposed", minutes=30)

    def told() -> int:
        return sum("has got no further" in text for text in rolling.said())

    for minutes, times in ((10, 0), (49, 0), (2, 1), (30, 1), (30, 2), (180, 3)):
        rolling.clock.move(minutes=minutes)
        for _ in range(2):
            rolling.look(1, "accepted")
        rolling.look(2, "start")
        assert told() == times, minutes
    assert "Votes are open on 140000 (io67a)" in rolling.said()[-1]


def test_f60_a_silent_slack_holds_nothing_up_and_is_asked_again(rolling: Rolling) -> None:
    rolling.open()
    rolling.clock.move(hours=3)
    rolling.slack.token_revoked = True
    rolling.act(1, "proposed")
    rolling.act(1, "accepted")
    rolling.slack.token_revoked = False
    assert not any("please vote" in text for text in rolling.said())
    rolling.clock.move(minutes=1)
    rolling.look(1, "accepted")
    rolling.look(1, "accepted")
    assert sum("please vote" in text for text in rolling.said()) == 1


def test_one_rollout_at_a_time(rolling: Rolling) -> None:
    first = rolling.open()
    assert rolling.open().number == first.number, "the same plan is the same rollout"
    with pytest.raises(RolloutRefused, match="with another plan"):
        rolling.open(TWO)
    rolling.drive(1, "proposed", minutes=30)
    say(rolling, "abort")
    second = rolling.open('Tuesday:\n  "9:00": [io67a, shefu]')
    assert second.number == 2
    with pytest.raises(DepartureSkipped, match="rollout 2 has begun"):
        rolling.act(1, "accepted", number=1)
    assert rolling.progress() == {"io67a": PROPOSED, "shefu": PLANNED}, "what was reached stays"
    rolling.clock.move(days=1, hours=5)
    assert rolling.act(1, "proposed", number=2).opens
    assert proposed(rolling) == [("io67a", NEW), ("shefu", NEW)]


@pytest.mark.parametrize(
    "week, sentence",
    [("2026-W40", "There is no departure"), ("soon", "is not an ISO week"), ("2026-W46", "is not promoted")],
)
def test_only_what_is_promoted_is_rolled_out(rolling: Rolling, week: str, sentence: str) -> None:
    rolling.promoted("dre.weekly/2026-W46", OTHER)
    with rolling.ledger.writing() as pen:
        from sqlalchemy import text

        pen.session.execute(text("delete from ledger_facts where departure = 'dre.weekly/2026-W46'"))
    with pytest.raises(RolloutRefused, match=sentence):
        rolling.open(week=week)
    assert records.newest(rolling.ledger, DEPARTURE) is None


def test_explain_says_what_a_rollout_waits_for_although_its_departure_is_done(rolling: Rolling) -> None:
    rolling.open()
    assert explain(rolling.station()).departures == ()
    subject = f"{DEPARTURE}/rollout/batch.wait_until_start_time/batch 1 · io67a"
    rolling.ledger.set_blockers(subject, rolling.look(1, "start").blockers, rolling.clock())
    (found,) = explain(rolling.station()).departures
    assert (found.departure, found.state) == (DEPARTURE, "DONE")
    assert [(why.code, why.task) for why in found.blockers] == [
        ("BATCH_NOT_DUE", "rollout/batch.wait_until_start_time/batch 1 · io67a")
    ]
