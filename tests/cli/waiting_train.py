"""A departure that waits for its quorum on a Wednesday, as the steps of a train leave it in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stationmaster.core.blockers import blocker
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.ledger.records import DepartureState

TRAIN = "cellxgene.weekly"
DEPARTURE = f"{TRAIN}/2021-W43"
PORTAL, EXPLORER = "1" * 40, "2" * 40
MANIFEST = Manifest.of(
    [
        Passenger(component="portal", repository="chanzuckerberg/single-cell-data-portal", sha=PORTAL),
        Passenger(component="explorer", repository="chanzuckerberg/single-cell-explorer", sha=EXPLORER),
    ]
)
CUT_AT = datetime(2021, 10, 28, 16, 0, tzinfo=UTC)
OPENED_AT = datetime(2021, 11, 3, 16, 0, tzinfo=UTC)
VOTERS = ("amara", "emil", "farah")
RUN_KEY = f"{DEPARTURE}/cut/explorer/staging/{EXPLORER}/1"
LOST_KEY = f"{DEPARTURE}/promote/explorer/prod/{EXPLORER}/1"
LOCK = "chanzuckerberg/single-cell-explorer/prod"


def wait_for_quorum(ledger: Ledger) -> None:
    """Put the departure into the ledger: cut last Thursday, its gate open since nine o'clock."""
    ledger.open_departure(TRAIN, IsoWeek.parse("2021-W43"), CUT_AT, "timetable")
    ledger.pin(DEPARTURE, MANIFEST, CUT_AT, "timetable")
    ledger.set_state(DEPARTURE, DepartureState.GATED, OPENED_AT, "stationmaster", "round 1 is open")
    ledger.set_blockers(
        f"{DEPARTURE}/promote/wait_for_the_quorum",
        [blocker("QUORUM_MISSING", who=VOTERS, given=1, needed=3, manifest=MANIFEST.short, missing="")],
        OPENED_AT,
    )
    for voter in VOTERS:
        ledger.set_blockers(
            f"{DEPARTURE}/promote/ballot/{voter}",
            [blocker("BALLOT_OPEN", who=(voter,), manifest=MANIFEST.short)],
            OPENED_AT + timedelta(minutes=2),
        )
    ledger.set_blockers(
        f"{DEPARTURE}/cut/ask_whom_to_wait_for",
        [blocker("HOLD_ASKED", who=("ben",), clears_at=CUT_AT + timedelta(minutes=30))],
        CUT_AT,
    )
    deployed_staging(ledger)


def deployed_staging(ledger: Ledger) -> None:
    """Record the run that brought the Explorer to staging."""
    ledger.perform(
        RUN_KEY,
        intent={"repository": "chanzuckerberg/single-cell-explorer", "workflow": "deploy.yml"},
        now=lambda: CUT_AT,
        look_up=lambda: None,
        act=lambda: {"run_id": 7123, "workflow": "deploy.yml", "key": RUN_KEY, "since": CUT_AT.isoformat()},
    )


def lose_an_answer(ledger: Ledger) -> None:
    """Dispatch a workflow whose answer never comes, where nothing can be looked up: nobody can tell."""

    def act() -> dict[str, object]:
        raise EffectUnknown("the answer was lost")

    try:
        ledger.perform(
            LOST_KEY,
            intent={"repository": "chanzuckerberg/single-cell-explorer", "workflow": "deploy.yml"},
            now=lambda: OPENED_AT,
            look_up=None,
            act=act,
        )
    except RuntimeError as error:
        if type(error).__name__ != "EffectAmbiguous":
            raise
