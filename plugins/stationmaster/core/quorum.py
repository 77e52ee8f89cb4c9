"""Counting votes. :func:`tally` is the only place where statements become a verdict.

A person's vote is their newest statement that is still shown, wherever they made it. It is a pure function of a set:
the order of reading does not matter, one person is one vote whichever account they used, a statement counts for one
manifest only. Whatever is doubtful is no approval, and may be a veto: where it cannot be known that a person said
something after their veto, the veto holds. Which of two statements is the newer one says :func:`_after` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from stationmaster.core.ballots import Ballot, Channel, Choice, DuplicateElector, Elector, Gone
from stationmaster.core.instants import Instant, utc
from stationmaster.core.value import Value

__all__ = [
    "Authorship",
    "Ballot",
    "Channel",
    "Choice",
    "DuplicateElector",
    "Elector",
    "Gone",
    "Ignored",
    "IgnoredReason",
    "QuorumPolicy",
    "Tally",
    "tally",
]

IgnoredReason = Literal[
    "bot",
    "unknown_account",
    "not_eligible",
    "inactive",
    "other_manifest",
    "not_yet",
    "gone",
    "superseded",
    "withdrawn",
    "author",
    "expired",
    "veto_not_in_force",
    "latched",
    "passed_over",
    "unreadable",
    "deactivated",
    "guest",
    "stranger",
    "unordered",
]
"""Why a statement is not counted.

