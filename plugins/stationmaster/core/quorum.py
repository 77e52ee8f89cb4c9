"""Counting votes. :func:`tally` is the only place where ballots become a verdict.

It is a pure function of the set of ballots: their order does not matter, one person is one vote whichever account they
used, a ballot counts for one manifest only, and whatever is doubtful does not count as an approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, model_validator

from stationmaster.core.ballots import Ballot, Channel, Choice, DuplicateElector, Elector
from stationmaster.core.instants import Instant, utc
from stationmaster.core.value import Value

__all__ = [
    "Ballot",
    "Channel",
    "Choice",
    "DuplicateElector",
    "Elector",
    "Ignored",
    "IgnoredReason",
    "QuorumPolicy",
    "Tally",
    "never_passes",
    "tally",
]

IgnoredReason = Literal[
    "bot",
    "unknown_account",
    "not_eligible",
    "inactive",
    "other_manifest",
    "not_yet",
    "superseded",
    "withdrawn",
    "author",
    "expired",
    "veto_not_in_force",
    "latched",
]
"""Why a ballot is not counted.

``author``: an approval of one's own commits where the policy forbids it (an author's veto counts). ``not_yet``: cast
after ``now``. ``superseded``: the person cast a newer one. ``withdrawn``: a withdrawal, and what it cancelled.
``latched``: a withdrawal after a quorum that the policy keeps.
"""

# At one instant the more careful choice is taken for the newer one.
_CARE: dict[Choice, int] = {"approve": 0, "withdraw": 1, "veto": 2}


class QuorumPolicy(Value):
    """What it takes to pass.

    ``quorum``: ``needed`` different people approve. ``any_of``: the same, among those who hold one of ``roles``.
    ``all_roles``: each of ``roles`` is held by somebody who approved, and at least ``needed`` people did. ``none``:
    no vote is asked. Where ``roles`` are given, only those who hold one of them are eligible, for approvals and for
    vetoes. ``decide: latch`` keeps the first quorum against withdrawals, not against vetoes or expiry.
    """

    mode: Literal["quorum", "all_roles", "any_of", "none"]
    needed: int = Field(default=0, ge=0)
    roles: tuple[str, ...] = ()
    authors_may_vote: bool = True
    veto: bool = True
    decide: Literal["at_promotion", "latch"] = "at_promotion"
    expires_after: timedelta | None = Field(default=None, gt=timedelta(0))

    @model_validator(mode="after")
    def _asks_for_somebody(self) -> QuorumPolicy:
        if self.mode in ("quorum", "any_of") and self.needed < 1:
            raise ValueError(f"needed is {self.needed}, but mode {self.mode!r} needs at least 1 approval")
        if self.mode in ("all_roles", "any_of") and not self.roles:
            raise ValueError(f"roles is empty, but mode {self.mode!r} needs at least one role")
        return self

    @property
    def fewest(self) -> int:
        """The smallest number of people who must approve."""
        if self.mode == "none":
            return 0
        return max(self.needed, 1)


class Ignored(Value):
    """A ballot that does not count, and why."""

    ballot: Ballot
    reason: IgnoredReason


class Tally(Value):
    """The count. Every ballot stands in exactly one of ``approvals``, ``vetoes`` and ``ignored``.

    ``waiting_for`` are the eligible people without a counted approval; ``expires_at`` is the instant at which a PASS
    ends because its ballots grow too old.
    """

    verdict: Literal["PASS", "WAIT", "DENY"]
    manifest: str
    approvals: tuple[Ballot, ...] = ()
    vetoes: tuple[Ballot, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    needed: int
    missing: int
    missing_roles: tuple[str, ...] = ()
    waiting_for: tuple[str, ...] = ()
    expires_at: Instant | None = None


def tally(
    policy: QuorumPolicy,
    electorate: Sequence[Elector],
    ballots: Iterable[Ballot],
    manifest_hash: str,
    now: datetime,
) -> Tally:
    """Count the ballots on one manifest at one instant (C-15, C-16, F06, F09, F10, F13).

    Of each person the newest ballot on this manifest decides, whatever the channel; at one instant a veto is taken
    before a withdrawal, and a withdrawal before an approval. A withdrawal cancels an approval and a veto alike.

    :param ballots: in any order; equal ones are one.
    :raises DuplicateElector: a person stands in the electorate twice.
    :raises NaiveInstant: ``now`` has no offset.
    """
    present = utc(now)
    electors = _by_person(electorate)
    ignored: dict[Ballot, IgnoredReason] = {}
    admitted: list[Ballot] = []
    for ballot in sorted(set(ballots), key=_age):
        refusal = _refusal(policy, electors, ballot, manifest_hash, present)
        if refusal is None:
            admitted.append(ballot)
        else:
            ignored[ballot] = refusal
    deciding = _newest(admitted)
    kept = _latched(policy, electors, admitted)
    for ballot in admitted:
        ignored[ballot] = _why_not(ballot, deciding, kept)
    for voter, ballot in kept.items():
        if deciding[voter].choice == "withdraw":
            deciding[voter] = ballot
    approvals, vetoes, others = _count(policy, electors, deciding.values(), present)
    ignored.update(others)
    for counted in (*approvals, *vetoes):
        del ignored[counted]
    return Tally(
        verdict="DENY" if vetoes else "PASS" if _enough(policy, electors, approvals) else "WAIT",
        manifest=manifest_hash,
        approvals=approvals,
        vetoes=vetoes,
        ignored=tuple(Ignored(ballot=ballot, reason=ignored[ballot]) for ballot in sorted(ignored, key=_age)),
        needed=policy.fewest,
        missing=max(0, policy.fewest - len(approvals)),
        missing_roles=_missing_roles(policy, electors, approvals),
        waiting_for=tuple(sorted(_may_approve(policy, electors) - {ballot.voter or "" for ballot in approvals})),
        expires_at=None if vetoes else _expiry(policy, electors, approvals),
    )


def never_passes(policy: QuorumPolicy, electorate: Sequence[Elector]) -> tuple[str, ...]:
    """Return why no set of ballots can ever pass, one sentence a reason; empty where some can.

    :raises DuplicateElector: a person stands in the electorate twice.
    """
    electors = _by_person(electorate)
    able = _may_approve(policy, electors)
    reasons = []
    if len(able) < policy.fewest:
        reasons.append(f"{policy.fewest} approvals are needed, but only {len(able)} people may give one")
    if policy.mode == "all_roles":
        held = {role for person in able for role in electors[person].roles}
        reasons += [f"nobody who may approve holds the role {role!r}" for role in policy.roles if role not in held]
    return tuple(reasons)


def _by_person(electorate: Sequence[Elector]) -> dict[str, Elector]:
    electors: dict[str, Elector] = {}
    for elector in electorate:
        if elector.person in electors:
            raise DuplicateElector(elector.person)
        electors[elector.person] = elector
    return electors


def _age(ballot: Ballot) -> tuple[datetime, int, str, str, str, str, str, bool]:
    identity = (ballot.voter or "", ballot.channel, ballot.account, ballot.manifest, ballot.reason or "", ballot.bot)
    return (ballot.cast_at, _CARE[ballot.choice], *identity)


def _holds_a_role(policy: QuorumPolicy, elector: Elector) -> bool:
    return not policy.roles or not elector.roles.isdisjoint(policy.roles)


def _may_approve(policy: QuorumPolicy, electors: Mapping[str, Elector]) -> set[str]:
    return {
        person
        for person, elector in electors.items()
        if elector.active and _holds_a_role(policy, elector) and (policy.authors_may_vote or not elector.author)
    }


def _refusal(
    policy: QuorumPolicy, electors: Mapping[str, Elector], ballot: Ballot, manifest_hash: str, now: datetime
) -> IgnoredReason | None:
    elector = electors.get(ballot.voter or "")
    refusals: tuple[tuple[bool, IgnoredReason], ...] = (
        (ballot.bot, "bot"),
        (ballot.voter is None, "unknown_account"),
        (elector is None or not _holds_a_role(policy, elector), "not_eligible"),
        (elector is not None and not elector.active, "inactive"),
        (ballot.manifest != manifest_hash, "other_manifest"),
        (ballot.cast_at > now, "not_yet"),
    )
    return next((reason for holds, reason in refusals if holds), None)


def _newest(admitted: Iterable[Ballot]) -> dict[str, Ballot]:
    """Return each voter's newest ballot. The ballots come sorted by age."""
    return {ballot.voter: ballot for ballot in admitted if ballot.voter is not None}


