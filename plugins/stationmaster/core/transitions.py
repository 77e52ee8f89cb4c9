"""How far a departure has come, and what its state allows: the one table of states and acts (F05, F32).

An act is what somebody, or a task, wants to do to a departure. The table says to which state it leads, and so which
states are ends; an act that a state does not have is refused there. The ledger asks the table within the transaction
that changes the state, so that two acts that race cannot both come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class DepartureState(StrEnum):
    """How far a departure has come."""

    OPEN = "OPEN"
    CUTTING = "CUTTING"
    STAGED = "STAGED"
    GATED = "GATED"
    PROMOTING = "PROMOTING"
    ROLLING_BACK = "ROLLING_BACK"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    SKIPPED_EMPTY = "SKIPPED_EMPTY"
    MISSED = "MISSED"
    FAILED = "FAILED"
    ROLLED_BACK = "ROLLED_BACK"
    PARTIAL = "PARTIAL"


class Act(StrEnum):
    """What may be done to a departure. The value completes the sentence "it is not possible to …"."""

    PIN = "pin a manifest"
    """The cut's choice; a hotfix and a feature build have PICK."""
    PICK = "pick its commits"
    BOARD = "put a hotfix aboard"
    """A hotfix that comes onto this departure."""
    FIND_EMPTY = "end it as empty"
    STAGE = "deploy it to staging"
    END_CUT = "end its cut"
    FAIL_CUT = "end its cut as failed"
    OPEN_ROUND = "ask for votes"
    PROMOTE = "deploy it"
    """To production; of a feature build, to its environment."""
    DEPLOY_AGAIN = "begin its promotion again"
    """A person's recorded answer: another attempt at what has failed."""
    STAGE_AGAIN = "begin its cut again"
    """A person's recorded answer: another attempt at what has failed."""
    TAKE_UP = "take it up again"
    """It ended because a task could not do its work, and nothing had failed: it is again what it was before."""
    FINISH = "end its promotion"
    FAIL = "end its promotion as failed"
    LEAVE_PARTIAL = "leave it half in production"
    MISS = "end it as missed"
    SUPERSEDE = "let a later departure take its place"
    SKIP = "skip it"
    UNSKIP = "take its skipping back"
    COMPENSATE = "take it back because it failed"
    """Automatic: names the failure in the ledger that caused it."""
    TAKE_BACK = "take it back"
    """A person's: by the form of the rollback."""
    END_WAY_BACK = "end its way back"
    END_RESTORING = "end bringing it back"
    """Something else was deployed over it, and is gone: it runs again as it was."""
    FIND_NOTHING_TO_TAKE_BACK = "say that nothing of it had come to production"
    RELEASE_CUT = "tag its candidate"
    RELEASE = "release it"
    BRING_HOME = "bring it home to its branch"
    ROLL_OUT = "roll it out"


_S = DepartureState
BEFORE_THE_PROMOTION = (_S.OPEN, _S.CUTTING, _S.STAGED, _S.GATED)
"""The states of a departure of which nothing was sent to production."""
UNDER_WAY = (*BEFORE_THE_PROMOTION, _S.PROMOTING, _S.ROLLING_BACK)
"""The states in which a departure is about to go on by itself, or goes on."""
_STAGED = (_S.STAGED, _S.GATED)


def _stay(*states: DepartureState) -> dict[DepartureState, frozenset[DepartureState]]:
    return {state: frozenset({state}) for state in states}


def _lead(to: DepartureState, *states: DepartureState) -> dict[DepartureState, frozenset[DepartureState]]:
    return {state: frozenset({to}) for state in states}


