"""What must hold before a stop goes on. Every gate is a pure function that returns a :class:`Standing`.

A gate is evaluated again by the task that deploys, immediately before it acts (F32), and a timeout never approves
(F12).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from stationmaster.core.blockers import Blocker, blocker, fill
from stationmaster.core.calendar import Soak, StopTimes, Timing, soak_ends, timing
from stationmaster.core.checks import CheckReport
from stationmaster.core.instants import Instant, local_text, utc
from stationmaster.core.quorum import Tally
from stationmaster.core.value import Value


class NothingToCombine(ValueError):
    """No gate was evaluated: that is not a reason to go on."""


class Verdict(StrEnum):
    """What a gate says. LATE is a PASS that is told; BYPASSED is one that somebody answers for."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a word to log in with
    WAIT = "WAIT"
    LATE = "LATE"
    DENY = "DENY"
    BYPASSED = "BYPASSED"
    MISSED = "MISSED"

    @property
    def opens(self) -> bool:
        """Whether the stop may go on."""
        return self in (Verdict.PASS, Verdict.LATE, Verdict.BYPASSED)


_WORSE = (Verdict.PASS, Verdict.BYPASSED, Verdict.LATE, Verdict.WAIT, Verdict.DENY, Verdict.MISSED)


class Bypass(Value):
    """Who opened a gate against its verdict, why, where that is written down, and until when it holds."""

    who: str = Field(min_length=1)
    why: str = Field(min_length=1)
    link: str = Field(min_length=1)
    expires_at: Instant


class Standing(Value):
    """What one gate, or all of them together, say at an instant. One that does not open says why."""

    gate: str
    verdict: Verdict
    blockers: tuple[Blocker, ...] = ()
    bypass: Bypass | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.blockers and not self.verdict.opens:
            raise ValueError(f"the gate {self.gate} says {self.verdict}, and not why: it needs a blocker")
        return self

    @property
    def opens(self) -> bool:
        """Whether the stop may go on."""
        return self.verdict.opens


class ChecklistItem(Value):
    """One item of a checklist, and what was answered."""

    title: str
    answer: Literal["open", "passed", "failed"] = "open"


class Confirmation(Value):
    """The final word of the person on call, on one manifest."""

    person: str
    choice: Literal["go", "no_go"]
    manifest: str
    at: Instant


def standing(gate: str, blockers: Iterable[Blocker] = (), verdict: Verdict = Verdict.WAIT) -> Standing:
    """Return the standing of a gate that has these blockers: ``verdict``, or PASS where there are none."""
    found = tuple(blockers)
    return Standing(gate=gate, verdict=verdict if found else Verdict.PASS, blockers=found)


def combine(standings: Iterable[Standing], gate: str = "all") -> Standing:
    """Return all gates as one: the worst verdict (MISSED, DENY, WAIT, LATE, BYPASSED, PASS), and every blocker.

    :raises NothingToCombine: there is no gate among them.
    """
    found = tuple(standings)
    if not found:
        raise NothingToCombine("no gate was evaluated: a stop has its window at least")
    worst = max((one.verdict for one in found), key=_WORSE.index)
    bypass = next((one.bypass for one in found if one.bypass is not None), None)
    blockers = tuple(block for one in found for block in one.blockers)
    return Standing(gate=gate, verdict=worst, blockers=blockers, bypass=bypass if worst is Verdict.BYPASSED else None)


def window_gate(times: StopTimes, now: datetime, *, zone: str = "UTC") -> Standing:
    """WAIT before the earliest instant, PASS until the target, LATE until the window ends, then MISSED (C-12, F37).

    :param zone: in which the sentences name the instants.
    """
    when = timing(times, now)
    if when is Timing.EARLY:
        opens = local_text(times.earliest, zone)
        return standing("window", [blocker("BEFORE_EARLIEST", clears_at=times.earliest, opens=opens)])
    if when is Timing.MISSED:
        closed = blocker("MISSED_WINDOW", since=times.latest_start, closed=local_text(times.latest_start, zone))
        return standing("window", [closed], Verdict.MISSED)
    return Standing(gate="window", verdict=Verdict.LATE if when is Timing.LATE else Verdict.PASS)


def soak_gate(soak: Soak, staged_at: datetime | None, zone: str, now: datetime) -> Standing:
    """WAIT until the manifest has been on staging long enough (C-10); what is not there cannot soak.

    :param staged_at: when the manifest came to staging; None if it is not there.
    """
    if staged_at is None:
        return standing("soak", [blocker("NOTHING_STAGED")])
    ends = soak_ends(soak, staged_at, zone)
    if utc(now) >= ends:
        return standing("soak")
    soaking = blocker(
        "SOAKING",
        since=staged_at,
        clears_at=ends,
        staged=local_text(staged_at, zone),
        ends=local_text(ends, zone),
    )
    return standing("soak", [soaking])


