"""What becomes of an upgrade: the policy, a person's word, freezes, the kill switch, a head that moves (D-24, D-25)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.config.freezing import FreezeEntry
from stationmaster.core.freezes import FreezeMode
from stationmaster.ledger.errors import EffectRefused
from stationmaster.upgrades import deciding, starting
from stationmaster.work import halting
from stationmaster.work.effects import CountedGuard, GateClosed
from tests.upgrades.yard import MAJOR, MONDAY, REPO, Yard


def decide(yard: Yard) -> deciding.Decision:
    return deciding.decide(yard.desk(), yard.upgrade)


def merge(yard: Yard):
    return deciding.merge(yard.desk(), yard.upgrade, decide(yard))


def freeze(yard: Yard, mode: FreezeMode, **fields) -> None:
    entry = FreezeEntry.model_validate(
        {
            "name": "quiet",
            "mode": mode,
            "why": "a test",
            "start": "2024-03-10 00:00",
            "end": "2024-03-12 00:00",
            **fields,
        }
    )
    yard.team = yard.team.model_copy(update={"freezes": (entry,)})


def test_d25_patch_level_and_green_is_merged_by_the_policy_at_its_head(yard):
    pull = yard.checked()
    decision = decide(yard)
    assert (decision.what, decision.by, decision.reasons) == ("merge", "stationmaster", ())
    receipt = merge(yard)
    assert receipt["sha"] == pull.head_sha
    assert pull.merged_at is not None
    assert yard.merges() == 1
    assert (decide(yard).what, decide(yard).ending) == ("over", "merged_by_policy")


def test_d25_the_policy_never_leaves_it_to_a_person(yard):
    yard.checked()
    yard.edit(merge="never")
    assert decide(yard).what == "ask"


def test_d25_a_larger_step_is_asked_about(yard):
    yard.script(files=MAJOR)
    yard.checked()
    decision = decide(yard)
    assert decision.what == "ask"
    assert "serde 1.0.201 → 2.0.0 is a major upgrade, not a patch." in decision.reasons


def test_f59_running_checks_are_waited_for_as_long_as_the_file_says(yard):
    pull = yard.found()
    yard.github.script_checks(REPO, pull.head_sha, "pending")
    decision = decide(yard)
    assert decision.what == "wait"
    assert [found.code for found in decision.standing.blockers] == ["CHECKS_PENDING"]
    yard.clock.move(hours=6, minutes=1)
    decision = decide(yard)
    assert decision.what == "ask"
    assert decision.reasons[0].startswith("Checks have not ended in time")


@pytest.mark.parametrize(("state", "word"), [("red", "Checks failed"), ("absent", "no checks")])
def test_f59_what_is_not_green_is_not_merged(yard, state, word):
    pull = yard.checked()
    yard.github.script_checks(REPO, pull.head_sha, state)
    decision = decide(yard)
    assert decision.what == "ask"
    assert word in decision.reasons[0]


def test_f59_checks_that_cannot_be_read_decide_nothing(yard):
    from stationmaster.hooks.errors import ForgeError

    pull = yard.checked()
    yard.github.script_checks(REPO, pull.head_sha, "unreadable")
    with pytest.raises(ForgeError):
        decide(yard)


def test_d25_a_persons_commit_makes_it_a_persons_matter(yard):
    yard.found()
    yard.github.push(REPO, branch="bot-update-deps", title="mend", author="dre-anouk")
    yard.clock.move(minutes=20)
    decision = decide(yard)
    assert decision.what == "ask"
    assert "dre-anouk" in " ".join(decision.reasons)


ROBOT = "upgrade-bot[bot]"


@pytest.mark.parametrize(
    ("commit", "whose"),
    [
        ({"committer": "dre-anouk"}, "dre-anouk"),
        ({"committer": "dre-anouk", "verified": True}, "dre-anouk"),
        ({"committer": ""}, f"somebody who may only bear the name of {ROBOT}"),
        ({"committer": "web-flow"}, f"somebody who may only bear the name of {ROBOT}"),
        ({"author": "web-flow", "committer": "web-flow"}, "somebody whom GitHub does not know"),
        ({"author": "dre-anouk", "committer": ROBOT}, "dre-anouk"),
        ({"author": "dre-anouk", "committer": "web-flow", "verified": True}, "dre-anouk"),
    ],
)
def test_f26_a_commit_with_the_robots_mail_address_is_a_persons_matter(yard, commit, whose):
    yard.found()
    yard.github.push(REPO, branch="bot-update-deps", title="mend", **{"author": ROBOT, **commit})
    yard.clock.move(minutes=20)
    decision = decide(yard)
    assert (decision.what, f"by {whose}." in " ".join(decision.reasons)) == ("ask", True)


@pytest.mark.parametrize(
    ("signed", "commit", "what"),
    [
        (False, {}, "merge"),
        (True, {"verified": True}, "merge"),
        (True, {"committer": "web-flow", "verified": True}, "merge"),
        (True, {}, "ask"),
        (False, {"committer": "web-flow", "verified": True}, "ask"),
    ],
)
def test_f26_what_the_robot_wrote_itself_is_merged_and_one_that_signs_signs_all(yard, signed, commit, what):
    """Its first commit, and one more."""
    first = yard.found()
    yard.github.repository(REPO).record.commits[first.head_sha].verified = signed
    yard.github.push(REPO, branch="bot-update-deps", title="more", author=ROBOT, **commit)
    yard.clock.move(minutes=20)
    assert decide(yard).what == what


def test_f26_a_merge_that_github_signs_says_nothing_of_the_others(yard):
    first = yard.found()
    yard.github.push(REPO, title="meanwhile", author="dre-anouk")
    merged = yard.github.push(REPO, branch="bot-update-deps", title="merge main", author=ROBOT, verified=True)
    record = yard.github.repository(REPO).record
    merged.committer, merged.parents = "web-flow", (first.head_sha, record.refs["heads/main"])
    first.base_sha = record.refs["heads/main"]
    yard.clock.move(minutes=20)
    assert decide(yard).what == "merge"


@pytest.mark.parametrize("how", ["conflict", "draft"])
def test_d25_what_github_cannot_merge_is_asked_about(yard, how):
    if how == "conflict":
        yard.script(outcome="conflict")
    pull = yard.checked()
    pull.draft = how == "draft"
    assert decide(yard).what == "ask"


def test_d25_a_persons_word_merges_what_is_green(yard):
    yard.script(files=MAJOR)
    pull = yard.checked()
    anouk = yard.team.people["anouk"]
    fact = deciding.approve(yard.desk(), yard.upgrade, anouk, "read", meant=pull.head_sha)
    assert fact.value["sha"] == pull.head_sha
    assert (decide(yard).what, decide(yard).by) == ("merge", "anouk")
    merge(yard)
    assert decide(yard).ending == "merged"


def test_f07_a_word_on_one_head_is_no_word_on_another(yard):
    yard.script(files=MAJOR)
    yard.checked()
    deciding.approve(
        yard.desk(), yard.upgrade, yard.team.people["anouk"], "read", meant=yard.pulls[max(yard.pulls)].head_sha
    )
    yard.github.push(REPO, branch="bot-update-deps", title="one more", author="upgrade-bot[bot]")
    yard.clock.move(minutes=20)
    assert decide(yard).what == "ask"


def test_f07_a_head_that_moves_between_the_look_and_the_merge_is_not_merged(yard):
    pull = yard.checked()
    decision = decide(yard)
    yard.github.push(REPO, branch="bot-update-deps", title="late", author="upgrade-bot[bot]")
    with pytest.raises(deciding.MergeHeld):
        deciding.merge(yard.desk(), yard.upgrade, decision)
    assert pull.merged_at is None
    assert yard.merges() == 0


def stopped_meanwhile(yard, monkeypatch, key):
    """Somebody stops what stands under a key after everything was counted, and before the act begins."""
    count = CountedGuard.count

    def counted(guard):
        count(guard)
        if halting.current(yard.ledger, key) is None:
            halting.halt(yard.ledger, key, why="wait", now=yard.clock(), by="anouk")

    monkeypatch.setattr(CountedGuard, "count", counted)


@pytest.mark.parametrize("key", ["dre.dependencies", "dre.weekly"])
def test_s2_upgrades_that_are_stopped_between_the_count_and_the_merge_are_not_merged(yard, monkeypatch, key):
    pull = yard.checked()
    decision = decide(yard)
    stopped_meanwhile(yard, monkeypatch, key)
    with pytest.raises(deciding.MergeHeld, match="wait"):
        deciding.merge(yard.desk(), yard.upgrade, decision)
    assert (pull.merged_at, yard.merges()) == (None, 0)


def test_s2_upgrades_that_are_stopped_meanwhile_are_not_started(yard, monkeypatch):
    stopped_meanwhile(yard, monkeypatch, "dre.dependencies")
    with pytest.raises(GateClosed, match="wait"):
        starting.start(yard.desk(), yard.upgrade)
    assert yard.dispatches() == 0


@pytest.mark.parametrize("mode", [FreezeMode.ALL_STOP, FreezeMode.HOTFIX_ONLY])
def test_f32_nothing_is_merged_in_a_freeze_and_it_goes_on_afterwards(yard, mode):
    freeze(yard, mode)
    pull = yard.checked()
    decision = decide(yard)
    (found,) = deciding.held(yard.desk()).blockers
    assert found.code == "FROZEN"
    assert "stationmaster freeze ask" not in found.how
    with pytest.raises(deciding.MergeHeld):
        deciding.merge(yard.desk(), yard.upgrade, decision)
    assert pull.merged_at is None
    yard.clock.to(found.clears_at)
    assert deciding.held(yard.desk()).opens
    merge(yard)
    assert pull.merged_at is not None


@pytest.mark.parametrize("mode", [FreezeMode.NO_CUT, FreezeMode.HOLD_PROMOTION])
def test_t02_a_freeze_of_trains_alone_holds_no_merge(yard, mode):
    freeze(yard, mode)
    assert deciding.held(yard.desk()).opens


def test_t02_a_freeze_of_a_train_that_does_not_carry_the_repository_holds_nothing(yard):
    freeze(yard, FreezeMode.ALL_STOP, trains=("weekly",))
    assert not deciding.held(yard.desk()).opens
    train = yard.team.trains["weekly"]
    other = train.components[0].model_copy(update={"repository": "dfinity/ic"})
    trains = {"weekly": train.model_copy(update={"components": (other,)})}
    yard.team = yard.team.model_copy(update={"trains": trains})
    assert deciding.held(yard.desk()).opens


def test_f32_the_kill_switch_holds_the_merge_until_it_is_lifted(yard):
    pull = yard.checked()
    halting.halt(yard.ledger, "dre.dependencies", why="the registry is not to be trusted", now=yard.clock(), by="anouk")
    (found,) = deciding.held(yard.desk()).blockers
    assert found.code == "UPGRADES_HALTED"
    assert "Anouk" in found.sentence
    with pytest.raises(deciding.MergeHeld):
        merge(yard)
    assert pull.merged_at is None
    halting.resume(yard.ledger, "dre.dependencies", why="mended", now=yard.clock(), by="anouk")
    merge(yard)
    assert pull.merged_at is not None


@pytest.mark.parametrize("kind", ["dropped_after", "bad_gateway_after", "garbled"])
def test_f22_a_merge_whose_answer_was_lost_is_ours_and_is_sent_once(yard, kind):
    yard.checked()
    yard.fault(kind, "/merge", method="PUT")
    merge(yard)
    assert yard.merges() == 1
    assert decide(yard).ending == "merged_by_policy"


def test_f22_a_merge_that_github_refuses_is_asked_about_until_somebody_says_try_again(yard):
    pull = yard.checked()
    pull.mergeable = False
    decision = decide(yard)
    assert decision.what == "ask"
    pull.mergeable = True
    decision = decide(yard)
    yard.fault("forbidden", "/merge", method="PUT")
    with pytest.raises(EffectRefused):
        deciding.merge(yard.desk(), yard.upgrade, decision)
    deciding.refused(yard.desk(), yard.upgrade, decision.pull, "405")
    assert decide(yard).what == "ask"
    yard.clock.move(minutes=1)
    deciding.approve(
        yard.desk(), yard.upgrade, yard.team.people["anouk"], "now", meant=yard.pulls[max(yard.pulls)].head_sha
    )
    assert decide(yard).what == "merge"


def test_d25_what_a_person_did_on_github_settles_it(yard):
    pull = yard.checked()
    yard.desk().forge.merge_pull(REPO, pull.number, pull.head_sha)
    assert (decide(yard).what, decide(yard).ending) == ("over", "merged_on_github")


def test_d25_a_closed_one_is_settled_too(yard):
    pull = yard.checked()
    pull.state = "closed"
    assert decide(yard).ending == "closed"


def test_d24_the_next_upgrade_ends_an_open_one(yard):
    yard.checked()
    upgrade = yard.upgrade
    yard.clock.to(MONDAY + timedelta(days=7))
    assert deciding.decide(yard.desk(), upgrade).ending == "superseded"


def test_f65_what_comes_from_outside_mentions_nobody(yard):
    from stationmaster.upgrades import wording

    yard.script(title="<!channel> @here <@U1>", body="Bump <!channel> from 1.0.0 to 2.0.0")
    yard.checked()
    decision = decide(yard)
    people = yard.desk().on_call
    for text in (
        wording.asked(yard.desk(), people, decision, before=""),
        wording.reminder(yard.desk(), people, decision),
        wording.merged(yard.desk(), decision, None),
    ):
        assert "<!channel>" not in text
        assert "<@U1>" not in text
    subject, body = wording.question(yard.desk(), yard.upgrade, decision)
    assert "<!channel>" not in subject + body
