"""The sentences that a train says in Slack. Whatever came from outside is escaped (F65)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.calendar import StopName, stop_times
from stationmaster.core.departure_ids import DepartureKind, kind_of, week_of
from stationmaster.core.gates import Standing
from stationmaster.core.instants import local_text
from stationmaster.departures import changes, counting, wording_beside
from stationmaster.departures.beside import environment_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station

_SIGNS = {
    DepartureState.OPEN: ":station:",
    DepartureState.CUTTING: ":scissors:",
    DepartureState.STAGED: ":vertical_traffic_light:",
    DepartureState.GATED: ":ballot_box_with_ballot:",
    DepartureState.PROMOTING: ":steam_locomotive:",
    DepartureState.ROLLING_BACK: ":leftwards_arrow_with_hook:",
    DepartureState.DONE: ":white_check_mark:",
    DepartureState.SKIPPED: ":fast_forward:",
    DepartureState.SKIPPED_EMPTY: ":fast_forward:",
    DepartureState.MISSED: ":hourglass:",
    DepartureState.FAILED: ":rotating_light:",
    DepartureState.ROLLED_BACK: ":leftwards_arrow_with_hook:",
    DepartureState.PARTIAL: ":warning:",
}
_STATES = {
    DepartureState.OPEN: "open",
    DepartureState.CUTTING: "being cut",
    DepartureState.STAGED: "on staging, soaking",
    DepartureState.GATED: "waiting for its quorum",
    DepartureState.PROMOTING: "on its way to production",
    DepartureState.ROLLING_BACK: "on its way back",
    DepartureState.DONE: "on production",
    DepartureState.SKIPPED: "skipped",
    DepartureState.SKIPPED_EMPTY: "skipped, nothing to ship",
    DepartureState.MISSED: "missed its window",
    DepartureState.FAILED: "failed",
    DepartureState.ROLLED_BACK: "rolled back",
    DepartureState.PARTIAL: "partly on production",
}


def headline(station: Station, departure: str) -> str:
    """Return the one message of a departure, as its present state wants it."""
    found = station.ledger.departure(departure)
    state = found.state if found else DepartureState.OPEN
    manifest = station.ledger.manifest_of(departure)
    title, words = f"{station.train.title} {departure.rpartition('/')[2]}", _STATES[state]
    if kind_of(departure) is not DepartureKind.TRAIN:
        title, words = wording_beside.title(station, departure), wording_beside.state(departure, state, words)
    lines = [f"{_SIGNS[state]} *{escaping.slack(title)}* is {words}."]
    lines.append(f"Conductor: {station.conductor.mention}")
    lines += [
        f"• {passenger.component}: `{passenger.sha[:12]}`" for passenger in (manifest.passengers if manifest else ())
    ]
    if state is DepartureState.GATED:
        lines.append(_votes(station, departure))
    return "\n".join(lines)


def hold_question(station: Station) -> str:
    """Return the question before the cut (C-19)."""
    question = station.train.stops.cut.hold_question
    emoji = question.emoji if question else "raised_hand"
    return (
        f"{station.conductor.mention} is about to cut *{escaping.slack(station.train.title)}* (main → "
        f"{station.train.staging}). Is there a pull request to wait for? Answer in this thread with "
        f"`wait for #123`, take it back with `go without #123`, or react with :{emoji}:."
    )


def vote_question(station: Station, departure: str) -> str:
    """Return the question to the voters: did you test staging, with what to look at (C-14, C-17, F14)."""
    if kind_of(departure).is_hotfix:
        return wording_beside.vote_question(station, departure)

    number, manifest = counting.round_of(station, departure)
    gate = station.train.gates.quorum
    voters = [elector.person for elector in station.team.electorate(station.train) if elector.active]
    asked = station.train.stops.promote.question or "Have you had a chance to test what is on staging?"
    week = station.train
    due = week.promote_week(week_of(departure))
    times = stop_times(week.stop("promote"), due)
    again = (
        ""
        if number == 1
        else f" The manifest has changed: earlier votes no longer count. A ballot in Airflow shows the manifest of its "
        f"first question; put `{manifest.short}` into its field Manifest to vote on this one."
    )
    return (
        f"{station.team.mentions(voters)}: {escaping.slack(asked)}{again}\n"
        f"*{gate.needed} LGTM* promote manifest `{manifest.short}` to {station.train.production} in the window "
        f"{local_text(times.earliest, station.train.zone)} to {local_text(times.latest_start, station.train.zone)}, "
        f"after {station.conductor.mention} has confirmed. React to this message with :{gate.approve_emoji[0]}:, "
        f"answer `LGTM` or `veto because …` in the thread, or answer your ballot in Airflow. A vote can be withdrawn "
        f"until the deploy begins.\n\n{_authors(station, departure)}{changes.aboard(station, departure).render_slack()}"
    )


def _authors(station: Station, departure: str) -> str:
    """Return whose work is aboard, as mentions of the team's people; empty where it is nobody's whom we know."""

    people = sorted(counting.authors(station, departure))
    return f"Aboard is work of {station.team.mentions(people)}.\n" if people else ""


def reminder(station: Station, people: Sequence[str], missing: int) -> str:
    """Return the reminder to those who have not voted."""
    return f"{missing} more LGTM needed. Not voted yet: {station.team.mentions(people)}."


def started(station: Station, departure: str, stop: StopName) -> str:
    """Return the announcement that a stop's deploys begin (C-17)."""
    environment = environment_of(station, departure, stop)
    return (
        f":steam_locomotive: Deploy to *{environment}* in progress, conducted by {station.conductor.mention}.\n\n"
        f"{changes.aboard(station, departure).render_slack()}"
    )


