"""Hotfixes: from what runs, approved by others, and done only when they are home (D-14, D-15, F39 … F43)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureId, DepartureKind
from stationmaster.core.freezes import Freeze, FreezeMode
from stationmaster.core.instants import IsoWeek
from stationmaster.core.transitions import Act
from stationmaster.departures import (
    arriving,
    bringing_home,
    changes,
    closing,
    counting,
    cutting,
    electors,
    explaining,
    failing,
    gate_table,
    gating,
    going_back,
    homecoming,
    hotfixing,
    picking,
    rolling_back,
    telling,
    voting,
    wording,
)
from stationmaster.departures.hotfixing import HotfixRefused, Wish
from stationmaster.departures.legs import Leg
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.departures.watches import look
from stationmaster.ledger.records import DepartureState, Fact
from stationmaster.rehearsal.github.faults import Fault
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import changed
from tests.departures.test_going_back import go, promoted, three
from tests.departures.week import EXPLORER, OPS, PORTAL, WEDNESDAY, Week

__all__ = ["promoted", "three"]

HOTFIX, SECURITY = DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX
SECRET_CHANNEL = "C05SECURITY"


def codes(standing) -> list[str]:
    return [found.code for found in standing.blockers]


def running(week: Week, repository: str = EXPLORER) -> str:
    return week.station().forge.deployed_sha(repository, "prod").sha


def on_main(week: Week, back: int = 0, repository: str = EXPLORER) -> str:
    """A commit of main, so many before its newest."""
    return week.station().forge.commits(repository, "main", back + 1)[back].sha


def start(week: Week, *commits: str, kind: DepartureKind = HOTFIX, key: str = "run-1", **more: str) -> str:
    """Fill the form in and pick; the week's hand goes on with the hotfix."""
    fields = {"component": "explorer", "reason": "the canvas stays white", **more}
    wish = Wish(commits=commits or (on_main(week),), **fields)
    departure = hotfixing.open_one(week.station(), kind, wish, key=key, by="hana")
    hotfixing.pick(week.station(), departure.id)
    week.departure = departure.id
    return departure.id


def ship(week: Week, *voters: str) -> None:
    """Approve and deploy, as the tasks do."""
    voting.open_round(week.station(), week.departure)
    for voter in voters or ("amara",):
        week.vote(voter)
    component = week.ledger.manifest_of(week.departure).passengers[0].component
    week.clock.move(minutes=30)
    assert week.deploy("promote", component).opens
    assert week.verify("promote", component).opens


@pytest.fixture
def calm(week: Week) -> Week:
    """A week whose checks are all green by now."""
    week.clock.move(minutes=30)
    return week


def test_d14_the_preview_says_what_goes_on_top_of_what(calm):
    sha = on_main(calm)
    found = hotfixing.plan(
        calm.station(), HOTFIX, Wish(component="explorer", commits=(sha,), reason="the canvas stays white")
    )
    assert (found.base, found.environment, found.branch, found.ready) == (running(calm), "prod", "main", False)
    said = " ".join(found.sentences)
    assert sha[:12] in said
    assert running(calm)[:12] in said
    assert "1 person approves, who neither asked nor wrote it" in said
    assert calm.ledger.departures("cellxgene.weekly", kinds=[HOTFIX]) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reason": " "}, "Why"),
        ({"component": "nothing"}, "not a component"),
        ({"commits": ()}, "Which commits"),
        ({"commits": ("a" * 39,)}, "is not a commit sha"),
        ({"commits": ("A" * 40,)}, "is not a commit sha"),
        ({"commits": ("f" * 40,)}, "has no commit"),
        ({"branch": "../main"}, "not a usable branch"),
        ({"branch": "mаin"}, "not a usable branch"),  # a Cyrillic letter
        ({"branch": "no-such-branch"}, "has no branch"),
    ],
)
def test_f66_a_form_that_asks_for_what_cannot_be_is_refused(calm, change, says):
    fields = {"component": "explorer", "commits": (on_main(calm),), "reason": "white"} | change
    with pytest.raises(HotfixRefused, match=says):
        hotfixing.plan(calm.station(), HOTFIX, Wish(**fields))