``author``: an approval of one's own commits where the policy forbids it (an author's veto counts). ``not_yet``: an
approval that the clock of whoever took it puts after ``now``. ``gone``: its place no longer shows it. ``superseded``:
the person said something newer. ``withdrawn``: a withdrawal, and what it cancelled. ``latched``: a withdrawal after a
quorum that the policy keeps. ``passed_over``: unclear, and two people passed over it. ``unreadable``: an approval in
Slack that cannot be read now. ``deactivated``, ``guest``, ``stranger``: what Slack says of the account.
``unordered``: it was read after what it would replace, and it is not certain that it was said after it: its author says
it anew.
"""

Authorship = Literal["proved", "doubted", "unread"]
"""Whether GitHub proves who wrote what is aboard; ``unread``: nobody has asked it yet."""

BETWEEN_CLOCKS = timedelta(minutes=5)
"""Two instants of different clocks that are no further apart have no order: a veto among them holds."""

# At one instant the more careful choice is taken for the newer one.
_CARE: dict[Choice, int] = {"approve": 0, "withdraw": 1, "unclear": 2, "veto": 3}
_OBJECTIONS = ("veto", "unclear")
_NOBODY: Mapping[str, IgnoredReason] = {}


class QuorumPolicy(Value):
    """What it takes to pass.

    ``quorum``: ``needed`` different people approve. ``any_of``: the same, among those who hold one of ``roles``.
    ``all_roles``: each of ``roles`` is held by somebody who approved, and at least ``needed`` people did. ``none``:
    no vote is asked. Where ``roles`` are given, only those who hold one of them are eligible, for approvals and for
    vetoes. ``decide: latch`` keeps the first quorum against withdrawals, not against vetoes or expiry.

    ``unknown_author`` says what follows where authors may not vote and GitHub does not prove who all of them are: one
    approval more, by somebody whom nothing names as an author, but never more than there are voters; or to wait.
    """

    mode: Literal["quorum", "all_roles", "any_of", "none"]
    needed: int = Field(default=0, ge=0)
    roles: tuple[str, ...] = ()
    authors_may_vote: bool = True
    unknown_author: Literal["one_more", "wait"] = "one_more"
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
        """The smallest number of people who must approve where all authors are proved."""
        if self.mode == "none":
            return 0
        return max(self.needed, 1)


class Ignored(Value):
    """A statement that does not count, and why."""

    ballot: Ballot
    reason: IgnoredReason


class Tally(Value):
    """The count. Every statement stands in exactly one of ``approvals``, ``vetoes``, ``unclear`` and ``ignored``.

    ``waiting_for`` are the eligible people without a counted approval; ``expires_at`` is the instant at which a PASS
    ends because its approvals grow too old. ``needed`` holds the approval more that doubted authors cost, which
    ``authors`` tells.
    """

    verdict: Literal["PASS", "WAIT", "DENY"]
    manifest: str
    approvals: tuple[Ballot, ...] = ()
    vetoes: tuple[Ballot, ...] = ()
    unclear: tuple[Ballot, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    needed: int
    missing: int
    missing_roles: tuple[str, ...] = ()
    waiting_for: tuple[str, ...] = ()
    expires_at: Instant | None = None
    authors: Authorship = "proved"
    waits_for_authors: bool = False
    needs_one_more: bool = False


def tally(
    policy: QuorumPolicy,
    electorate: Sequence[Elector],
    ballots: Iterable[Ballot],
    manifest_hash: str,
    now: datetime,
    *,
    unheard: Mapping[str, IgnoredReason] = _NOBODY,
    passed_over: Collection[Ballot] = (),
    authors: Authorship = "proved",
) -> Tally:
    """Count what was said about one manifest at one instant (C-15, C-16, F06, F09, F10, F13).

    A veto holds until its author says something that is certainly newer and still shown, or takes it away in a way that
    only they can. It is certain of two replies in Slack, by their stamps; of a reply below the message by which Slack
    showed that the veto was heard; and where all that is known of both instants lies over five minutes apart. It never
    is of what the ledger had kept before a look saw the veto, nor of a reaction. One that somebody else may have made
    disappear holds like one that is shown; the same goes for what is unclear. An approval counts while it is shown and
    is certainly newer than whatever else its author has said.

    :param ballots: in any order; equal ones are one.
    :param unheard: Slack accounts whose approvals do not count now, and why. What an account says that may not vote
        lifts nothing either; its vetoes hold. One that cannot be read now has said what it said.
    :param passed_over: the unclear statements over which two people passed.
    :param authors: whether GitHub proves who wrote what is aboard.
    :raises DuplicateElector: a person stands in the electorate twice.
    :raises NaiveInstant: ``now`` has no offset.
    """
    count = _Count(policy, _by_person(electorate), unheard, frozenset(passed_over), authors == "doubted")
    present = utc(now)
    ignored: dict[Ballot, IgnoredReason] = {}
    admitted: list[Ballot] = []
    for ballot in sorted(set(ballots), key=_age):
        refusal = _refusal(count, ballot, manifest_hash, present)
        if refusal is None:
            admitted.append(ballot)
        else:
            ignored[ballot] = refusal
    words = {voter: _last_word(count, said, present) for voter, said in _by_voter(admitted).items()}
    kept = _latched(count, admitted)
    for voter, approval in kept.items():
        if _taken_back(words[voter]) and count.why_not(approval, present) is None:
            words[voter] = _kept(words[voter], approval)
    for word in words.values():
        ignored.update(word.others)
    chosen = {kind: _of_kind(words.values(), kind) for kind in ("approve", "veto", "unclear")}
    approvals, vetoes, unclear = chosen["approve"], chosen["veto"], chosen["unclear"]
    waits_for_authors = _waits_for_authors(policy, authors)
    waits = bool(unclear) or waits_for_authors or not count.enough(approvals)
    return Tally(
        verdict="DENY" if vetoes else "WAIT" if waits else "PASS",
        manifest=manifest_hash,
        approvals=approvals,
        vetoes=vetoes,
        unclear=unclear,
        ignored=tuple(Ignored(ballot=ballot, reason=ignored[ballot]) for ballot in sorted(ignored, key=_age)),
        needed=count.needed,
        missing=count.missing(approvals),
        missing_roles=count.missing_roles(approvals),
        waiting_for=tuple(sorted(count.able - {ballot.voter or "" for ballot in approvals})),
        expires_at=None if vetoes else _expiry(count, approvals),
        authors=authors,
        waits_for_authors=waits_for_authors,
        needs_one_more=authors == "doubted" and count.doubted and not waits_for_authors,
    )


class _Count:
    """What the statements are counted by."""

    def __init__(
        self,
        policy: QuorumPolicy,
        electors: Mapping[str, Elector],
        unheard: Mapping[str, IgnoredReason],
        passed_over: frozenset[Ballot],
        doubted: bool,
    ) -> None:
        self.policy = policy
        self.electors = electors
        self.unheard = unheard
        self.passed_over = passed_over
        self.doubted = doubted and not policy.authors_may_vote and policy.mode != "none"
        self.able = {
            person
            for person, elector in electors.items()
            if elector.active and self.holds_a_role(elector) and (policy.authors_may_vote or not elector.author)
        }

    def holds_a_role(self, elector: Elector) -> bool:
        return not self.policy.roles or not elector.roles.isdisjoint(self.policy.roles)

    @property
    def needed(self) -> int:
        fewest = self.policy.fewest
        return max(fewest, min(fewest + 1, len(self.able))) if self.doubted else fewest

    def missing(self, approvals: Sequence[Ballot]) -> int:
        missing = max(0, self.needed - len(approvals))
        beyond_doubt = {person for person in self.able if not self.electors[person].doubted}
        if self.doubted and beyond_doubt and beyond_doubt.isdisjoint(ballot.voter or "" for ballot in approvals):
            return max(1, missing)
        return missing

    def missing_roles(self, approvals: Iterable[Ballot]) -> tuple[str, ...]:
        if self.policy.mode != "all_roles":
            return ()
        given = {role for ballot in approvals for role in self.electors[ballot.voter or ""].roles}
        return tuple(role for role in self.policy.roles if role not in given)

    def enough(self, approvals: Sequence[Ballot]) -> bool:
        return self.missing(approvals) == 0 and not self.missing_roles(approvals)

    def hears(self, ballot: Ballot) -> bool:
        """Return whether a statement that lifts a veto comes from an account that may vote."""
        return not ballot.in_slack or self.unheard.get(ballot.account, "unreadable") == "unreadable"

    def why_not(self, approval: Ballot, now: datetime) -> IgnoredReason | None:
        """Return why an approval that stands does not count, None if it does."""
        if approval.in_slack and approval.account in self.unheard:
            return self.unheard[approval.account]
        if approval.voter not in self.able:
            return "author"
        expires_after = self.policy.expires_after
        return "expired" if expires_after is not None and approval.cast_at + expires_after <= now else None


class _Word(NamedTuple):
    """What a person's statements come to: one that counts, or none, and why the others do not."""

    counts_as: Literal["approve", "veto", "unclear"] | None
    ballot: Ballot | None
    others: dict[Ballot, IgnoredReason]


