"""The sentences that a train says in Slack. Whatever came from outside is escaped (F65)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from stationmaster.config.people import in_a_row
from stationmaster.core import escaping
from stationmaster.core.calendar import StopName, stop_times
from stationmaster.core.departure_ids import DepartureKind, kind_of, week_of
from stationmaster.core.gates import Standing
from stationmaster.core.instants import local_text
from stationmaster.departures import beside, changes, counting, wording_beside
from stationmaster.departures.beside import environment_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.config.people import Person
    from stationmaster.core.ballots import Ballot
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.failing import Failure
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
    over = _passed_over(station, departure)
    again += f"\n{over}" if over else ""
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


def _passed_over(station: Station, departure: str) -> str:
    """Return who went on with a failed test list on staging, and why; empty where nobody did (T1)."""
    from stationmaster.departures import gating

    found = gating.checklist_standing(station, departure, station.train.staging)
    over = [each for each in found.blockers if each.code == "CHECKLIST_PASSED_OVER"]
    return "\n".join(f":warning: {escaping.slack(each.sentence)}" for each in over)


def reminder(station: Station, people: Sequence[str], missing: int) -> str:
    """Return the reminder to those who have not voted."""
    return f"{missing} more LGTM needed. Not voted yet: {station.team.mentions(people)}."


def what_counts(station: Station, departure: str, person: Person) -> str:
    """Return the answer to a voter whose reply is no vote."""
    return f"{person.mention}: that is neither an approval nor a veto, and counts as nothing. {_WHAT_COUNTS}"


def say_which(station: Station, departure: str, person: Person) -> str:
    """Return the question to a voter whose reply may be a veto."""
    final = beside.has_a_final_go(station, departure)
    who = "the person who gives the final go and one other voter" if final else "two other voters"
    return (
        f":grey_question: {person.mention}: that may be a veto, and is no plain one. The train waits until you say "
        f"which. {_WHAT_COUNTS} Or {who} pass over it: each replies here `pass over` and mentions {person.mention}."
    )


def veto_is_heard(station: Station, departure: str, person: Person, ballot: Ballot) -> str:
    """Return that a veto which is no reply was heard: what its author replies below it is certainly newer."""
    if ballot.choice == "unclear":
        return say_which(station, departure, person)
    taken = " Or take the reaction away." if ballot.in_slack else ""
    return (
        f":no_entry: {person.mention}: your veto is heard. The train waits until you reply `LGTM` or `withdraw` below "
        f"this message.{taken}"
    )


def may_be_older(person: Person) -> str:
    """Return the question to a voter whose approval or withdrawal may be older than their veto."""
    return (
        f":grey_question: {person.mention}: your last two answers came from different clocks within five minutes, so "
        f"nobody knows which is the newer one, and the more careful one holds. Say it anew here: `LGTM`, `withdraw` or "
        f"`veto because …`."
    )


def veto_is_gone(station: Station, departure: str, person: Person) -> str:
    """Return the question to a voter whose veto is no longer there, and who may not have taken it away."""
    return (
        f":grey_question: {person.mention}: your veto is no longer here, and somebody else may have deleted it. It "
        f"holds until you say anything new: `LGTM`, `withdraw` or `veto because …`."
    )


def gone_without_slack(station: Station, people: Sequence[str]) -> str:
    """Return that the votes were counted while Slack was out, and by whose word."""
    names = escaping.slack(
        in_a_row(station.team.people[one].name if one in station.team.people else one for one in people)
    )
    return (
        f":warning: Slack was out when the votes were counted. {names} said to go without it: approvals came from "
        f"Airflow alone, and a veto that was only here was not heard."
    )


_WHAT_COUNTS = "Reply `LGTM` alone, `veto because …` or `withdraw`."


def started(station: Station, departure: str, stop: StopName) -> str:
    """Return the announcement that a stop's deploys begin (C-17)."""
    environment = environment_of(station, departure, stop)
    first = [f":steam_locomotive: Deploy to *{environment}* in progress, conducted by {station.conductor.mention}."]
    first += [_passed_over(station, departure)] if stop == "promote" else []
    first.append(lists_to_come(station, departure, environment))
    told = "\n".join(line for line in first if line)
    return f"{told}\n\n{changes.aboard(station, departure).render_slack()}"