TRANSITIONS: Mapping[Act, Mapping[DepartureState, frozenset[DepartureState]]] = MappingProxyType(
    {
        Act.PIN: _lead(_S.CUTTING, _S.OPEN, _S.CUTTING),
        Act.PICK: _lead(_S.STAGED, _S.OPEN),
        Act.BOARD: _stay(_S.CUTTING, *_STAGED),
        Act.FIND_EMPTY: _lead(_S.SKIPPED_EMPTY, _S.OPEN, _S.CUTTING),
        Act.STAGE: _stay(_S.CUTTING, *_STAGED),
        Act.END_CUT: _lead(_S.STAGED, _S.CUTTING) | _stay(*_STAGED, _S.PROMOTING, _S.PARTIAL),
        Act.FAIL_CUT: _lead(_S.FAILED, _S.OPEN, _S.CUTTING, _S.FAILED),
        Act.OPEN_ROUND: _lead(_S.GATED, *_STAGED),
        Act.PROMOTE: _lead(_S.PROMOTING, *_STAGED, _S.PROMOTING),
        Act.DEPLOY_AGAIN: _lead(_S.PROMOTING, _S.PROMOTING, _S.PARTIAL, _S.FAILED),
        Act.STAGE_AGAIN: _lead(_S.CUTTING, _S.CUTTING, _S.FAILED) | _stay(*_STAGED),
        Act.TAKE_UP: {
            _S.FAILED: frozenset({*BEFORE_THE_PROMOTION, _S.PROMOTING}),
            _S.PARTIAL: frozenset({_S.PROMOTING}),
        },
        Act.FINISH: _lead(_S.DONE, _S.PROMOTING),
        Act.FAIL: _lead(_S.FAILED, *BEFORE_THE_PROMOTION, _S.PROMOTING, _S.FAILED),
        Act.LEAVE_PARTIAL: _lead(_S.PARTIAL, _S.PROMOTING, _S.PARTIAL, _S.FAILED),
        Act.MISS: _lead(_S.MISSED, *BEFORE_THE_PROMOTION),
        Act.SUPERSEDE: _lead(_S.MISSED, *BEFORE_THE_PROMOTION),
        Act.SKIP: _lead(_S.SKIPPED, *BEFORE_THE_PROMOTION),
        Act.UNSKIP: {_S.SKIPPED: frozenset({_S.OPEN, _S.CUTTING, _S.STAGED})},
        Act.COMPENSATE: _lead(_S.ROLLING_BACK, _S.PROMOTING, _S.PARTIAL, _S.FAILED, _S.ROLLING_BACK),
        Act.TAKE_BACK: _lead(_S.ROLLING_BACK, _S.PROMOTING, _S.PARTIAL, _S.FAILED, _S.DONE, _S.ROLLING_BACK),
        Act.END_WAY_BACK: _lead(_S.ROLLED_BACK, _S.ROLLING_BACK),
        Act.END_RESTORING: _lead(_S.DONE, _S.ROLLING_BACK),
        Act.FIND_NOTHING_TO_TAKE_BACK: _lead(_S.FAILED, _S.ROLLING_BACK),
        Act.RELEASE_CUT: _stay(*_STAGED, _S.PROMOTING, _S.DONE),
        Act.RELEASE: _stay(_S.DONE),
        Act.BRING_HOME: _stay(_S.PROMOTING, _S.DONE),
        Act.ROLL_OUT: _stay(_S.DONE),
    }
)
"""To which states an act may lead from a state; a state that is not named refuses the act."""


class ActRefused(ValueError):
    """A departure is in no state for an act."""

    def __init__(self, departure: str, state: DepartureState, act: Act, told: str = "") -> None:
        """Keep what was wanted, and where the departure stands."""
        super().__init__(departure, state, act, told)
        self.departure, self.state, self.act, self.told = departure, state, act, told

    def __str__(self) -> str:
        """Name the departure, its state with who changed it last, and what is not possible there."""
        told = f" ({self.told})" if self.told else ""
        return f"{self.departure} is {self.state}{told}: it is not possible to {self.act} now."


def allows(state: DepartureState, act: Act) -> bool:
    """Return whether a departure in this state may be acted upon so."""
    return state in TRANSITIONS[act]


def next_state(
    departure: str, state: DepartureState, act: Act, *, to: DepartureState | None = None, told: str = ""
) -> DepartureState:
    """Return the state to which an act leads.

    :param to: which one, where the act may lead to several.
    :param told: who changed the state last, and why: for the refusal.
    :raises ActRefused: the state does not allow the act, or not the way to ``to``.
    """
    found = TRANSITIONS[act].get(state, frozenset())
    if to is None and len(found) == 1:
        return next(iter(found))
    if to is None or to not in found:
        raise ActRefused(departure, state, act, told)
    return to