def _by_person(electorate: Sequence[Elector]) -> dict[str, Elector]:
    electors: dict[str, Elector] = {}
    for elector in electorate:
        if elector.person in electors:
            raise DuplicateElector(elector.person)
        electors[elector.person] = elector
    return electors


def _by_voter(admitted: Iterable[Ballot]) -> dict[str, list[Ballot]]:
    found: dict[str, list[Ballot]] = {}
    for ballot in admitted:
        found.setdefault(ballot.voter or "", []).append(ballot)
    return found


def _age(ballot: Ballot) -> tuple[object, ...]:
    identity = (ballot.voter or "", ballot.channel, ballot.account, ballot.manifest, ballot.reason or "", ballot.bot)
    never = datetime.min.replace(tzinfo=ballot.cast_at.tzinfo)
    ends = (ballot.gone or "", ballot.gone_at or never, ballot.seen_at or never, ballot.made_at or never)
    read = (ballot.kept or 0, ballot.heard_at or never)
    return (ballot.cast_at, _CARE[ballot.choice], *identity, ballot.place, ballot.certain, *ends, *read)


def _refusal(count: _Count, ballot: Ballot, manifest_hash: str, now: datetime) -> IgnoredReason | None:
    elector = count.electors.get(ballot.voter or "")
    refusals: tuple[tuple[bool, IgnoredReason], ...] = (
        (ballot.bot, "bot"),
        (ballot.voter is None, "unknown_account"),
        (elector is None or not count.holds_a_role(elector), "not_eligible"),
        (elector is not None and not elector.active, "inactive"),
        (ballot.manifest != manifest_hash, "other_manifest"),
        (ballot.cast_at > now and ballot.choice == "approve", "not_yet"),
    )
    return next((reason for holds, reason in refusals if holds), None)


