"""The package: the open work that crosses a handoff, by policy, as an issue and a message (D-26, N-11, N-12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import local_text
from stationmaster.core.transitions import UNDER_WAY
from stationmaster.core.value import Value
from stationmaster.handoffs import shift_log
from stationmaster.ledger.records import DepartureState
from stationmaster.oncall_log.open_work import open_work
from stationmaster.work import issues, secrecy
from stationmaster.work.effects import Receipt
from stationmaster.work.messages import say
from stationmaster.work.open_upgrades import open_upgrades

if TYPE_CHECKING:
    from stationmaster.config.people import Channel, Person
    from stationmaster.config.roster import Package
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.hooks.forge_models import Issue

_TOLD = (DepartureKind.TRAIN, DepartureKind.HOTFIX, DepartureKind.FEATURE_BUILD)
"""A package is an issue that many read: of security hotfixes it says nothing (D-15)."""
_WENT_WRONG = (DepartureState.FAILED, DepartureState.ROLLED_BACK, DepartureState.PARTIAL)
_RECENT = timedelta(weeks=2)
"""How long a departure that went wrong is still told of."""
_SHOWN_IN_SLACK = 5
_ASKED_SINCE = timedelta(weeks=1)
_MOST_QUESTIONS = 30
"""Of each channel, the newest: each costs three reads."""
_DONE = "white_check_mark"
_QUESTIONS = "Questions without an answer"


class OpenItem(Value):
    """One piece of open work, with its context. ``url`` is empty where it has no page."""

    section: str
    title: str
    context: str = ""
    url: str = ""


class Packed(Value):
    """What was handed over: how much, the issue, and where the message stands."""

    items: int
    issue: Receipt
    message: Receipt | None


def collect(desk: ShiftDesk, handoff: Handoff) -> tuple[OpenItem, ...]:
    """Return the open work that the team's policy hands over now, the most urgent issues first.

    :raises ForgeError: GitHub cannot be read: nothing is handed over half.
    """
    package = desk.entry.package
    if package is None:
        return ()
    found = [*_issues(desk, package)]
    if package.takes == "everything":
        found += [*_departures(desk), *_locks(desk), *_freezes(desk, handoff), *_waits_of_rotations(desk, handoff)]
        found += [*_upgrades(desk), *_questions(desk, package), *_own_work(desk)]
    return tuple(found)


def hand_over(desk: ShiftDesk, handoff: Handoff) -> Packed | None:
    """Write the package as an issue, close the one before it, and tell the channel; each once for ever.

    The issue says what was open when it was written: a retry repeats nothing (F01).

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer; Slack holds up nothing.
    """
    package = desk.entry.package
    if package is None:
        return None
    key = f"{handoff.id}/package"
    effect = desk.ledger.effect(key)
    if effect is not None and effect.receipt:
        receipt = effect.receipt
    else:
        items = collect(desk, handoff)
        title, body = _title(desk, handoff), issue_body(desk, handoff, items)
        incoming = _incoming(desk, handoff)
        assignees = [incoming.github] if incoming is not None and incoming.github else []
        receipt = _write_issue(desk, package, key, title, body, assignees, len(items))
    _close_the_one_before(desk, handoff, package, receipt)
    message = None
    if desk.entry.notices is not None:
        channel = desk.team.channels[desk.entry.notices.channel].id
        message = say(desk, f"{key}/slack", channel, _message(desk, handoff, receipt))
    return Packed(items=int(receipt["items"]), issue=receipt, message=message)


def issue_body(desk: ShiftDesk, handoff: Handoff, items: Sequence[OpenItem]) -> str:
    """Return the Markdown of the issue. Whatever came from outside is escaped (F65)."""
    incoming, outgoing = _incoming(desk, handoff), outgoing_person(desk, handoff)
    zone = desk.rotation.zone
    when = escaping.markdown(local_text(handoff.start, zone))
    lines = [f"**{_named(outgoing)}** hands over to **{_named(incoming)}**, {when}.", ""]
    if desk.entry.package is not None and desk.entry.package.checkboxes:
        lines += ["## On call", "", *_checkboxes(desk, incoming), ""]
    for section in dict.fromkeys(item.section for item in items):
        lines += [f"## {section}", ""]
        lines += [_line(item) for item in items if item.section == section]
        lines.append("")
    if not items:
        lines += ["Nothing is open.", ""]
    lines += shift_log.sections(desk, handoff)
    lines.append(
        "Write down below what only you know: what you tried, what you are waiting for, and whom you asked. "
        "Then answer the task in Airflow, or put ✅ under the message in Slack."
    )
    return "\n".join(lines)


def outgoing_person(desk: ShiftDesk, handoff: Handoff) -> Person | None:
    """Return who hands over: whoever held the role, or that which the package names; None if nobody did."""
    package = desk.entry.package
    role = package.outgoing if package is not None and package.outgoing else desk.first_role
    rotation = desk.team.rotation_of(role)
    before = handoff.start - timedelta(microseconds=1)
    for _ in range(3):
        people = rotation.turns_of(role).people_at(before)
        if people:
            return desk.team.people.get(people[0])
        # Days off lie between: whoever was last hands over (O-17).
        before = rotation.turns_of(role).shift_at(before).start - timedelta(microseconds=1)
    return None


def _incoming(desk: ShiftDesk, handoff: Handoff) -> Person | None:
    return desk.person(handoff, desk.first_role) if desk.first_role in handoff.shifts else None


def _issues(desk: ShiftDesk, package: Package) -> Iterator[OpenItem]:
    """Yield the open issues: by label, the most urgent first; with priorities, those that bear one of them (N-12)."""
    if not package.issues and not package.priorities:
        return
    found = [issue for issue in desk.forge.open_issues(package.repository, package.issues) if _is_work(issue, package)]
    ranks = {label: place for place, label in enumerate(package.priorities)}

    def urgency(issue: Issue) -> tuple[int, int]:
        return min((ranks[label] for label in issue.labels if label in ranks), default=len(ranks)), issue.number

    for issue in sorted(found, key=urgency):
        marks = [label for label in package.priorities if label in issue.labels]
        who = ", ".join(issue.assignees)
        context = ", ".join(
            [*marks, *([f"assigned to {who}"] if who else []), f"open since {issue.created_at:%Y-%m-%d}"]
        )
        yield OpenItem(section="Issues", title=f"#{issue.number} {issue.title}", context=context, url=issue.url)


def _is_work(issue: Issue, package: Package) -> bool:
    if set(package.labels) <= set(issue.labels):
        return False  # an earlier handoff is no work of its own
    return not package.priorities or any(label in issue.labels for label in package.priorities)


def _departures(desk: ShiftDesk) -> Iterator[OpenItem]:
    """Yield the trains under way with what they wait for, and those that went wrong lately."""
    for train in desk.team.trains.values():
        for departure in desk.ledger.departures(train.key, UNDER_WAY, kinds=_TOLD):
            yield OpenItem(
                section="Trains under way", title=departure.id, context=f"{departure.state}: {departure.told}"
            )
            for subject, blockers in desk.ledger.blockers(departure.id).items():
                for found in blockers:
                    yield OpenItem(
                        section="Open gates and tasks",
                        title=subject,
                        context=f"{found.code}: {found.sentence}",
                    )
        for departure in desk.ledger.departures(train.key, _WENT_WRONG, kinds=_TOLD, limit=5):
            if departure.changed_at > desk.now() - _RECENT:
                context = f"{departure.state}: {departure.told}"
                yield OpenItem(section="Trains that went wrong", title=departure.id, context=context)


def _locks(desk: ShiftDesk) -> Iterator[OpenItem]:
    repositories = {name.lower() for name in desk.team.repositories}
    for lock in desk.ledger.locks():
        if "/".join(lock.name.split("/")[:2]).lower() in repositories:
            holder, why = secrecy.named(desk, lock.holder), secrecy.reason(desk, lock.holder, lock.reason)
            yield OpenItem(section="Locks", title=lock.name, context=f"held by {holder}: {why}")


def _freezes(desk: ShiftDesk, handoff: Handoff) -> Iterator[OpenItem]:
    """Yield the freezes that hold in the incoming shift."""
    zone = desk.rotation.zone
    for freeze in (entry.freeze(desk.team.zone) for entry in desk.team.freezes):
        for span in freeze.between(handoff.start, handoff.end):
            until = freeze.ends(span.start)
            when = f"{local_text(span.start, zone)} – {local_text(until, zone) if until is not None else 'years'}"
            yield OpenItem(
                section="Freezes", title=f"{freeze.name} ({freeze.mode.value})", context=f"{when}: {freeze.why}"
            )


def _upgrades(desk: ShiftDesk) -> Iterator[OpenItem]:
    """Yield the dependency upgrades that are open, where their role is of this rotation (D-25, D-26)."""
    rules = desk.files.upgrades
    if rules is None or rules.role not in desk.entry.roles:
        return
    for found in open_upgrades(desk):
        yield OpenItem(section="Dependency upgrades", title=found.title, context=found.why, url=found.url)


def _own_work(desk: ShiftDesk) -> Iterator[OpenItem]:
    """Yield the incidents, chores and watches of the team that wait for somebody (D-26)."""
    for area, section in (("incident", "Incidents"), ("chores", "Chores"), ("watch", "Watches")):
        for found in open_work(desk, area):
            yield OpenItem(section=section, title=found.title, context=found.why, url=found.url)


def _questions(desk: ShiftDesk, package: Package) -> Iterator[OpenItem]:
    """Yield what others asked in the team's channels and nobody of the team answered, or marked as done.

    A channel that cannot be read is named, and holds up nothing: the rest is handed over (F60).
    """
    from stationmaster.hooks.chat_errors import ChatError

    for name in package.questions:
        channel = desk.team.channels[name]
        try:
            yield from list(_open_questions(desk, channel))
        except ChatError as error:
            what = f"#{channel.name} cannot be read"
            yield OpenItem(section=_QUESTIONS, title=what, context=f"look there yourself: {error}")


def _open_questions(desk: ShiftDesk, channel: Channel) -> Iterator[OpenItem]:
    team = {account for person in desk.team.people.values() for account in person.slack}
    ours = {*team, desk.chat.identity().user}
    spoken = desk.chat.spoken(channel.id, desk.now() - _ASKED_SINCE)
    asked = [each for each in spoken if each.user and not each.bot and each.user not in ours]
    for each in asked[-_MOST_QUESTIONS:]:
        if any(reply.user in team for reply in desk.chat.replies(channel.id, each.ts)):
            continue
        if desk.chat.reactions(channel.id, each.ts).get(_DONE, frozenset()) & team:
            continue
        title = escaping.one_line(each.text)[:120] or "a message without text"
        context = f"#{channel.name}, {local_text(each.at, desk.rotation.zone)}"
        url = desk.chat.permalink(channel.id, each.ts)
        yield OpenItem(section=_QUESTIONS, title=title, context=context, url=url)


def _waits_of_rotations(desk: ShiftDesk, handoff: Handoff) -> Iterator[OpenItem]:
    """Yield what earlier handoffs of the team still wait for, such as access that is missing."""
    for name in desk.team.roster:
        for subject, blockers in desk.ledger.blockers(f"{desk.team.id}.{name}").items():
            if subject.startswith(f"{handoff.id}/"):
                continue
            for found in blockers:
                if found.code == "SHIFT_WATCHED":
                    continue  # all goes as planned: nobody has to do anything
                yield OpenItem(section="Open questions", title=subject, context=f"{found.code}: {found.sentence}")


def _write_issue(
    desk: ShiftDesk, package: Package, key: str, title: str, body: str, assignees: Sequence[str], items: int
) -> Receipt:
    return issues.open_ticket(
        desk,
        key,
        repository=package.repository,
        title=title,
        body=body,
        labels=package.labels,
        assignees=assignees,
        adds={"items": items},
    )


def _close_the_one_before(desk: ShiftDesk, handoff: Handoff, package: Package, receipt: Receipt) -> None:
    """Close the issue of the handoff before: what was open is in the new one."""
    before = desk.ledger.fact(desk.key, "package")
    if before is not None and before.value["handoff"] != handoff.id:
        number = int(before.value["number"])

        issues.close(desk, f"{handoff.id}/package/closes-{number}", package.repository, number)
    value = {"handoff": handoff.id, "number": receipt["number"], "url": receipt["url"]}
    desk.ledger.record_once(
        desk.key, "package", "issue", value, desk.now(), "stationmaster", key=f"package/{handoff.id}"
    )


def _title(desk: ShiftDesk, handoff: Handoff) -> str:
    incoming = _incoming(desk, handoff)
    name = incoming.name if incoming is not None else "nobody"
    return escaping.one_line(f"{desk.entry.title}: {name}, {local_text(handoff.start, desk.rotation.zone)}")


def _checkboxes(desk: ShiftDesk, incoming: Person | None) -> Iterator[str]:
    """Yield the members in the order of the list's present cycle, with one box ticked (O-14, O-15)."""
    revision = desk.rotation.plan.newest
    number = revision.cadence.turn_at(desk.now()).number
    length = len(revision.members.slots)
    begins = (number + revision.members.first) // length * length - revision.members.first
    for place in range(length):
        for name in revision.members.people(begins + place):
            mark = "x" if incoming is not None and name == incoming.id else " "
            yield f"- [{mark}] {escaping.markdown(desk.team.people[name].name)}"


def _line(item: OpenItem) -> str:
    linked = escaping.markdown_link(item.url, item.title) if item.url else escaping.markdown(item.title)
    return f"- {linked}" + (f" — {escaping.markdown(item.context)}" if item.context else "")


def _message(desk: ShiftDesk, handoff: Handoff, receipt: Receipt) -> str:
    incoming, outgoing = _incoming(desk, handoff), outgoing_person(desk, handoff)
    count = int(receipt["items"])
    what = "nothing is open" if count == 0 else "1 thing is open" if count == 1 else f"{count} things are open"
    to = incoming.mention if incoming is not None else "nobody"
    by = escaping.slack(outgoing.name) if outgoing is not None else "nobody"
    issue = escaping.slack_link(str(receipt["url"]), f"#{receipt['number']}")
    return (
        f":package: *{escaping.slack(desk.entry.title)}*: {by} hands over to {to}; {what}: "
        f"{issue}. {to}: read it, then put :white_check_mark: here or answer the task."
    )


def _named(person: Person | None) -> str:
    return escaping.markdown(person.name) if person is not None else "nobody"
