"""What becomes of an upgrade: merged by the policy or by a person's word, asked about, or waited for (D-24, D-25).

Whatever a task was told is decided again from GitHub and the ledger immediately before the merge: marking a task as
success opens nothing (F32). What cannot be read is never green.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.checks import CheckReport, merge_checks
from stationmaster.core.freezes import freeze_gate
from stationmaster.core.gates import Standing, checks_gate, combine
from stationmaster.core.naming import names, short
from stationmaster.core.upgrades import Assessment, Condition, assess, objections
from stationmaster.ledger.errors import EffectRefused
from stationmaster.upgrades import finding, starting
from stationmaster.work import halting
from stationmaster.work.effects import CountedGuard, Receipt, perform
from stationmaster.work.obstacles import waiting

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.config.train import TrainConfig
    from stationmaster.hooks.forge_models import PullRequest
    from stationmaster.ledger.records import Fact
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

APPROVED = "approved"
"""The kind of the fact that a person wants this very head merged: ``{"number", "sha", "note"}``."""
UNMERGEABLE = "unmergeable"
OUTCOME = "outcome"
"""The kind of the fact that ends an upgrade: ``{"outcome", "why", "number"}``."""
Ending = Literal["merged_by_policy", "merged", "merged_on_github", "closed", "left", "nothing", "superseded"]
_CLEARS = "It goes on by itself then, with everything asked again."


class Decision(NamedTuple):
    """What is to be done now, and why."""

    what: Literal["over", "wait", "merge", "ask"]
    reasons: tuple[str, ...] = ()
    pull: PullRequest | None = None
    assessment: Assessment | None = None
    standing: Standing | None = None
    ending: Ending | None = None
    by: str = "stationmaster"


class OtherHead(ValueError):
    """The commit that somebody wants merged is not the pull request's last one."""


class MergeHeld(EffectRefused):
    """The merge was right when it was decided, and is not any more; nothing was sent."""


def decide(desk: UpgradeDesk, upgrade: Upgrade) -> Decision:
    """Return what is to be done now. It reads, and writes nothing but when the checks of a head were first seen.

    :raises ForgeError: GitHub cannot be read: nothing is decided.
    """
    ended = outcome(desk, upgrade)
    if ended is not None:
        return Decision("over", ending=ended.value["outcome"])
    if desk.now() >= upgrade.end:
        return Decision("over", ("The next upgrade has begun.",), ending="superseded")
    found = finding.known(desk, upgrade)
    if found is None:
        return _without_a_pull(desk, upgrade)
    pull = desk.forge.pull(desk.repository, int(found.value["number"]))
    if pull.merged:
        return _merged(desk, upgrade, pull)
    if pull.state == "closed":
        return Decision("over", ("It was closed on GitHub.",), pull, ending="closed")
    return _of_open(desk, upgrade, pull)


def held(desk: UpgradeDesk) -> Standing:
    """Return whether a merge must wait now: for a freeze, or for whoever stopped the upgrades or a train aboard."""
    now, freezes = desk.now(), desk.team.freezes_of_repository(desk.repository)
    frozen = freeze_gate(freezes, "merge", now, zone=desk.zone)
    quiet = tuple(found.model_copy(update={"how": _CLEARS}) for found in frozen.blockers)
    standings = [frozen.model_copy(update={"blockers": quiet}), starting.halted(desk)]
    for train in _trains_aboard(desk):
        standings += [waiting("halt", *stopped) for stopped in [_stopped(desk, train.key)] if stopped]
    return combine(standings)


def _trains_aboard(desk: UpgradeDesk) -> tuple[TrainConfig, ...]:
    """Return the trains that carry the repository: who stops one of them stops its upgrades, too."""
    repository = desk.repository.lower()
    trains = desk.team.trains.values()
    return tuple(train for train in trains if any(each.repository.lower() == repository for each in train.components))