def test_a_commit_that_runs_already_or_stands_elsewhere_is_refused(calm):
    old = calm.station().forge.commit(EXPLORER, running(calm)).parent
    apart = calm.github.push(EXPLORER, branch="elsewhere", title="Apart").sha
    for sha, says in ((old, "there is nothing to bring"), (apart, "is not on the branch 'main'")):
        with pytest.raises(HotfixRefused, match=says):
            hotfixing.plan(calm.station(), HOTFIX, Wish(component="explorer", commits=(sha,), reason="white"))
    sha = on_main(calm)
    with pytest.raises(HotfixRefused, match="named twice"):
        hotfixing.plan(calm.station(), HOTFIX, Wish(component="explorer", commits=(sha, sha), reason="white"))


def test_f41_the_hotfix_stands_on_what_production_runs_and_on_nothing_else(calm):
    base = running(calm)
    departure = start(calm)
    sha = calm.ledger.manifest_of(departure).sha_of("explorer")
    compared = calm.station().forge.compare(EXPLORER, base, sha)
    assert (compared.status, compared.ahead_by) == ("ahead", 1)
    assert departure == "cellxgene.weekly/2021-W42.hotfix-1"
    assert calm.ledger.departure(departure).state is DepartureState.STAGED


def test_f01_a_form_that_is_tried_again_opens_and_picks_once(calm):
    sha = on_main(calm)
    first = start(calm, sha)
    manifest = calm.ledger.manifest_of(first)
    assert start(calm, sha) == first
    assert calm.ledger.manifest_of(first) == manifest
    assert start(calm, sha, key="run-2") == "cellxgene.weekly/2021-W42.hotfix-2"


def test_f42_a_conflict_is_a_persons_and_says_how(calm):
    sha = on_main(calm)
    calm.github.script_conflict(EXPLORER, sha)
    with pytest.raises(StepImpossible, match="PICK_CONFLICT") as caught:
        start(calm, sha)
    assert running(calm) in caught.value.blockers[0].how


def test_f42_a_branch_that_a_person_prepared_is_taken_as_it_is(calm):
    station = calm.station()
    station.forge.move_branch(EXPLORER, "mend-by-hand", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend-by-hand", title="Mend by hand").sha
    departure = start(calm, ready, branch="mend-by-hand")
    assert calm.ledger.manifest_of(departure).sha_of("explorer") == ready


def test_nothing_of_it_goes_before_somebody_else_approves(calm):
    departure = start(calm)
    voting.open_round(calm.station(), departure)
    calm.clock.move(minutes=30)
    assert codes(gate_table.standing(calm.station(), departure, Act.PROMOTE)) == ["QUORUM_MISSING"]
    calm.vote("hana")  # she asked for it
    assert codes(gate_table.standing(calm.station(), departure, Act.PROMOTE)) == ["QUORUM_MISSING"]
    calm.vote("amara")
    assert gate_table.standing(calm.station(), departure, Act.PROMOTE).opens
    assert calm.dispatches() == []


def test_f08_its_checks_must_be_green(calm):
    departure = start(calm)
    voting.open_round(calm.station(), departure)
    calm.vote("amara")
    standing = gate_table.standing(calm.station(), departure, Act.PROMOTE)
    assert codes(standing) == ["CHECKS_PENDING"]
    calm.clock.move(minutes=30)
    assert look(calm.station(), "checks", departure, {}).opens
    calm.github.script_checks(EXPLORER, calm.ledger.manifest_of(departure).sha_of("explorer"), "red")
    assert codes(look(calm.station(), "checks", departure, {})) == ["CHECKS_RED"]
    assert codes(calm.advance("promote", "explorer")) == ["CHECKS_RED"]


def test_no_window_and_no_soak_hold_it_but_a_freeze_of_everything_does(calm):
    departure = start(calm)
    calm.clock.move(hours=12)  # at night, on a Thursday
    voting.open_round(calm.station(), departure)
    calm.vote("amara")
    assert gate_table.standing(calm.station(), departure, Act.PROMOTE).opens
    for mode, held in ((FreezeMode.HOTFIX_ONLY, []), (FreezeMode.ALL_STOP, ["FROZEN"])):
        freeze = Freeze(
            zone="UTC",
            name="moving",
            mode=mode,
            start=calm.clock(),
            end=calm.clock() + timedelta(days=1),
            why="data centre",
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(calm.team), "freezes_of", lambda self, train, freeze=freeze: (freeze,))
            assert codes(gate_table.standing(calm.station(), departure, Act.PROMOTE)) == held


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_f39_it_runs_and_the_next_cut_waits_until_main_has_it(calm, method):
    station = calm.station()
    station.forge.move_branch(EXPLORER, "mend", running(calm))
    for title in ("Mend the canvas", "Mend it better"):
        calm.github.push(EXPLORER, branch="mend", title=title)
    ready = station.forge.head(EXPLORER, "mend")
    departure = start(calm, ready, branch="mend")
    ship(calm)
    assert running(calm) == ready

    standing = bringing_home.to_branch(calm.station(), departure)
    assert codes(standing) == ["HOTFIX_NOT_ON_MAIN"]
    assert standing.blockers[0].who == ("hana",)
    selection = cutting.select(calm.station())
    assert [found.code for found in selection.blockers] == ["HOTFIX_NOT_ON_MAIN"]
    assert departure in selection.blockers[0].sentence

    effect = calm.ledger.effect(f"{departure}/home/explorer")
    number = effect.receipt["number"]
    assert f"pull request #{number} is open" in selection.blockers[0].sentence
    pull = station.forge.pull(EXPLORER, number)
    station.forge.merge_pull(EXPLORER, number, pull.head_sha, method=method)
    assert bringing_home.to_branch(calm.station(), departure).opens
    calm.clock.move(minutes=30)
    assert cutting.select(calm.station()).standing.opens
    assert closing.close(calm.station(), departure, "promote", failed=False, why="") is DepartureState.DONE


def test_f39_what_was_picked_from_main_is_at_home_at_once(calm):
    departure = start(calm)
    ship(calm)
    assert bringing_home.to_branch(calm.station(), departure).opens
    assert calm.ledger.effect(f"{departure}/home/explorer") is None
    assert cutting.select(calm.station()).standing.opens


def test_f39_equal_changes_under_another_name_are_found(calm):
    station = calm.station()
    station.forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend the canvas").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)
    hotfix = bringing_home.hotfix_of(calm.station(), departure)
    head = on_main(calm)
    assert not homecoming.carries(calm.station(), head, hotfix)
    again = station.forge.pick(EXPLORER, head, [ready], scratch="stationmaster/test")
    assert homecoming.carries(calm.station(), again.sha, hotfix)


def test_f43_a_branch_that_takes_no_pull_request_leaves_a_blocker_and_no_failure(calm):
    station = calm.station()
    station.forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)
    calm.github.script(Fault(kind="forbidden", method="POST", path="/pulls"))
    standing = bringing_home.to_branch(calm.station(), departure)
    assert codes(standing)[0] == "HOTFIX_NOT_ON_MAIN"
    assert "CONNECTION_MISSING" in codes(standing)
    assert calm.ledger.departure(departure).state is DepartureState.PROMOTING