def quorum_gate(tally: Tally, *, since: datetime | None = None) -> Standing:
    """PASS with the tally, WAIT with who has not voted or was not clear, DENY with every veto (C-15, C-16, F13).

    :param since: when the vote was opened.
    """
    short = tally.manifest[:8]
    if tally.verdict == "PASS":
        return standing("quorum")
    if tally.verdict == "DENY":
        vetoes = [
            blocker(
                "VETOED",
                since=veto.cast_at,
                who=(veto.voter,) if veto.voter else (),
                subject=veto.voter or "",
                voter=veto.voter or veto.account,
                manifest=short,
                reason=(veto.reason or "").strip().rstrip("."),
            )
            for veto in tally.vetoes
        ]
        return standing("quorum", [*vetoes, *_unclear(tally)], Verdict.DENY)
    found = _unclear(tally)
    if tally.authors == "unread":
        found.append(blocker("AUTHORS_UNREAD", since=since, manifest=short))
    if tally.missing or tally.missing_roles or not (found or tally.waits_for_authors):
        found.append(_missing(tally, since))
    if tally.waits_for_authors and tally.authors == "doubted":
        found.append(blocker("AUTHOR_UNPROVED", since=since, manifest=short))
    return standing("quorum", found)


def _unclear(tally: Tally) -> list[Blocker]:
    return [
        blocker(
            "OBJECTION_UNCLEAR",
            since=found.cast_at,
            who=(found.voter,) if found.voter else (),
            subject=found.voter or "",
            voter=found.voter or found.account,
            manifest=tally.manifest[:8],
            text=(found.reason or "").strip() or "an emoji",
        )
        for found in tally.unclear
    ]


def _missing(tally: Tally, since: datetime | None) -> Blocker:
    roles = f", and none by a holder of {', '.join(tally.missing_roles)}" if tally.missing_roles else ""
    if tally.authors == "doubted" and tally.needs_one_more:
        roles += "; one more is needed, by somebody else, because GitHub does not prove who wrote all of it"
    return blocker(
        "QUORUM_MISSING",
        since=since,
        who=tally.waiting_for,
        given=len(tally.approvals),
        needed=tally.needed,
        manifest=tally.manifest[:8],
        missing=roles,
    )


def checks_gate(
    component: str,
    sha: str,
    report: CheckReport | None,
    *,
    who: Sequence[str] = (),
    since: datetime | None = None,
    why: str = "no answer",
) -> Standing:
    """PASS if the commit's checks are usable; WAIT while they run or cannot be read, DENY if they failed (F08, F59).

    :param report: None where the checks cannot be read, for the reason ``why``.
    :param who: the people who can mend the checks.
    """
    if report is not None and report.usable:
        return standing("checks")
    verdict = Verdict.WAIT
    values = {"component": component, "sha": sha[:12]}
    if report is None:
        code, values["why"] = "CHECKS_UNREADABLE", why
    elif report.state == "pending":
        code, values["checks"] = "CHECKS_PENDING", ", ".join((*report.pending, *report.missing))
    elif report.state == "red":
        code, verdict, values["checks"] = "CHECKS_RED", Verdict.DENY, ", ".join(report.failing)
    else:
        code, verdict = "CHECKS_ABSENT", Verdict.DENY
    return standing("checks", [fill(code, values, since=since, who=tuple(who), subject=component)], verdict)


def checklist_gate(
    component: str,
    items: Sequence[ChecklistItem],
    *,
    who: Sequence[str] = (),
    since: datetime | None = None,
) -> Standing:
    """PASS if every item passed, DENY if one failed, otherwise WAIT; a list without items is open (C-20, F12)."""
    failed = [item.title for item in items if item.answer == "failed"]
    left = [item.title for item in items if item.answer == "open"]
    if not failed and not left and items:
        return standing("checklist")
    code, titles = ("CHECKLIST_FAILED", failed) if failed else ("CHECKLIST_OPEN", left or ["the whole list"])
    found = blocker(code, since=since, who=tuple(who), subject=component, component=component, items="; ".join(titles))
    return standing("checklist", [found], Verdict.DENY if failed else Verdict.WAIT)


def confirm_gate(
    confirmation: Confirmation | None,
    *,
    role: str,
    who: Sequence[str],
    manifest_hash: str,
    since: datetime | None = None,
) -> Standing:
    """PASS if one of ``who`` said go to exactly this manifest, DENY if they said no, otherwise WAIT (F06, F09).

    :param who: the person ids that may confirm, the one on call first. A word from anybody else is not heard.
    """
    heard = confirmation is not None and confirmation.person in who and confirmation.manifest == manifest_hash
    if confirmation is None or not heard:
        missing = blocker("CONFIRMATION_MISSING", since=since, who=tuple(who), role=role, manifest=manifest_hash[:8])
        return standing("confirm", [missing])
    if confirmation.choice == "go":
        return standing("confirm")
    refused = blocker(
        "CONFIRMATION_REFUSED",
        since=confirmation.at,
        who=(confirmation.person,),
        person=confirmation.person,
        manifest=manifest_hash[:8],
    )
    return standing("confirm", [refused], Verdict.DENY)
