"""From GitHub's two kinds of reports on a commit to core's: the judging is done there."""

from typing import Any

from stationmaster.core.checks import Check, check_run_state, status_state
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_answers import instant, legible


@legible
def check_run(data: Any) -> Check:
    """Parse one check run; `source` is the app that reports it."""
    status, conclusion = data["status"], data.get("conclusion")
    if status == "completed" and not conclusion:
        raise ForgeUnreadable(f"the check run {data['name']!r} is completed without a conclusion")
    at = data.get("completed_at") or data.get("started_at")
    return Check(
        name=data["name"],
        state=check_run_state(status, conclusion),
        source=(data.get("app") or {}).get("slug") or "check run",
        at=instant(at) if at else None,
    )


@legible
def commit_status(data: Any) -> Check:
    """Parse one status of the combined status."""
    return Check(
        name=data["context"], state=status_state(data["state"]), source="status", at=instant(data["updated_at"])
    )