def test_whoever_asked_is_reminded_once_a_day(calm):
    station = calm.station()
    station.forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)
    bringing_home.to_branch(calm.station(), departure)
    for _ in range(3):
        calm.clock.move(hours=9)
        bringing_home.on_branch(calm.station(), departure)
    assert calm.said(":house:") == 1


def test_f40_the_train_at_the_gate_gets_it_and_is_voted_on_anew(calm):
    calm.clock.to(calm.clock())
    calm.staged()
    train = calm.departure
    calm.clock.to(WEDNESDAY)
    calm.open_promote()
    calm.vote("amara")
    before = calm.ledger.manifest_of(train)
    base = running(calm)
    calm.station().forge.move_branch(EXPLORER, "mend", base)
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)

    boarded = bringing_home.onto_train(calm.station(), departure)
    assert boarded.id == train
    after = calm.ledger.manifest_of(train)
    assert after.hash != before.hash
    assert after.sha_of("portal") == before.sha_of("portal")
    calm.departure = train
    counted, number = counting.count_from_ledger(calm.station(), train)
    assert (number, len(counted.approvals)) == (2, 0)
    assert [each.reason for each in counted.ignored] == ["other_manifest"]
    assert bringing_home.onto_train(calm.station(), departure).id == train
    assert calm.ledger.manifest_of(train) == after

    # Staging must have it, and the soak goes on: what it was put upon was there for six days.
    assert gating.staged_at(calm.station(), train) is None
    calm.deploy("cut", "explorer")
    calm.verify("cut", "explorer")
    assert calm.clock() - gating.staged_at(calm.station(), train) > timedelta(days=5)
    assert deploys_after(calm, train)


