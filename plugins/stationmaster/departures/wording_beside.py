"""The sentences about what leaves beside the train. Of a security hotfix the public hears nothing (D-15, F65)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.departure_ids import DepartureId, DepartureKind, kind_of
from stationmaster.departures import beside, changes, counting, electors
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.homecoming import Hotfixed
    from stationmaster.departures.station import Station

KEPT_BACK = "The notes are kept back until the hotfix is disclosed."
_STATES = {
    DepartureState.OPEN: "asked for",
    DepartureState.STAGED: "ready to be voted on",
    DepartureState.GATED: "waiting for its approvals",
    DepartureState.PROMOTING: "on its way",
    DepartureState.DONE: "done",
}


def title(station: Station, departure: str) -> str:
    """Return what a departure is called: ``Data Portal hotfix 2026-W34-1``."""
    name = DepartureId.parse(departure)
    asked = station.ledger.fact(departure, beside.ASKED)
    if name.kind is DepartureKind.FEATURE_BUILD and asked is not None and asked.value.get("name"):
        return f"{station.train.title}: feature build {asked.value['name']}"
    return f"{station.train.title}: {name.kind.words} {name.week}-{name.number}"


def state(departure: str, found: DepartureState, otherwise: str) -> str:
    """Return the state of a departure in words.

    :param otherwise: the words for the train's own departures.
    """
    return otherwise if kind_of(departure) is DepartureKind.TRAIN else _STATES.get(found, otherwise)


def vote_question(station: Station, departure: str) -> str:
    """Return the question to those who may approve a hotfix."""
    _, manifest = counting.round_of(station, departure)
    gate = beside.gate_of(station, departure)
    may = electors.able(station, departure)
    able = [each.person for each in electors.electorate(station, departure) if each.person in may]
    asked = station.ledger.fact(departure, beside.ASKED)
    who, why = ("", "") if asked is None else (asked.by, str(asked.value.get("reason") or ""))
    return (
        f"{station.team.mentions(able)}: {station.team.mentions([who])} asks for a {kind_of(departure).words} onto "
        f"*{station.train.production}*: {escaping.slack(escaping.said(why))}\n"
        f"*{gate.needed} LGTM* let manifest `{manifest.short}` go at once. React to this message with "
        f":{gate.approve_emoji[0]}:, answer `LGTM` or `veto because …` in the thread, or answer your ballot in Airflow."
        f"\n\n{changes.aboard(station, departure).render_slack()}"
    )


def pull_request(station: Station, departure: str, hotfix: Hotfixed) -> tuple[str, str]:
    """Return the title and the text of the pull request that brings a hotfix to its branch; of a secret one neutral."""
    asked = station.ledger.fact(departure, beside.ASKED)
    reason = "" if asked is None or beside.is_secret(station, departure) else str(asked.value.get("reason") or "")
    what = escaping.markdown(escaping.said(reason)) if reason else "What production runs comes back to the branch."
    text = (
        f"{what}\n\n`{hotfix.sha}` runs on {station.train.production}, and "
        f"{escaping.markdown_code(hotfix.branch)} does not have it yet. "
        "Until it does, the next train is not cut. Merge this, or bring the commits in another way and close it."
    )
    return escaping.one_line(f"Bring {hotfix.sha[:12]} home to {hotfix.branch}"), text


def bring_home(station: Station, hotfix: Hotfixed, person: str, url: str) -> str:
    """Return the reminder that a hotfix is not on its branch yet."""
    return (
        f":house: {station.team.mentions([person])}: {hotfix.sha[:12]} runs on {station.train.production}, and "
        f"{escaping.slack_code(hotfix.branch)} does not have it yet: {escaping.slack_link(url)}. "
        "Until it does, the next train is not cut."
    )


def away_from_home(station: Station, departure: str, why: str) -> str:
    """Return that a hotfix runs in production, and that something on its way home needs a person."""
    return (
        f":warning: {station.conductor.mention}: *{escaping.slack(title(station, departure))}* runs on "
        f"{station.train.production}, and has not come home: "
        f"{escaping.slack(why, links=links_of(station, departure))}"
    )


def links_of(station: Station, departure: str) -> tuple[str, ...]:
    """Return the addresses that the departure's blockers name: those of its runs, and nobody else's (S5)."""
    several = station.ledger.blockers(departure).values()
    return tuple(
        address for blockers in several for found in blockers for address in escaping.addresses(found.sentence)
    )


def disclosed(station: Station, departure: str) -> str:
    """Return what the public hears when a security hotfix is disclosed."""
    asked = station.ledger.fact(departure, beside.ASKED)
    reason = escaping.slack(escaping.said(str(asked.value.get("reason") or ""))) if asked is not None else ""
    notes = changes.everything(station, departure).render_slack()
    return (
        f":lock: *{escaping.slack(title(station, departure))}* runs on {station.train.production}: {reason}\n\n{notes}"
    )
