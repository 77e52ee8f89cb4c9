"""The checks of a commit: two systems of GitHub's merged, then judged by the train's policy. Pure."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_answers import legible
from stationmaster.hooks.forge_models import CheckOutcome, CheckResult, Checks

PASSING = frozenset({"success", "neutral", "skipped"})


def judge(
    results: Sequence[CheckResult],
    *,
    require: Iterable[str] = (),
    allow: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Checks:
    """Judge a commit's checks; names may be patterns (`test-*`).

    `ignore`: not looked at, whatever they say. `allow`: may fail or be open. `require`: must be there and pass, so one
    that nobody reported yet is pending. Red beats pending beats green; nothing reported and nothing required is absent,
    which the caller's policy decides about (F59).
    """
    require, allow, ignore = tuple(require), tuple(allow), tuple(ignore)
    counted = [result for result in results if not _any(ignore, result.name)]
    of: dict[CheckOutcome, list[str]] = {"failing": [], "pending": [], "passed": []}
    allowed: list[str] = []
    for result in counted:
        needed = _any(require, result.name)
        if result.outcome != "passed" and not needed and _any(allow, result.name):
            allowed.append(result.name)
        else:
            of[result.outcome].append(result.name)
    missing = [name for name in require if not any(fnmatchcase(result.name, name) for result in counted)]
    return Checks(
        state=_state(counted, of["failing"], of["pending"] + missing),
        failing=_names(of["failing"]),
        pending=_names(of["pending"] + missing),
        passed=_names(of["passed"]),
        allowed=_names(allowed),
    )


def _state(counted: Sequence[CheckResult], failing: list[str], waiting: list[str]) -> Any:
    if failing:
        return "red"
    if waiting:
        return "pending"
    return "green" if counted else "absent"


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _names(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


@legible
def check_run(data: Any) -> CheckResult:
    """Parse one check run; anything completed that is not success, neutral or skipped has failed."""
    conclusion = data.get("conclusion") or ""
    outcome: CheckOutcome = "pending"
    if data["status"] == "completed":
        if not conclusion:
            raise ForgeUnreadable(f"the check run {data['name']!r} is completed without a conclusion")
        outcome = "passed" if conclusion in PASSING else "failing"
    return CheckResult(
        name=data["name"],
        source="check_run",
        outcome=outcome,
        conclusion=conclusion or data["status"],
        url=data.get("html_url") or "",
    )


@legible
def commit_status(data: Any) -> CheckResult:
    """Parse one status of the combined status."""
    outcomes: dict[str, CheckOutcome] = {
        "success": "passed",
        "pending": "pending",
        "failure": "failing",
        "error": "failing",
    }
    state = data["state"]
    return CheckResult(
        name=data["context"],
        source="status",
        outcome=outcomes[state],
        conclusion=state,
        url=data.get("target_url") or "",
    )