def test_f02_a_worker_that_dies_after_it_boarded_the_train_still_names_the_train(calm, monkeypatch):
    calm.gate()
    train = calm.departure
    calm.station().forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)
    with monkeypatch.context() as patch:
        patch.setattr(changes, "collect", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bringing_home.onto_train(calm.station(), departure)
    pinned = calm.ledger.manifest_of(train)
    assert bringing_home.onto_train(calm.station(), departure).id == train
    assert calm.ledger.manifest_of(train) == pinned
    assert len(calm.ledger.rounds(train)) == 2
    assert calm.ledger.fact(train, "round_opened", "2") is not None


def test_a_train_that_has_left_meanwhile_is_not_changed(calm):
    calm.staged()
    train = calm.departure
    calm.station().forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)
    calm.ledger.set_state(train, DepartureState.PROMOTING, calm.clock(), "ben", "leaving")
    before = calm.ledger.manifest_of(train)
    assert bringing_home.onto_train(calm.station(), departure) is None
    assert calm.ledger.manifest_of(train) == before


def deploys_after(week: Week, train: str) -> bool:
    """Whether the train's commit may follow the hotfix that runs."""
    from stationmaster.departures.fitting import fits

    return fits(week.station(), week.leg("promote", "explorer")) is None


def test_f18_a_train_without_the_hotfix_may_not_follow_it(calm):
    from stationmaster.departures.fitting import fits

    calm.staged()
    train = calm.departure
    calm.station().forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    start(calm, ready, branch="mend")
    ship(calm)
    calm.departure = train
    assert codes(fits(calm.station(), calm.leg("promote", "explorer"))) == ["NOT_CONTAINING_PROD"]


def test_f40_a_train_that_cannot_take_it_by_itself_says_so(calm):
    calm.staged()
    calm.station().forge.move_branch(EXPLORER, "mend", running(calm))
    ready = calm.github.push(EXPLORER, branch="mend", title="Mend").sha
    departure = start(calm, ready, branch="mend")
    ship(calm)
    calm.github.script_conflict(EXPLORER, ready)
    with pytest.raises(Exception, match="does not go on top") as caught:
        bringing_home.onto_train(calm.station(), departure)
    found = bringing_home.not_on_train(calm.station(), departure, caught.value.__cause__)
    assert found.code == "HOTFIX_NOT_ON_TRAIN"


def test_a_second_hotfix_stands_on_the_first_and_both_must_come_home(calm):
    station = calm.station()
    station.forge.move_branch(EXPLORER, "mend", running(calm))
    first = start(calm, calm.github.push(EXPLORER, branch="mend", title="One").sha, branch="mend")
    ship(calm)
    one = running(calm)
    second = start(calm, on_main(calm), key="run-2")
    ship(calm, "ben")
    hotfix = bringing_home.hotfix_of(calm.station(), second)
    assert hotfix.base == one
    # Its own commit is on main, the one that it stands on is not.
    assert not homecoming.carries(calm.station(), on_main(calm), hotfix)
    lacking = [each.departure for each in homecoming.missing(calm.station(), "explorer", on_main(calm))]
    assert lacking == [second, first]


def test_a_hotfix_that_brings_nothing_is_skipped(calm):
    sha = on_main(calm)
    start(calm, sha)
    ship(calm)
    with pytest.raises(DepartureSkipped, match="has these commits already"):
        start(calm, sha, key="run-2")
    assert calm.ledger.departure("cellxgene.weekly/2021-W42.hotfix-2").state is DepartureState.SKIPPED_EMPTY


def test_f44_f45_a_hotfix_is_gone_back_from_and_is_something_to_go_back_to(calm):
    base = running(calm)
    departure = start(calm)
    ship(calm)
    found = going_back.plan(calm.station())
    assert (found.departure, [(way.component, way.target) for way in found.ways]) == (departure, [("explorer", base)])
    going_back.choose(calm.station(), found, reason="worse", by="ben", accept_irreversible=False)
    for _ in range(40):
        if rolling_back.advance(calm.station(), departure).opens:
            break
        calm.clock.move(seconds=45)
    assert running(calm) == base
    assert calm.ledger.departure(departure).state is DepartureState.ROLLED_BACK
    assert arriving.drifted(calm.station(), "explorer", base) is None
    assert list(homecoming.missing(calm.station(), "explorer", on_main(calm))) == []


