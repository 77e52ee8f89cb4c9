"""Whether a commit is green: check runs and commit statuses, merged.

A commit has two kinds of reports, and a pipeline may use either. What cannot be understood is never green (F08, F59).
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import model_validator

from stationmaster.core.instants import Instant
from stationmaster.core.value import Value

CheckState = Literal["passed", "failed", "pending"]
CommitState = Literal["green", "red", "pending", "absent"]

_PASSED = frozenset({"success", "neutral", "skipped"})


class CheckRules(Value):
    """Which checks decide. Names are compared with shell patterns, in which case matters.

    ``require``: there must be such a check, and it must pass. ``allow``: may fail or stay pending. ``ignore``: is not
    looked at. A check that ``require`` names decides even if the other lists name it too. ``none``: whether a commit
    without any deciding check may be used (F59).
    """

    require: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    none: Literal["refuse", "accept"] = "refuse"

    @model_validator(mode="after")
    def _means_something(self) -> CheckRules:
        if any(not pattern.strip() for pattern in (*self.require, *self.allow, *self.ignore)):
            raise ValueError("an empty text names no check: write its name, or a pattern such as 'build*'")
        return self


class Check(Value):
    """One report on a commit. Of two with one name and source, the newer one counts.

    ``source`` says who reports: two apps may each have a check called ``test``.
    """

    name: str
    state: CheckState
    source: str = "status"
    at: Instant | None = None


class CheckReport(Value):
    """The merged state of a commit's checks, with the names behind it, each list sorted."""

    state: CommitState
    usable: bool
    failing: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()


def check_run_state(status: str, conclusion: str | None) -> CheckState:
    """Return what a check run says. A conclusion that is not known to be good is a failure (F59)."""
    if status != "completed":
        return "pending"
    return "passed" if conclusion in _PASSED else "failed"


def status_state(state: str) -> CheckState:
    """Return what a commit status says. A state that is not known to be good or pending is a failure (F59)."""
    if state == "success":
        return "passed"
    return "pending" if state == "pending" else "failed"


def merge_checks(checks: Iterable[Check], rules: CheckRules) -> CheckReport:
    """Merge the reports on one commit under the rules (F08, F59).

    A failing check makes it red; otherwise a pending one, or a required one that has not reported, makes it pending; no
    deciding check at all makes it absent. ``usable`` is true for green, and for absent where ``rules.none`` accepts it.

    :param checks: in any order.
    """
    found = _newest(checks)
    required = [check for check in found if _named(check.name, rules.require)]
    aside = [check for check in found if check not in required and _named(check.name, (*rules.allow, *rules.ignore))]
    deciding = [check for check in found if check not in aside]
    names = {
        state: _names(check for check in deciding if check.state == state) for state in ("failed", "pending", "passed")
    }
    missing = tuple(
        pattern for pattern in rules.require if not any(fnmatchcase(check.name, pattern) for check in required)
    )
    state: CommitState = "green"
    if names["failed"]:
        state = "red"
    elif names["pending"] or missing:
        state = "pending"
    elif not deciding:
        state = "absent"
    return CheckReport(
        state=state,
        usable=state == "green" or (state == "absent" and rules.none == "accept"),
        failing=names["failed"],
        pending=names["pending"],
        passed=names["passed"],
        missing=missing,
        set_aside=_names(aside),
    )


def _newest(checks: Iterable[Check]) -> list[Check]:
    # Without an instant, or at the same one, the worse of two reports counts.
    badness: dict[CheckState, int] = {"passed": 0, "pending": 1, "failed": 2}

    def age(check: Check) -> tuple[bool, float, int]:
        return (check.at is not None, check.at.timestamp() if check.at else 0.0, badness[check.state])

    newest: dict[tuple[str, str], Check] = {}
    for check in checks:
        key = (check.source, check.name)
        if key not in newest or age(check) > age(newest[key]):
            newest[key] = check
    return sorted(newest.values(), key=lambda check: (check.name, check.source))


def _named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _names(checks: Iterable[Check]) -> tuple[str, ...]:
    return tuple(sorted({check.name for check in checks}))