def cannot_begin(station: Station, stop: StopName, missing: Sequence[Blocker]) -> str:
    """Return the message that a stop cannot begin, with what a person must do first (C-23)."""
    lines = [f":no_entry: {station.conductor.mention}: the {stop} cannot begin."]
    lines += [f"• {escaping.slack(f'{found.sentence} {found.how}', links=True)}" for found in missing]
    return "\n".join(lines)


def asked(station: Station, person: Person, question: str) -> str:
    """Return the message to the person on call that a task waits for them."""
    return f"{person.mention}: {escaping.slack(question)}"


def list_failed(station: Station, failure: Failure, person: Person, note: str) -> str:
    """Return the message that a test list failed, and that a person is asked what follows (T1)."""
    leg = failure.leg
    items = escaping.slack("; ".join(failure.items))
    lines = [f":warning: {person.mention}: the test list of {leg.component} on {leg.environment} failed at: {items}."]
    if note:
        lines.append(f"Seen: {escaping.slack(escaping.said(note))}")
    if leg.environment == station.train.production and station.train.on_failed_test == "roll_back":
        lines.append("The train's file says that it is taken back.")
    else:
        lines.append(
            f"Nothing follows by itself: {station.conductor.mention} chooses in the form of the list, in its field "
            f"*What follows*."
        )
    return "\n".join(lines)


def lists_to_come(station: Station, departure: str, environment: str) -> str:
    """Return that test lists follow a deploy, and who is asked; empty where none does (C-20)."""
    manifest = station.ledger.manifest_of(departure)
    aboard = [passenger.component for passenger in manifest.passengers] if manifest else []
    tested = [name for name in aboard if station.train.component(name).checklist_of(environment)]
    if not tested:
        return ""
    names = ", ".join(tested)
    return (
        f"Once {environment} runs it, the person who holds `{escaping.slack(station.train.on_call)}` (now "
        f"{station.conductor.mention}) or a backup is asked to walk through the test list of {escaping.slack(names)}."
    )


def failure_answered(failure: Failure, words: str, person: Person, reason: str) -> str:
    """Return the message that a person has said what follows a failure (R7, T1).

    :param words: their answer, as the form has it.
    """
    leg = failure.leg
    why = f": {escaping.slack(escaping.said(reason))}" if reason else ""
    what = f" It had failed at: {escaping.slack('; '.join(failure.items))}." if failure.items else ""
    return (
        f"{person.mention} on failure {failure.number} of {leg.component} on {leg.environment}: "
        f"*{escaping.slack(words)}*{why}.{what}"
    )


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
        f"{escaping.slack(sentence, links=True)} {may}"
    )


def going_back(station: Station, by: str, why: str, *, restores: str = "") -> str:
    """Return the announcement that production goes back: who asked and why, or what failed.

    :param why: as the mandate tells it, a person's words in quotation marks.
    :param restores: the departure that stays, where only what was deployed over it goes.
    """
    who = station.team.people[by].mention if by in station.team.people else "The train"
    production = escaping.slack(station.train.production)
    if restores:
        return (
            f":leftwards_arrow_with_hook: {who} takes {production} back to {restores}: {escaping.slack(why)}. What was "
            "deployed over it goes, and its manifest stays as it is."
        )
    return (
        f":leftwards_arrow_with_hook: {who} takes {production} back: {escaping.slack(why)}. Nothing more of "
        "this departure goes out, and its manifest is rejected once anything of it was there."
    )