def test_f02_a_hotfix_whose_worker_died_over_its_commits_goes_on_as_it_was_planned(calm, monkeypatch):
    """What was written down counts: looked at again, there would be nothing to bring any more."""
    sha, base = on_main(calm), running(calm)
    with monkeypatch.context() as patch:
        patch.setattr(hotfixing, "put_on_top", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            start(calm, sha)
    calm.github.deploy(EXPLORER, "prod", sha)
    departure = "cellxgene.weekly/2021-W42.hotfix-1"
    hotfixing.pick(calm.station(), departure)
    assert calm.ledger.fact(departure, homecoming.PICKED).value["base"] == base


def test_explain_names_a_hotfix_that_waits(calm):
    departure = start(calm)
    voting.open_round(calm.station(), departure)
    (found,) = [each for each in explaining.explain(calm.station()).departures if each.departure == departure]
    assert [each.code for each in found.blockers] == ["QUORUM_MISSING"]


def test_d15_of_a_security_hotfix_the_trains_channel_hears_nothing(calm):
    sha = calm.github.push(EXPLORER, title="Close CVE-2021-44228").sha
    calm.clock.move(minutes=30)
    departure = start(calm, sha, kind=SECURITY)
    voting.open_round(calm.station(), departure)
    calm.clock.move(minutes=30)
    calm.vote("amara")
    assert codes(gate_table.standing(calm.station(), departure, Act.PROMOTE)) == ["QUORUM_MISSING"]
    ship(calm, "ben")
    public = " ".join(message.text for message in calm.slack.messages.get(OPS, []))
    private = " ".join(message.text for message in calm.slack.messages.get(SECRET_CHANNEL, []))
    assert "CVE" not in public
    assert "security" not in public
    assert "CVE-2021-44228" in private
    assert "security" not in picking.branch_of(departure)


def test_d15_later_trains_keep_its_notes_back_until_it_is_disclosed(calm):
    sha = calm.github.push(EXPLORER, title="Close CVE-2021-44228").sha
    calm.github.push(EXPLORER, title="Draw faster")
    calm.clock.move(minutes=30)
    departure = start(calm, sha, kind=SECURITY)
    ship(calm, "amara", "ben")
    calm.open_cut()
    manifest = calm.cut()
    titles = [change.title for change in changes.collect(calm.station(), calm.departure, manifest).changes]
    assert "Draw faster" in titles
    assert "Close CVE-2021-44228" not in titles
    hotfixing.disclose(calm.station(), departure, why="fixed everywhere", by="hana")
    titles = [change.title for change in changes.aboard(calm.station(), calm.departure).changes]
    assert "Close CVE-2021-44228" in titles
    assert calm.said("CVE-2021-44228") == 1
    with pytest.raises(HotfixRefused, match="was disclosed"):
        hotfixing.disclose(calm.station(), departure, why="again", by="hana")


def test_f50_what_nobody_brought_is_drift_until_a_person_says_what_to_think_of_it(calm):
    calm.gate()
    for voter in ("amara", "ben", "chiara"):
        calm.vote(voter)
    train = calm.departure
    value = {"sha": running(calm, PORTAL), "how": "seen"}
    calm.ledger.record(train, "deployed", "portal/prod", value, calm.clock(), "x")
    calm.ledger.set_state(train, DepartureState.DONE, calm.clock(), "x", "y")
    strange = on_main(calm, 3, PORTAL)
    calm.github.deploy(PORTAL, "prod", strange)
    calm.clock.move(days=1)
    selection = cutting.select(calm.station())
    assert [found.code for found in selection.blockers] == ["DRIFT"]
    assert strange[:12] in selection.blockers[0].sentence
    arriving.adopt(calm.station(), "portal", strange, over=False, why="the vendor's hands", by="ben")
    assert cutting.select(calm.station()).standing.opens


def test_the_messages_of_a_hotfix_name_it(calm):
    departure = start(calm)
    ship(calm)
    headline = telling.told(calm.station(), departure, telling.HEADLINE)
    texts = [message.text for message in calm.slack.messages[OPS] if message.ts == headline.ts]
    assert "hotfix 2021-W42-1" in texts[0]


# What was taken back (G3).


@pytest.fixture
def taken_back(three):
    """The newest week was taken back; its explorer's commit is on main."""
    rejected = three.ledger.manifest_of(three.departure)
    go(three)
    three.clock.move(minutes=30)
    three.rejected = rejected
    return three


def test_g3_a_hotfix_with_a_commit_that_was_taken_back_waits_until_its_rejection_is_lifted(taken_back):
    """F46: picked, it is another commit than the one that was rejected."""
    rejected = taken_back.rejected.sha_of("explorer")
    start(taken_back, rejected)
    assert taken_back.ledger.manifest_of(taken_back.departure).sha_of("explorer") != rejected
    voting.open_round(taken_back.station(), taken_back.departure)
    taken_back.vote("amara")
    taken_back.clock.move(minutes=30)
    sent = len(taken_back.dispatches())
    standing = taken_back.advance("promote", "explorer")
    assert codes(standing) == ["REJECTED_ABOARD"]
    assert len(taken_back.dispatches()) == sent
    taken_back.ledger.lift_rejection(taken_back.rejected.hash, "it was the database", taken_back.clock(), "emil")
    assert taken_back.deploy("promote", "explorer").opens
    assert len(taken_back.dispatches()) == sent + 1


@pytest.mark.parametrize("shape", ["as it is", "picked by somebody"])
def test_g3_in_whichever_shape_it_comes(taken_back, shape):
    rejected, forge = taken_back.rejected.sha_of("explorer"), taken_back.station().forge
    sha = rejected
    if shape == "picked by somebody":
        sha = forge.pick(EXPLORER, running(taken_back), [rejected], scratch="scratch").sha
    forge.move_branch(EXPLORER, "fix", sha)
    start(taken_back, sha, branch="fix")
    assert "REJECTED_ABOARD" in codes(gate_table.standing(taken_back.station(), taken_back.departure, Act.PROMOTE))


def test_g3_a_commit_that_was_not_taken_back_may_go(taken_back):
    sha = taken_back.github.push(EXPLORER, branch="fix", title="The fix", author="dev-30").sha
    forge = taken_back.station().forge
    apart = forge.pick(EXPLORER, running(taken_back), [sha], scratch="scratch").sha
    forge.move_branch(EXPLORER, "fix-alone", apart)
    start(taken_back, apart, branch="fix-alone")
    assert "REJECTED_ABOARD" not in codes(gate_table.standing(taken_back.station(), taken_back.departure, Act.PROMOTE))


def test_g3_a_rejection_holds_from_the_beginning_of_the_way_back(three):
    """The week is not back yet, and a hotfix may not bring it on meanwhile."""
    rejected = three.ledger.manifest_of(three.departure)
    found = going_back.plan(three.station())
    going_back.choose(three.station(), found, reason="broken", by="emil", accept_irreversible=False)
    three.github.deploy(EXPLORER, "prod", three.manifests[1].sha_of("explorer"))
    start(three, rejected.sha_of("explorer"))
    assert "REJECTED_ABOARD" in codes(gate_table.standing(three.station(), three.departure, Act.PROMOTE))


@pytest.mark.parametrize(
    ("policy", "kind", "follows"),
    [
        ("stop", HOTFIX, "compensate"),
        ("continue", SECURITY, "compensate"),
        ("stop", DepartureKind.TRAIN, "stop"),
        ("compensate", DepartureKind.TRAIN, "compensate"),
        ("compensate", DepartureKind.FEATURE_BUILD, "stop"),
    ],
)
def test_c18_whoever_is_asked_what_follows_reads_what_happens_without_an_answer(calm, policy, kind, follows):
    changed(calm, on_partial_failure=policy)
    week, station = IsoWeek.parse("2021-W42"), calm.station()
    departure = str(DepartureId(train="cellxgene.weekly", week=week, kind=kind, number=0 if kind == "train" else 1))
    at = {"component": "explorer", "environment": "prod", "repository": EXPLORER, "sha": on_main(calm)}
    leg = Leg(departure=departure, stop="promote", **at)
    why = {"key": f"{leg.key}/1", "why": blocker("NOTHING_STAGED").model_dump(mode="json")}
    fact = Fact(seq=1, departure=departure, kind=failing.RUN, subject=leg.key, value=why, at=calm.clock(), by="x")
    failure = failing.Failure(fact, leg, number=1, attempt=1, answer=None)
    asked = failing.asked(station, failure, ("Roll back",), ("ben",), since=calm.clock())
    assert asked.sentence.endswith(f": {follows}.")
    assert failing.goes_back_by_itself(station, departure) is (follows == "compensate")


def test_d14_whoever_wrote_the_commit_is_neither_asked_nor_mentioned(calm):
    calm.station().forge.move_branch(EXPLORER, "mend", running(calm))
    amara = calm.team.people["amara"]
    sha = calm.github.push(EXPLORER, branch="mend", title="Mend", author=amara.github).sha
    departure = start(calm, sha, branch="mend")
    asked = wording.vote_question(calm.station(), departure).partition("asks for a")[0]
    assert amara.slack[0] not in asked
    assert calm.team.people["ben"].slack[0] in asked
    able = electors.able(calm.station(), departure)
    assert asked.count("<@") == len(able) + 1, "those who may approve, and who asks"