def _why_not(ballot: Ballot, deciding: Mapping[str, Ballot], kept: Mapping[str, Ballot]) -> IgnoredReason:
    voter = ballot.voter or ""
    if deciding[voter].choice != "withdraw":
        return "superseded"
    if voter not in kept:
        return "withdrawn"
    return "latched" if ballot == deciding[voter] else "superseded"


def _count(
    policy: QuorumPolicy, electors: Mapping[str, Elector], deciding: Iterable[Ballot], now: datetime
) -> tuple[tuple[Ballot, ...], tuple[Ballot, ...], dict[Ballot, IgnoredReason]]:
    approvals: list[Ballot] = []
    vetoes: list[Ballot] = []
    ignored: dict[Ballot, IgnoredReason] = {}
    able = _may_approve(policy, electors)
    for ballot in sorted(deciding, key=_age):
        if ballot.choice == "veto":
            if policy.veto:
                vetoes.append(ballot)
            else:
                ignored[ballot] = "veto_not_in_force"
        elif ballot.choice == "approve":
            if ballot.voter not in able:
                ignored[ballot] = "author"
            elif policy.expires_after is not None and ballot.cast_at + policy.expires_after <= now:
                ignored[ballot] = "expired"
            else:
                approvals.append(ballot)
    return tuple(approvals), tuple(vetoes), ignored


def _latched(policy: QuorumPolicy, electors: Mapping[str, Elector], admitted: Sequence[Ballot]) -> dict[str, Ballot]:
    """Return the approvals of the first quorum, by voter, where the policy keeps it."""
    if policy.decide != "latch":
        return {}
    for instant in sorted({ballot.cast_at for ballot in admitted}):
        by_then = _newest(ballot for ballot in admitted if ballot.cast_at <= instant)
        approvals, vetoes, _ = _count(policy, electors, by_then.values(), instant)
        if not vetoes and _enough(policy, electors, approvals):
            return _newest(approvals)
    return {}


def _missing_roles(
    policy: QuorumPolicy, electors: Mapping[str, Elector], approvals: Iterable[Ballot]
) -> tuple[str, ...]:
    if policy.mode != "all_roles":
        return ()
    given = {role for ballot in approvals for role in electors[ballot.voter or ""].roles}
    return tuple(role for role in policy.roles if role not in given)


def _enough(policy: QuorumPolicy, electors: Mapping[str, Elector], approvals: Sequence[Ballot]) -> bool:
    return len(approvals) >= policy.fewest and not _missing_roles(policy, electors, approvals)


def _expiry(policy: QuorumPolicy, electors: Mapping[str, Elector], approvals: Sequence[Ballot]) -> datetime | None:
    if policy.expires_after is None or not approvals or not _enough(policy, electors, approvals):
        return None
    for oldest in approvals:
        left = [ballot for ballot in approvals if ballot.cast_at > oldest.cast_at]
        if not _enough(policy, electors, left):
            return oldest.cast_at + policy.expires_after
    return None
