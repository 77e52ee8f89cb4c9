"""What the gates ask of what leaves beside the train: its votes, its freeze, its environment (D-13 … D-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.departures.obstacles import conducted_by
from stationmaster.work.obstacles import StepImpossible
from stationmaster.work.secrecy import DISCLOSED, is_secret

if TYPE_CHECKING:
    from stationmaster.config.gates import QuorumGate
    from stationmaster.core.calendar import StopName
    from stationmaster.core.freezes import Action
    from stationmaster.core.quorum import Elector
    from stationmaster.departures.station import Station

__all__ = [
    "ASKED",
    "DISCLOSED",
    "action_of",
    "channel_of",
    "electorate_of",
    "environment_of",
    "gate_of",
    "has_a_final_go",
    "is_secret",
]

ASKED = "asked"
"""The fact that says what a form asked for, and who filled it in."""


def gate_of(station: Station, departure: str) -> QuorumGate:
    """Return the gate by which the votes on a departure are counted.

    :raises StepImpossible: the train's file has no hotfixes of that kind any more.
    """
    kind = kind_of(departure)
    if not kind.is_hotfix:
        return station.train.gates.quorum
    rule = station.train.beside(kind)
    if rule is None:
        raise _not_allowed(station, kind)
    return rule.gate(station.train.gates.quorum)


def electorate_of(
    station: Station,
    departure: str,
    authors: frozenset[str] = frozenset(),
    doubted: frozenset[str] = frozenset(),
) -> tuple[Elector, ...]:
    """Return who may vote on a departure; whoever asks for a hotfix counts as its author.

    :param doubted: of whom only a text says that they wrote what is aboard.
    """
    asked = station.ledger.fact(departure, ASKED) if kind_of(departure).is_hotfix else None
    wrote = authors | {asked.by} if asked is not None else authors
    return station.team.electorate(station.train, authors=wrote, doubted=doubted, gate=gate_of(station, departure))


def has_a_final_go(station: Station, departure: str) -> bool:
    """Return whether somebody gives a final go to a departure; nobody does to what leaves beside the train."""
    return kind_of(departure) is DepartureKind.TRAIN and station.train.gates.confirm is not None


def action_of(departure: str, stop: StopName) -> Action:
    """Return what a stop of a departure is to a freeze."""
    kind = kind_of(departure)
    if kind.is_hotfix:
        return "hotfix"
    return "cut" if kind is DepartureKind.FEATURE_BUILD else stop


def environment_of(station: Station, departure: str, stop: StopName) -> str:
    """Return where a stop of a departure brings its components."""
    builds = station.train.feature_builds
    if kind_of(departure) is DepartureKind.FEATURE_BUILD:
        if builds is None:
            raise _not_allowed(station, DepartureKind.FEATURE_BUILD)
        return builds.environment
    return station.train.staging if stop == "cut" else station.train.production


def channel_of(station: Station, departure: str) -> str:
    """Return the id of the channel that hears of a departure: of a security hotfix a private one, for ever."""
    rule = station.train.security_hotfix
    if kind_of(departure) is not DepartureKind.SECURITY_HOTFIX:
        return station.channel
    if rule is None:
        raise _not_allowed(station, DepartureKind.SECURITY_HOTFIX)
    return station.team.channels[rule.channel].id


def _not_allowed(station: Station, kind: DepartureKind) -> StepImpossible:
    who = conducted_by(station)
    return StepImpossible(blocker("BESIDE_NOT_ALLOWED", who=who, train=station.train.key, kind=kind.words))
