"""The one table of gates: what must hold before a departure is acted upon, and which acts and kinds each gate guards.

Whoever wants to know how a departure stands asks this table, and so does every effect immediately before it acts (F32):
a gate that stands here cannot be forgotten by one of them. A rollback stands in no row: no gate keeps production from
going back (F34).

What a row cannot read is that row's reason, beside those of all others, and never a yes (F59). Only what waiting does
not clear, such as a permission that is missing, is raised where nothing else is in the way: the task fails with the way
out then, and does not wait for what only a person can fix.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.core.gates import Standing, combine
from stationmaster.core.transitions import Act
from stationmaster.departures import (
    columns,
    counting,
    earlier,
    freezing,
    gating,
    holding,
    returning,
    ruling,
    spiking,
    voting,
)
from stationmaster.departures.fitting import fits
from stationmaster.departures.obstacles import obstacle
from stationmaster.work import halting
from stationmaster.work.obstacles import StepImpossible, passed, passes, waiting

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station

_TRAIN = frozenset({DepartureKind.TRAIN})
_HOTFIXES = frozenset({DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX})
_EVERY = frozenset(DepartureKind)
_PIN = frozenset({Act.PIN})
# Another attempt is guarded as the first one was.
_STAGE, _PROMOTE = frozenset({Act.STAGE, Act.STAGE_AGAIN}), frozenset({Act.PROMOTE, Act.DEPLOY_AGAIN})


class How(Enum):
    """How much is asked for an answer."""

    LEDGER = "ledger"
    """The ledger alone, and nobody outside: for who only wants to know."""
    LOOK = "look"
    """GitHub and Slack, too; what was read a moment ago may be used."""
    ACT = "act"
    """Everything anew: for whoever acts upon the answer."""


class Question(NamedTuple):
    """What a gate is asked about. ``leg`` is None where no component is meant in particular."""

    departure: str
    act: Act
    how: How
    leg: Leg | None = None

    @property
    def stop(self) -> StopName:
        """The stop that the act belongs to."""
        return "cut" if self.act in _PIN | _STAGE else "promote"


class Gate(NamedTuple):
    """One row: a gate, what it guards, and how it is asked. ``asks_outside``: the ledger alone cannot answer it."""

    name: str
    acts: frozenset[Act]
    kinds: frozenset[DepartureKind]
    check: Callable[[Station, Question], Standing]
    asks_outside: bool = False


def _freeze(station: Station, asked: Question) -> Standing:
    """A freeze lets a stop that has brought a component there be finished (F33)."""
    found = freezing.standing(station, asked.departure, asked.stop)
    if not found.opens and gating.half_done(station, asked.departure, asked.stop):
        return passed("freeze")
    return found


def _quorum(station: Station, asked: Question) -> Standing:
    if asked.how is How.LEDGER:
        counted, _ = counting.count_from_ledger(station, asked.departure)
        return counting.as_standing(station, asked.departure, counted)
    return voting.standing(station, asked.departure, fresh=asked.how is How.ACT)


def _fits(station: Station, asked: Question) -> Standing:
    found = fits(station, asked.leg) if asked.leg is not None else None
    return found or passed("fits")


GATES: tuple[Gate, ...] = (
    Gate("window", _PROMOTE, _TRAIN, lambda at, asked: gating.window_standing(at, asked.departure, asked.stop)),
    Gate("previous", _PIN | _STAGE, _TRAIN, lambda at, asked: earlier.standing(at, asked.departure)),
    Gate("hold", _PIN, _TRAIN, lambda at, asked: holding.standing(at, asked.departure), asks_outside=True),
    Gate("halt", _STAGE | _PROMOTE, _EVERY, lambda at, _: halting.standing(at, at.train.key)),
    Gate("freeze", _STAGE | _PROMOTE, _EVERY, _freeze),
    Gate(
        "rejection",
        _STAGE | _PROMOTE,
        _TRAIN | _HOTFIXES,
        lambda at, asked: gating.rejection_standing(at, asked.departure),
    ),
    Gate(
        "rejected_commits",
        _PROMOTE,
        _TRAIN | _HOTFIXES,
        lambda at, asked: returning.standing(at, asked.departure),
        asks_outside=True,
    ),
    Gate("soak", _PROMOTE, _TRAIN, lambda at, asked: gating.soak_standing(at, asked.departure)),
    Gate(
        "test_list",
        _PROMOTE,
        _TRAIN,
        lambda at, asked: gating.checklist_standing(at, asked.departure, at.train.staging),
    ),
    Gate(
        "checks",
        _PROMOTE,
        _HOTFIXES,
        lambda at, asked: gating.checks_standing(at, asked.departure),
        asks_outside=True,
    ),
    Gate("quorum", _PROMOTE, _TRAIN | _HOTFIXES, _quorum),
    Gate("actor", _PROMOTE, _TRAIN, lambda at, asked: gating.actor_standing(at, asked.departure)),
    Gate("asker", _PROMOTE, _HOTFIXES, lambda at, asked: gating.asker_standing(at, asked.departure)),
    Gate(
        "issue",
        _PROMOTE,
        _TRAIN | _HOTFIXES,
        lambda at, asked: ruling.issue_standing(at, asked.departure, ask=asked.how is not How.LEDGER),
    ),
    Gate("blocking_labels", _PROMOTE, _TRAIN, lambda at, _: ruling.blocking_standing(at), asks_outside=True),
    Gate("board", _PROMOTE, _TRAIN, lambda at, _: columns.standing(at), asks_outside=True),
    Gate("spikes", _PROMOTE, _TRAIN, lambda at, _: spiking.standing(at)),
    Gate("confirmation", _PROMOTE, _TRAIN, lambda at, asked: gating.confirm_standing(at, asked.departure)),
    Gate("fits", _PROMOTE, _TRAIN | _HOTFIXES, _fits, asks_outside=True),
)
"""Every gate. A row that is added is asked by every effect of its acts; who explains leaves out what asks outside."""


def rows_of(departure: str, act: Act) -> tuple[Gate, ...]:
    """Return the gates that guard an act upon a departure, by its kind."""
    kind = kind_of(departure)
    return tuple(gate for gate in GATES if act in gate.acts and kind in gate.kinds)


def standing(
    station: Station,
    departure: str,
    act: Act,
    *,
    how: How = How.LOOK,
    leg: Leg | None = None,
    without: Collection[str] = (),
) -> Standing:
    """Return how every gate of an act stands together: the worst verdict, and all reasons.

    :param leg: the component that is acted upon; its own gates are asked, too.
    :param without: names of gates that are left out, such as the final go for the person who is asked for it.
    :raises StepImpossible: what several gates met does not pass by itself, and no other gate is closed.
    :raises Exception: the same of one gate: as it met it. Who asks the ledger alone is told it as a reason.
    """
    gates = [gate for gate in rows_of(departure, act) if gate.name not in without]
    found, met = _asked(station, gates, Question(departure, act, how, leg))
    alone = len(met) == sum(not each.opens for each in found)
    if alone and how is not How.LEDGER and not all(passes(error) for error in met):
        raise met[0] if len(met) == 1 else StepImpossible(*_together(found).blockers)
    return _together(found) if found else passed(str(act))


def some(station: Station, departure: str, act: Act, *names: str, how: How = How.LOOK) -> Standing:
    """Return how those of an act's gates stand that have one of some names; what they cannot read is a reason."""
    gates = [gate for gate in rows_of(departure, act) if gate.name in names]
    found, _ = _asked(station, gates, Question(departure, act, how))
    return _together(found) if found else passed(str(act))