def merge(desk: UpgradeDesk, upgrade: Upgrade, decision: Decision) -> Receipt:
    """Merge at exactly the head that was decided on, once; everything is asked again immediately before.

    :raises MergeHeld: something has changed meanwhile; nothing was sent.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    pull = decision.pull
    if pull is None:
        raise MergeHeld("there is no pull request to merge")
    repository, number, sha = desk.repository, pull.number, pull.head_sha

    def ask() -> None:
        again, holding = decide(desk, upgrade), held(desk)
        if again.what != "merge" or again.pull is None or again.pull.head_sha != sha or not holding.opens:
            why = [*again.reasons, *(found.sentence for found in holding.blockers)]
            raise MergeHeld(f"{repository}#{number} is not merged after all: {' '.join(why) or 'it has moved'}")

    def act() -> Receipt:
        merged = desk.forge.merge_pull(repository, number, sha, method=desk.entry.method)
        return {"number": number, "sha": sha, "merge": merged.sha}

    def look_up() -> Receipt | None:
        present = desk.forge.pull(repository, number)
        done = present.merged and present.head_sha == sha
        return {"number": number, "sha": sha, "merge": None} if done else None

    intent = {"repository": repository, "number": number, "sha": sha, "by": decision.by}
    stoppable = (desk.key, *(train.key for train in _trains_aboard(desk)))
    guard = CountedGuard(desk, upgrade.id, ask, beside=stoppable)
    return perform(desk, _merge_key(upgrade, pull), guard=guard, intent=intent, act=act, look_up=look_up)


def refused(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest, why: str) -> None:
    """Keep that GitHub would not merge this head, so that a person is asked (F22)."""
    value = {"sha": pull.head_sha, "why": why}
    desk.ledger.record(upgrade.id, UNMERGEABLE, desk.repository, value, desk.now(), "stationmaster")


def approve(desk: UpgradeDesk, upgrade: Upgrade, person: Person, note: str, *, meant: str | None) -> Fact | None:
    """Keep a person's word that a head is to be merged; None where there is nothing.

    :param meant: the beginning of the head's sha, as whoever has read it named it. None, of a question of an older
        release (F69): the head that stands there now.
    :raises OtherHead: the pull request has another head: what came since has been read by nobody.
    :raises ForgeError: GitHub does not tell which.
    """
    found = finding.known(desk, upgrade)
    if found is None:
        return None
    pull = desk.forge.pull(desk.repository, int(found.value["number"]))
    if meant is not None and not names(meant, pull.head_sha):
        named = f"the commit {meant!r}" if meant else "no commit"
        raise OtherHead(
            f"The form names {named}, and #{pull.number} ends with {short(pull.head_sha)} now: "
            f"read what it brings, and put that one in."
        )
    value = {"number": pull.number, "sha": pull.head_sha, "note": note}
    return desk.ledger.record(upgrade.id, APPROVED, desk.repository, value, desk.now(), person.id)


def settle(desk: UpgradeDesk, upgrade: Upgrade, ending: Ending, why: str, by: str = "stationmaster") -> Fact:
    """End the upgrade; the first ending stays."""
    found = finding.known(desk, upgrade)
    value = {"outcome": ending, "why": why, "number": found.value["number"] if found is not None else None}
    return desk.ledger.record_once(upgrade.id, OUTCOME, desk.repository, value, desk.now(), by)


def outcome(desk: UpgradeDesk, upgrade: Upgrade) -> Fact | None:
    """Return how the upgrade ended, None while it is open."""
    return desk.ledger.fact(upgrade.id, OUTCOME)


def _merged(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest) -> Decision:
    """Return whose merge it was: ours if we sent one for this head, however its answer was lost."""
    sent = desk.ledger.effect(_merge_key(upgrade, pull))
    if sent is None or not sent.attempts:
        return Decision("over", ("It was merged on GitHub.",), pull, ending="merged_on_github")
    by = str(sent.intent["by"])
    ending: Ending = "merged" if by in desk.team.people else "merged_by_policy"
    return Decision("over", ("It was green, and is merged.",), pull, ending=ending, by=by)


def _merge_key(upgrade: Upgrade, pull: PullRequest) -> str:
    return f"{upgrade.id}/merge/{pull.number}/{pull.head_sha}"


def _without_a_pull(desk: UpgradeDesk, upgrade: Upgrade) -> Decision:
    search = finding.search(desk, upgrade)
    if search.pull is not None:
        finding.remember(desk, upgrade, search.pull)
        return decide(desk, upgrade)
    if search.state == "nothing":
        return Decision("over", (search.why,), ending="nothing")
    if search.blocker is not None:
        return Decision("wait", standing=waiting("run", search.blocker))
    return Decision("ask", (search.why,))


def _of_open(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest) -> Decision:
    report = merge_checks(desk.forge.check_results(desk.repository, pull.head_sha), desk.entry.checks.rules)
    seen = desk.ledger.record_once(upgrade.id, "checks_seen", pull.head_sha, {}, desk.now(), "stationmaster")
    if report.state == "pending" and desk.now() < seen.at + desk.rules.checks_within:
        who = tuple(person.id for person in desk.on_call)
        gate = checks_gate(f"{desk.repository}#{pull.number}", pull.head_sha, report, who=who, since=seen.at)
        return Decision("wait", pull=pull, standing=gate)
    assessment = assess(pull.title, pull.body, desk.forge.pull_files(desk.repository, pull.number))
    by = _approved_by(desk, upgrade, pull)
    condition = Condition(
        checks="green" if report.usable else report.state if report.state != "green" else "unreadable",
        failing=_failing(report),
        draft=pull.draft,
        conflict=pull.mergeable is False or _is_refused(desk, upgrade, pull),
        tampered=_tampered(desk, pull),
        approved_by=by,
    )
    reasons = objections(desk.entry.merge, assessment, condition)
    if reasons:
        # What a diff or a name of a package says is not ours: no address in it becomes a link.
        return Decision("ask", tuple(map(escaping.opened, reasons)), pull, assessment)
    return Decision("merge", (), pull, assessment, by=by or "stationmaster")


def _tampered(desk: UpgradeDesk, pull: PullRequest) -> tuple[str, ...]:
    """Return whose work it is beside the workflow's: a pull request that lost its marks is somebody's."""
    others = finding.strangers(desk, pull)
    return others if finding.is_own(desk, pull) else others or ("somebody who changed its marks",)


def _failing(report: CheckReport) -> tuple[str, ...]:
    return report.failing or report.pending + report.missing


def _approved_by(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest) -> str | None:
    fact = desk.ledger.fact(upgrade.id, APPROVED)
    return fact.by if fact is not None and fact.value["sha"] == pull.head_sha else None


def _is_refused(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest) -> bool:
    """Return whether GitHub refused this head, and nobody has said since then that it is to be tried again."""
    no, yes = desk.ledger.fact(upgrade.id, UNMERGEABLE), desk.ledger.fact(upgrade.id, APPROVED)
    if no is None or no.value["sha"] != pull.head_sha:
        return False
    return yes is None or yes.value["sha"] != pull.head_sha or yes.seq < no.seq


def _stopped(desk: UpgradeDesk, train: str) -> tuple[Blocker, ...]:
    found = halting.current(desk.ledger, train)
    if found is None:
        return ()
    name = desk.team.people[found.by].name if found.by in desk.team.people else found.by
    return (blocker("HALTED", since=found.since, who=(found.by,), subject=train, by=name, why=found.why.rstrip(".")),)