def _stands(ballot: Ballot) -> bool:
    """Return whether a statement is in force as far as its place goes."""
    return ballot.shown or (ballot.gone == "unclear" and ballot.choice in _OBJECTIONS)


def _after(later: Ballot, earlier: Ballot) -> bool:
    """Return whether it is certain that a statement was made after another one of the same person.

    Replies in Slack are ordered by Slack's stamps, and a reply is newer than what Slack had shown as heard above it.
    Reactions are read after replies: one that a look did not see yet is newer than the replies it saw, and than nothing
    else. Whatever else is compared bears instants of clocks that may differ. What a look had kept before another one
    saw the earlier statement is not newer than that, whatever the clocks say.
    """
    if _kept_before(later, earlier):
        return False
    if later.channel == "slack_reaction":
        return earlier.channel == "slack_reply" and _kept_before(earlier, later)
    if later.channel == earlier.channel == "slack_reply":
        return later.cast_at > earlier.cast_at
    if later.channel == "slack_reply" and earlier.heard_at is not None and later.cast_at > earlier.heard_at:
        return True
    return min(_instants(later)) > max(_instants(earlier)) + BETWEEN_CLOCKS


def _kept_before(one: Ballot, other: Ballot) -> bool:
    """Return whether the ledger kept a statement before another one, and not of the same look at Slack."""
    if one.kept is None or other.kept is None or one.kept >= other.kept:
        return False
    return not (one.in_slack and other.in_slack and one.seen_at is not None and one.seen_at == other.seen_at)


def _instants(ballot: Ballot) -> list[datetime]:
    """Return what is known of the instant of a statement, each by another clock."""
    return [at for at in (ballot.cast_at, ballot.made_at, ballot.seen_at) if at is not None]


def _unordered(count: _Count, heard: Iterable[Ballot], against: Collection[Ballot]) -> set[Ballot]:
    """Return the approvals and withdrawals that were read after what they would replace, and may be older than it."""
    return {
        ballot
        for ballot in heard
        if ballot.choice in ("approve", "withdraw")
        and ballot.channel != "slack_reaction"
        and ballot.certain
        and count.hears(ballot)
        for other in against
        if _kept_before(other, ballot) and not _after(ballot, other)
    }


def _lifted(count: _Count, objection: Ballot, standing: Iterable[Ballot], now: datetime) -> bool:
    """Return whether the author of a veto, or of something unclear, has said since what they mean."""
    says = {"veto": ("approve", "withdraw"), "unclear": ("approve", "withdraw", "veto")}[objection.choice]
    return any(
        each.choice in says
        and each.certain
        and count.hears(each)
        and (each.cast_at <= now or each.choice == "veto")
        and _after(each, objection)
        for each in standing
    )