def frozen(station: Station, departure: str, act: Act) -> Standing:
    """Return whether a freeze, or a person, forbids an act now: what holds a departure before anything of it begins."""
    return some(station, departure, act, "halt", "freeze", how=How.LEDGER)


def _asked(station: Station, gates: Iterable[Gate], asked: Question) -> tuple[list[Standing], list[Exception]]:
    """Return what each gate says, and what they met instead of an answer: that is a reason of its own gate.

    :raises Exception: what a gate met is nobody's obstacle, but a fault of ours.
    """
    found: list[Standing] = []
    met: list[Exception] = []
    for gate in gates:
        if gate.asks_outside and asked.how is How.LEDGER:
            continue
        try:
            found.append(gate.check(station, asked))
        except Exception as error:
            why = obstacle(station, error)
            if why is None:
                raise
            found.append(waiting(gate.name, why.model_copy(update={"subject": why.subject or gate.name})))
            met.append(error)
    return found, met


def _together(found: list[Standing]) -> Standing:
    """Combine them; what several gates met alike is said once."""
    whole = combine(found)
    said = {(each.code, each.sentence): each for each in reversed(whole.blockers)}
    once = tuple(each for each in whole.blockers if said[each.code, each.sentence] is each)
    return whole.model_copy(update={"blockers": once})
