"""One line for each thing that happened to a departure, in the order in which it happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from stationmaster.config.team import TeamConfig
from stationmaster.core import escaping
from stationmaster.ledger.records import Departure, Entry
from stationmaster.rehearsal import transcript_effects
from stationmaster.rehearsal.evidence import Evidence, HandedOver
from stationmaster.rehearsal.transcript_slack import as_markdown, as_text, without_notes, without_stand_ins

_STATIONMASTER = "Stationmaster"
_STEPS = {
    "proposed": "is to get",
    "accepted": "may get",
    "running": "runs",
    "done": "is quiet with",
    "failed": "failed with",
}
_IN_LINE = re.compile(r"Batch (\d+) waits for batch (\d+)")
_MACHINES = frozenset({"stationmaster", "timetable", "admin"})
"""Actors that are nobody's name; a rehearsal's runs are started by its administrator, in place of the timetable."""
_FOLLOWS = {
    "deploy_again": "deploy again",
    "verify_again": "look again",
    "roll_back": "roll back",
    "go_on": "go on",
    "leave": "leave it",
}
_SAID = {"approve": "LGTM", "veto": "a veto", "withdraw": "a withdrawal", "unclear": "what may be a veto"}
_WHERE = {
    "airflow": "in Airflow",
    "slack_reaction": "by a reaction in Slack",
    "slack_reply": "by a reply in Slack",
    "github": "on GitHub",
}


class Line(NamedTuple):
    """One thing that happened: ``kind`` is state, manifest, waits, vote, fact, github, slack or person.

    ``text`` is plain, ``markdown`` is the same with whatever came from outside escaped.
    """

    at: datetime
    kind: str
    who: str
    text: str
    markdown: str


def lines(evidence: Evidence, departure: Departure, team: TeamConfig) -> list[Line]:
    """Return what happened to a departure, in the order of the audit; what people wrote comes before what it caused."""
    train = team.train(departure.train)
    components = {component.repository: component.id for component in train.components}
    return _Teller(evidence, departure.id, team, train.zone, components).lines()


def handoff_lines(evidence: Evidence, handoff: HandedOver, team: TeamConfig) -> list[Line]:
    """Return what happened at a handoff, in the order of the audit."""
    return _Teller(evidence, handoff.id, team, team.roster[handoff.rotation].zone or team.zone, {}).lines()


class _Teller:
    def __init__(
        self, evidence: Evidence, subject: str, team: TeamConfig, zone: str, components: Mapping[str, str]
    ) -> None:
        self._evidence = evidence
        self._id = subject
        self._team = team
        self._zone = ZoneInfo(zone)
        self._components = components
        self._accounts = {account: person.name for person in team.people.values() for account in person.slack}
        self._said = {message.key: message for message in evidence.messages if message.key}
        self._intents = {effect.key: effect for effect in evidence.effects}
        self._who = {(wait.subject, wait.sentence): wait.who for wait in evidence.waits}
        self._open: dict[str, frozenset[str]] = {}

    def lines(self) -> list[Line]:
        """Return every line."""
        ordered: list[tuple[datetime, int, Line]] = []
        written = datetime.min.replace(tzinfo=UTC)
        for entry in self._evidence.audit:
            if self._is_ours(entry):
                # A fact may be of an earlier instant than its line: it is told when it was written down.
                written = max(written, entry.at)
                ordered += [(written, entry.seq, line._replace(at=written)) for line in self._of(entry)]
        ordered += [(line.at, 0, line) for line in self._people()]
        return self._together([line for _, _, line in sorted(ordered, key=lambda one: one[:2])])

    def _is_ours(self, entry: Entry) -> bool:
        # What a person can open is known longer than their shift: it names the handoff that asked.
        asked = _value(entry).get("handoff") == self._id
        return asked or entry.subject == self._id or entry.subject.startswith(f"{self._id}/")

    def _of(self, entry: Entry) -> Iterator[Line]:
        tell: Mapping[str, Callable[[Entry], Iterator[Line]]] = {
            "departure.opened": self._opened,
            "departure.state": self._state,
            "manifest.pinned": self._pinned,
            "ballot.cast": self._vote,
            "ballot.gone": self._vote_gone,
            "fact.recorded": self._fact,
            "blockers.set": self._waits,
            "effect.done": self._effect,
            "effect.adopted": self._effect,
            "effect.refused": self._not_done,
            "effect.unknown": self._not_done,
            "effect.ambiguous": self._not_done,
        }
        if entry.action in tell:
            yield from tell[entry.action](entry)

    def _opened(self, entry: Entry) -> Iterator[Line]:
        yield self._line(entry, "state", f"{entry.subject} is opened")

    def _state(self, entry: Entry) -> Iterator[Line]:
        why = f": {entry.body['why']}" if entry.body.get("why") else ""
        yield self._line(entry, "state", f"{entry.body['from']} → {entry.body['to']}{why}")

    def _pinned(self, entry: Entry) -> Iterator[Line]:
        pin = next((pin for pin in self._evidence.pins if pin.manifest == entry.body["manifest"]), None)
        commits = ", ".join(f"{self._component(name)} {sha[:12]}" for name, sha in (pin.commits if pin else {}).items())
        yield self._line(entry, "manifest", f"Manifest {entry.body['manifest'][:8]} is pinned: {commits}")

    def _vote(self, entry: Entry) -> Iterator[Line]:
        body = entry.body
        why = f": {body['reason']}" if body.get("reason") else ""
        manifest = str(body["manifest"])[:8]
        said = f"{_SAID[body['choice']]} on manifest {manifest}, {_WHERE.get(body['channel'], body['channel'])}{why}"
        who = self._name(str(body["voter"])) if body.get("voter") else f"{body['account']} (nobody of the team)"
        yield self._line(entry, "vote", said[0].upper() + said[1:], who=who)

    def _vote_gone(self, entry: Entry) -> Iterator[Line]:
        how = "taken back" if entry.body["gone"] == "author" else "no longer shown, by whom nobody knows"
        yield self._line(entry, "vote", f"Vote {how}", who=self._name(entry.actor))

    def _fact(self, entry: Entry) -> Iterator[Line]:
        kind, subject, value = entry.body.get("kind"), str(entry.body.get("subject", "")), _value(entry)
        component, _, environment = subject.partition("/")
        # Put into words only if it is of its kind: another one keeps something else under the same name.
        words: dict[str, Callable[[], str]] = {
            "deployed": lambda: (
                f"{component} {str(value.get('sha'))[:12]} runs on {environment} since "
                f"{entry.at.astimezone(self._zone):%H:%M:%S}, {value.get('how')}"
            ),
            "checklist": lambda: (
                f"The test list of {component} on {environment}: "
                f"{'everything passed' if value.get('passed') else 'not passed'}"
            ),
            "confirmed": lambda: f"{'Go' if value.get('choice') == 'go' else 'No go'} for manifest {subject[:8]}",
            "hold_answer": lambda: f"{value.get('choice')}" + (f": {value['reason']}" if value.get("reason") else ""),
            "manual": lambda: "Deployed by hand" + (f": {value['note']}" if value.get("note") else ""),
            "note": lambda: str(value.get("text")),
            "run_failed": lambda: "The deploy workflow failed",
            "verify_failed": lambda: "The window of the verification is over",
            "failure_answer": lambda: (
                f"What follows the failure of {component} on {environment}: "
                + _FOLLOWS.get(str(value.get("choice")), "")
                + (f": {value['reason']}" if value.get("reason") else "")
            ),
            "message_gone": lambda: "A message was deleted in Slack",
            "freeze-exception": lambda: _exception(value, self._name),
            "freeze-exception-used": lambda: f"The exception {subject} from {value.get('freeze')} is used",
            "rollout_step": lambda: (
                f"{subject} {_STEPS[str(value['step'])]} {str(value.get('version'))[:12]}"
                if value.get("step") in _STEPS
                else ""
            ),
            "shift": lambda: (
                f"{self._name(str(value.get('person')))} is {subject} until {self._local(value.get('end'))}"
            ),
            "access": lambda: (
                f"{self._name(subject)} lacks: {', '.join(value['missing'])}"
                if value.get("missing")
                else f"{self._name(subject)} can open everything"
            ),
        }
        sentence = words[str(kind)]() if str(kind) in words else ""
        if sentence:
            yield self._line(entry, "fact", sentence)

    def _waits(self, entry: Entry) -> Iterator[Line]:
        subject = entry.subject.removeprefix(f"{self._id}/")
        task = subject.partition("/")[2]
        told_before, now = self._open.get(subject, frozenset()), set[str]()
        for sentence in entry.body.get("sentences", ()):
            who = self._who.get((entry.subject, sentence), ())
            if task.startswith("ballot/"):
                who = (task.removeprefix("ballot/"),)
            names = ", ".join(self._name(person) for person in who)
            told = f"{sentence} Waits for {names}." if names else str(sentence)
            same = _in_line(told)
            now.add(same)
            if same and same not in told_before:
                yield self._line(entry, "waits", told, who=task.partition("/")[0])
        if now:
            self._open[subject] = frozenset(now)

    def _effect(self, entry: Entry) -> Iterator[Line]:
        key = entry.subject.removeprefix(f"{self._id}/")
        message = self._said.get(entry.subject)
        if message is not None:
            yield self._slack(entry.at, _STATIONMASTER, message.posted, key.removeprefix("tell/"))
            return
        effect = self._intents.get(entry.subject)
        said = transcript_effects.sentence(
            key,
            effect.intent if effect is not None else {},
            effect.receipt if effect is not None else {},
            component=self._component,
            member=lambda account: self._accounts.get(account, account),
        )
        found = " (it was there already)" if entry.action == "effect.adopted" else ""
        yield self._line(entry, "github", f"{said}{found}")

    def _not_done(self, entry: Entry) -> Iterator[Line]:
        what = entry.action.removeprefix("effect.")
        said = {"refused": "was refused", "unknown": "may have happened", "ambiguous": "is for a person to decide"}[
            what
        ]
        key = entry.subject.removeprefix(f"{self._id}/")
        told = f"{key} {said}" + (f": {entry.body['why']}" if entry.body.get("why") else "")
        if told not in self._open.get(key, frozenset()):
            # What is tried again at each look is told once.
            self._open[key] = frozenset({told})
            yield self._line(entry, "github", told)

    def _people(self) -> Iterator[Line]:
        thread = self._intents.get(f"{self._id}/tell/headline")
        ts = str(thread.receipt.get("ts", "")) if thread is not None else ""
        for message in self._evidence.messages:
            if not message.by_bot and ts and message.thread == ts:
                yield self._slack(message.at, message.author, message.text, "")

    def _slack(self, at: datetime, who: str, text: str, what: str) -> Line:
        said, notes = without_notes(text)
        more = f" (with {notes} notes)" if notes else ""
        place = "in Slack" if not what else f"in Slack ({what})"
        return Line(
            at,
            "slack" if what else "person",
            f"{who} {place}",
            f"{as_text(said, self._accounts)}{more}",
            f"{as_markdown(said, self._accounts)}{more}",
        )

    def _together(self, every: list[Line]) -> list[Line]:
        """Tell the ballots that begin to wait at one instant in one line."""
        voters: dict[datetime, list[str]] = {}
        for line in every:
            if line.kind == "waits" and line.who == "ballot":
                voters.setdefault(line.at, []).append(line.text.rpartition("Waits for ")[2].rstrip("."))
        told: list[Line] = []
        for line in every:
            if line.kind != "waits" or line.who != "ballot":
                told.append(line)
            elif line.at in voters:
                text = f"Open ballots: {', '.join(sorted(voters.pop(line.at)))}."
                told.append(line._replace(text=text, markdown=escaping.markdown(text)))
        return told

    def _line(self, entry: Entry, kind: str, text: str, *, who: str | None = None) -> Line:
        said = without_stand_ins(text)
        return Line(
            entry.at, kind, self._name(entry.in_the_name_of) if who is None else who, said, escaping.markdown(said)
        )

    def _name(self, person: str) -> str:
        if person in self._team.people:
            return self._team.people[person].name
        return _STATIONMASTER if person in _MACHINES else person

    def _local(self, instant: object) -> str:
        return (
            f"{datetime.fromisoformat(instant).astimezone(self._zone):%a %d %b %H:%M}"
            if isinstance(instant, str)
            else ""
        )

    def _component(self, repository: str) -> str:
        return self._components.get(repository, repository)


def _exception(value: Mapping[str, Any], name: Callable[[str], str]) -> str:
    """Return what was asked for, or who has approved it."""
    given = [name(str(one["person"])) for one in value.get("approvals") or ()]
    if given:
        return f"The exception {value.get('id')} from {value.get('freeze')} is approved by {' and '.join(given)}"
    return f"Asks for an exception from {value.get('freeze')}: {value.get('why')}"


def _in_line(sentence: str) -> str:
    """Return what makes two sentences one: how far the batch before has come makes no difference.

    :returns: empty for a batch that has others between it and the one that it waits for.
    """
    found = _IN_LINE.match(sentence)
    if found is None:
        return sentence
    return found[0] if int(found[1]) == int(found[2]) + 1 else ""


def _value(entry: Entry) -> dict[str, Any]:
    value = entry.body.get("value")
    return value if isinstance(value, dict) else {}