def _last_word(count: _Count, said: Sequence[Ballot], now: datetime) -> _Word:
    """Return what one person's statements, sorted by age, come to."""
    others: dict[Ballot, IgnoredReason] = {ballot: "gone" for ballot in said if not _stands(ballot)}
    standing = [ballot for ballot in said if _stands(ballot)]
    for ballot in standing:
        if ballot.choice == "unclear" and ballot in count.passed_over:
            others[ballot] = "passed_over"
    heard = [ballot for ballot in standing if ballot not in others]
    objections = [ballot for ballot in heard if ballot.choice in _OBJECTIONS]
    open_objections = [ballot for ballot in objections if not _lifted(count, ballot, heard, now)]
    vetoes = [ballot for ballot in open_objections if ballot.choice == "veto"]
    if open_objections and not count.policy.veto:
        others |= dict.fromkeys(open_objections, "veto_not_in_force")
        return _word(None, None, heard, others)
    if open_objections:
        mute = (ballot for ballot in heard if ballot.choice not in _OBJECTIONS and not count.hears(ballot))
        others |= {ballot: count.unheard[ballot.account] for ballot in mute}
        others |= dict.fromkeys(_unordered(count, heard, open_objections), "unordered")
        kind: Literal["veto", "unclear"] = "veto" if vetoes else "unclear"
        return _word(kind, (vetoes or open_objections)[-1], heard, others)
    takes_back = [ballot for ballot in heard if ballot.choice != "approve"]
    approvals = [
        ballot for ballot in heard if ballot.choice == "approve" and all(_after(ballot, other) for other in takes_back)
    ]
    reasons = {ballot: count.why_not(ballot, now) for ballot in approvals}
    others |= {ballot: why for ballot, why in reasons.items() if why is not None}
    counted = [ballot for ballot in approvals if reasons[ballot] is None]
    if counted:
        return _word("approve", counted[-1], heard, others)
    if not approvals:
        given = (ballot for ballot in heard if ballot.choice == "approve")
        others |= dict.fromkeys(_unordered(count, given, takes_back), "unordered")
    withdrawn = any(ballot.choice == "withdraw" for ballot in heard) and not approvals
    return _word(None, None, heard, others, left="withdrawn" if withdrawn else "superseded")


def _word(
    counts_as: Literal["approve", "veto", "unclear"] | None,
    ballot: Ballot | None,
    heard: Iterable[Ballot],
    others: dict[Ballot, IgnoredReason],
    *,
    left: IgnoredReason = "superseded",
) -> _Word:
    rest = {other: left for other in heard if other is not ballot and other not in others}
    return _Word(counts_as, ballot, {**others, **rest})


def _taken_back(word: _Word) -> bool:
    return word.counts_as is None and "veto_not_in_force" not in word.others.values()


def _kept(word: _Word, approval: Ballot) -> _Word:
    """Return the word of a person whose approval a quorum keeps although they took it back."""
    others = {
        ballot: "latched" if ballot.choice == "withdraw" and reason == "withdrawn" else reason
        for ballot, reason in word.others.items()
        if ballot != approval
    }
    return _Word("approve", approval, dict(others))


def _of_kind(words: Iterable[_Word], kind: str) -> tuple[Ballot, ...]:
    return tuple(sorted((word.ballot for word in words if word.counts_as == kind and word.ballot), key=_age))


def _at(admitted: Iterable[Ballot], instant: datetime) -> Iterator[tuple[Ballot, Ballot]]:
    """Yield the statements of an instant, as they stood then, each with what it is now."""
    for ballot in admitted:
        if ballot.cast_at <= instant:
            stood = ballot.gone_at is not None and ballot.gone_at > instant
            yield (ballot.model_copy(update={"gone": None, "gone_at": None}) if stood else ballot), ballot


def _latched(count: _Count, admitted: Sequence[Ballot]) -> dict[str, Ballot]:
    """Return the approvals of the first quorum, by voter, where the policy keeps it."""
    if count.policy.decide != "latch":
        return {}
    for instant in sorted({ballot.cast_at for ballot in admitted}):
        as_now = dict(_at(admitted, instant))
        words = {voter: _last_word(count, said, instant) for voter, said in _by_voter(as_now).items()}
        approvals = _of_kind(words.values(), "approve")
        objections = (*_of_kind(words.values(), "veto"), *_of_kind(words.values(), "unclear"))
        if not objections and count.enough(approvals):
            return {ballot.voter or "": as_now[ballot] for ballot in approvals}
    return {}


def _waits_for_authors(policy: QuorumPolicy, authors: Authorship) -> bool:
    if authors == "doubted":
        return not policy.authors_may_vote and policy.mode != "none" and policy.unknown_author == "wait"
    return authors == "unread"


def _expiry(count: _Count, approvals: Sequence[Ballot]) -> datetime | None:
    expires_after = count.policy.expires_after
    if expires_after is None or not approvals or not count.enough(approvals):
        return None
    for oldest in approvals:
        left = [ballot for ballot in approvals if ballot.cast_at > oldest.cast_at]
        if not count.enough(left):
            return oldest.cast_at + expires_after
    return None