def cannot_begin(station: Station, stop: StopName, missing: Sequence[Blocker]) -> str:
    """Return the message that a stop cannot begin, with what a person must do first (C-23)."""
    lines = [f":no_entry: {station.conductor.mention}: the {stop} cannot begin."]
    lines += [f"• {escaping.slack(found.sentence)} {escaping.slack(found.how)}" for found in missing]
    return "\n".join(lines)


def asked(station: Station, person: Person, question: str) -> str:
    """Return the message to the person on call that a task waits for them."""
    return f"{person.mention}: {escaping.slack(question)}"


def escalated(station: Station, role: str, sentence: str, *, since: datetime) -> str:
    """Return the message to a backup that a question to the person on call is open (C-33, C-35)."""
    from stationmaster.departures import ruling

    person = station.on_call(role)
    may = f"You may answer in {station.conductor.mention}'s place, in Airflow."
    if not ruling.may_act(station, person.id):
        group = escaping.slack(str(station.train.rules.actors))
        production = escaping.slack(station.train.production)
        may = f"Where {production} changes, only {group} may answer: see that somebody does."
    asked = local_text(since, station.train.zone)
    return (
        f":rotating_light: {person.mention}, you are {escaping.slack(role)}: since {asked} nobody has answered. "
        f"{escaping.slack(sentence)} {may}"
    )


def going_back(station: Station, by: str, why: str) -> str:
    """Return the announcement that production goes back: who asked and why, or what failed."""
    who = station.team.people[by].mention if by in station.team.people else "The train"
    production = escaping.slack(station.train.production)
    return (
        f":leftwards_arrow_with_hook: {who} takes {production} back: {escaping.slack(why)}. Nothing more of "
        "this departure goes out, and its manifest is rejected once anything of it was there."
    )


def rolled_back(station: Station, back: Mapping[str, str]) -> str:
    """Return the announcement that production runs what it ran before (C-18).

    :param back: the commits it runs again, by component.
    """
    lines = [f":leftwards_arrow_with_hook: {station.train.production} is back on what it ran before:"]
    lines += [f"• {component}: `{sha[:12]}`" for component, sha in back.items()]
    lines.append(f"{station.conductor.mention} coordinates the fix. The manifest is rejected until somebody clears it.")
    return "\n".join(lines)


def ending_word(state: DepartureState) -> str:
    """Return the stable name of an ending, as it stands in the ledger's keys."""
    return {
        DepartureState.STAGED: "complete",
        DepartureState.GATED: "complete",
        DepartureState.DONE: "complete",
        DepartureState.SKIPPED: "skipped",
        DepartureState.SKIPPED_EMPTY: "skipped",
        DepartureState.MISSED: "missed",
    }.get(state, "failed")


def ending(station: Station, departure: str, stop: StopName, state: DepartureState, why: str) -> str:
    """Return the announcement of how a stop ended, with the notes for the testers (C-17)."""
    environment = environment_of(station, departure, stop)
    word = ending_word(state)
    conductor = station.conductor.mention
    if word == "complete":
        notes = changes.aboard(station, departure).render_slack()
        return f":white_check_mark: Deploy to *{environment}* is complete. Please help to test:\n\n{notes}"
    found = station.ledger.departure(departure)
    reason = escaping.slack(why or (found.why if found else ""))
    if word == "skipped":
        return f":fast_forward: {_STATES[state].capitalize()}: {reason}"
    if word == "missed":
        return f":hourglass: The window has closed; nothing was deployed to {environment}. {conductor}: {reason}"
    page = station.train.runbooks.deploy_failed
    return f":rotating_light: {conductor}: {stop} {_STATES[state]}. {reason}\nRunbook: `{page}`"


def standing_text(station: Station, standing: Standing) -> str:
    """Return a standing as plain lines for a log or a note: code, sentence, who, how, until when."""
    if not standing.blockers:
        return f"{standing.gate}: {standing.verdict}"
    lines = []
    for found in standing.blockers:
        people = [station.team.people[person].name for person in found.who if person in station.team.people]
        until = f" Clears by itself at {local_text(found.clears_at, station.train.zone)}." if found.clears_at else ""
        whom = f" Waits for {', '.join(people)}." if people else ""
        lines.append(f"{found.code}: {found.sentence}{whom} {found.how}{until}")
    return "\n".join(lines)


def _votes(station: Station, departure: str) -> str:

    counted, _ = counting.count_from_ledger(station, departure)
    given = [ballot.voter for ballot in counted.approvals if ballot.voter]
    line = f"LGTM {len(given)} of {counted.needed}"
    if given:
        line += f": {', '.join(escaping.slack(station.team.people[person].name) for person in given)}"
    for veto in counted.vetoes:
        name = station.team.people[veto.voter].name if veto.voter else veto.account
        line += f"\n:no_entry: veto by {escaping.slack(name)}: {escaping.slack(veto.reason or 'no reason given')}"
    return line