def restored(station: Station, departure: str, back: Mapping[str, str]) -> str:
    """Return the announcement that production runs what a departure had brought, and no longer anybody else's (F50)."""
    lines = [f":leftwards_arrow_with_hook: {station.train.production} runs what {departure} brought again:"]
    lines += [f"• {component}: `{sha[:12]}`" for component, sha in back.items()]
    lines.append(f"What was deployed over it is gone. {station.conductor.mention} finds out who did, and why.")
    return "\n".join(lines)


def rolled_back(
    station: Station,
    back: Mapping[str, str],
    staying: Collection[str] = (),
    *,
    named: str = "",
    left: Collection[str] = (),
) -> str:
    """Return the announcement that production runs what it ran before (C-18).

    :param back: the commits it runs again, by component.
    :param staying: of these what has come since, and was left there.
    :param named: the departure that a person has named, if one has.
    :param left: components that could not be brought to what that one ran.
    """
    what = f"what it ran before, as of {named}" if named else "what it ran before"
    lines = [f":leftwards_arrow_with_hook: {station.train.production} is back on {what}:"]
    lines += [
        f"• {component}: `{sha[:12]}`" + (", which has come since, and stays" if component in staying else "")
        for component, sha in back.items()
    ]
    lines += [f"• {component}: stays, for nothing of it is known of that time" for component in left]
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
        coming = lists_to_come(station, departure, station.train.production) if stop == "cut" else ""
        over = _passed_over(station, departure) if stop == "cut" else ""
        after = "".join(f"\n\n{line}" for line in (over, coming) if line)
        return f":white_check_mark: Deploy to *{environment}* is complete. Please help to test:\n\n{notes}{after}"
    found = station.ledger.departure(departure)
    reason = escaping.slack(why or (found.told if found else ""), links=wording_beside.links_of(station, departure))
    if word == "skipped":
        return f":fast_forward: {_STATES[state].capitalize()}: {reason}"
    if word == "missed":
        return f":hourglass: The window has closed; nothing was deployed to {environment}. {conductor}: {reason}"
    page = station.train.runbooks.deploy_failed
    return f":rotating_light: {conductor}: {stop} {_STATES[state]}. {reason}\nRunbook: `{page}`"


def standing_text(station: Station, standing: Standing) -> str:
    """Return a standing as plain lines for a log or a note: code, sentence, who, how, until when."""
    return "\n".join(_standing_lines(station, standing))


def standing_markdown(station: Station, standing: Standing) -> str:
    """Return a standing as a list in Markdown, for the form of a required action."""
    return "\n".join(f"- {escaping.markdown(line, links=True)}" for line in _standing_lines(station, standing))


def _standing_lines(station: Station, standing: Standing) -> list[str]:
    if not standing.blockers:
        return [f"{standing.gate}: {standing.verdict}"]
    lines = []
    for found in standing.blockers:
        people = [station.team.people[person].name for person in found.who if person in station.team.people]
        until = f" Clears by itself at {local_text(found.clears_at, station.train.zone)}." if found.clears_at else ""
        whom = f" Waits for {', '.join(people)}." if people else ""
        lines.append(escaping.one_line(f"{found.code}: {found.sentence}{whom} {found.how}{until}"))
    return lines


def _votes(station: Station, departure: str) -> str:

    counted, _ = counting.count_from_ledger(station, departure)
    given = [ballot.voter for ballot in counted.approvals if ballot.voter]
    line = f"LGTM {len(given)} of {counted.needed}"
    if given:
        line += f": {', '.join(escaping.slack(station.team.people[person].name) for person in given)}"
    for veto in counted.vetoes:
        name = station.team.people[veto.voter].name if veto.voter else veto.account
        reason = escaping.slack(escaping.said(veto.reason)) if veto.reason else "no reason given"
        line += f"\n:no_entry: veto by {escaping.slack(name)}: {reason}"
    for said in counted.unclear:
        name = station.team.people[said.voter].name if said.voter else said.account
        line += f"\n:grey_question: {escaping.slack(name)} has not said clearly whether this is a veto"
    return line
