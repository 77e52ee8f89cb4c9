"""The sentences that a rollout says; what came from outside is escaped (F65)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.instants import local_text
from stationmaster.core.rollouts.plan import Batch, RolloutPlan
from stationmaster.core.rollouts.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from stationmaster.config.rolling_out import Rollout
    from stationmaster.core.gates import Standing
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import Reached, RolloutRecord

_MOST = 20
"""Targets that one sentence names."""


def listed(targets: Sequence[str], most: int = _MOST) -> str:
    """Return targets in words: ``a, b and 5 more``."""
    more = len(targets) - most
    return ", ".join(targets[:most]) + (f" and {more} more" if more > 0 else "")


def schedule(plan: RolloutPlan, rollout: Rollout | None = None) -> tuple[str, ...]:
    """Return one line a batch: ``batch 3, Tue 24 Nov 2026 07:00 UTC: pjljw (aaaaaaaa), qdvhd (bbbbbbbb)``."""
    return tuple(_line(plan, batch, rollout) for batch in plan.batches)


def _line(plan: RolloutPlan, batch: Batch, rollout: Rollout | None) -> str:
    ways = ", ".join(f"{way.target}{_title(way.target, rollout)} gets {way.version[:8]}" for way in batch.ways)
    return f"batch {batch.number}, {local_text(batch.at, plan.zone)}: {ways}"


def _title(target: str, rollout: Rollout | None) -> str:
    return f" ({rollout.targets[target]})" if rollout is not None and target in rollout.targets else ""


def opened(station: Station, record: RolloutRecord) -> str:
    """Return that a rollout has begun, with its first batches."""
    plan, targets = record.plan, sum(len(batch.ways) for batch in record.plan.batches)
    lines = [
        f"batch {batch.number}, {local_text(batch.at, plan.zone)}: {listed([way.target for way in batch.ways], 6)}"
        for batch in plan.batches[:_MOST]
    ]
    more = len(plan.batches) - _MOST
    tail = [f"… and {more} batches more"] if more > 0 else []
    size = f"{targets} targets in {len(plan.batches)} batches"
    head = f":railway_track: The rollout of {record.version[:8]} has a plan: {size}."
    by = station.team.mentions([record.opened_by])
    return "\n".join([f"{head} Started by {by}.", *map(escaping.slack, lines), *tail])


def votes(station: Station, record: RolloutRecord, batch: Batch, proposals: Mapping[str, str], who: str) -> str:
    """Return the request to vote; ``proposals`` are ids by target."""
    lines = [f"• {escaping.slack(number)} for {escaping.slack(target)}" for target, number in sorted(proposals.items())]
    shown = lines[:_MOST] + ([f"… and {len(lines) - _MOST} more"] if len(lines) > _MOST else [])
    head = f":ballot_box_with_ballot: {who}please vote on batch {batch.number} of {record.departure}"
    return "\n".join([f"{head} ({record.version[:8]}):", *shown])


def stalled(station: Station, batch: Batch, standing: Standing, lasting: timedelta) -> str:
    """Return that a batch gets no further, with why."""
    hours = lasting.total_seconds() / 3600
    why = " ".join(escaping.slack(f"{found.sentence} {found.how}", links=True) for found in standing.blockers)
    return f":turtle: Batch {batch.number} has got no further for {hours:.0f} h, {station.conductor.mention}. {why}"


def ended(record: RolloutRecord, found: Mapping[str, Reached], why: str) -> str:
    """Return how a rollout ended, with each target that did not get its version."""
    done = [target for target, each in found.items() if each.progress is Progress.DONE]
    missing = [f"{target}: {each.progress}" for target, each in found.items() if each.progress is not Progress.DONE]
    sign = ":white_check_mark:" if not missing else ":warning:"
    head = f"{sign} The rollout of {record.version[:8]} {why}: {len(done)} of {len(found)} targets run it."
    return head if not missing else f"{head} Not: {escaping.slack(listed(missing))}."
