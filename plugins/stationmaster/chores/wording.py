"""What a chore says: to the person on call, to the channel, and in its issue. What people wrote is escaped (F65)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.chores import runs
from stationmaster.config.chore_timing import zone_of_chore
from stationmaster.config.people import mentions
from stationmaster.core import escaping
from stationmaster.core.instants import local_text

if TYPE_CHECKING:
    from stationmaster.chores.runs import Opened
    from stationmaster.config.chores import Chore
    from stationmaster.config.people import Person
    from stationmaster.ledger.records import Fact
    from stationmaster.work.context import Desk

_STEPS_IN_SLACK = 15
_SHORT = 300
_ENDED = {
    "done": ":white_check_mark: {title} is done, by {who}.",
    "fine": ":robot_face: {title}: a machine looked, and all is well.",
    "not_needed": ":heavy_minus_sign: {title} was not needed this time, says {who}.",
    "missed": ":x: {title} was not done before the next one began.",
}


class Told(NamedTuple):
    """What every sentence about a run needs."""

    about: str
    chore: Chore
    opened: Opened
    zone: str

    @property
    def due(self) -> str:
        """Until when, on the clocks of its zone."""
        return local_text(self.opened.due_at, self.zone)

    @property
    def title(self) -> str:
        """The title, with the team's own word for how urgent it is before it."""
        return f"[{self.chore.priority}] {self.chore.title}" if self.chore.priority else self.chore.title


def told(desk: Desk, about: str) -> Told:
    """Return what sentences about a run need.

    :raises ChoreGone: the chore is not in the team's file any more, or the run was never opened.
    """
    chore, opened = runs.chore_of(desk, about), runs.opened(desk, about)
    if opened is None:
        raise runs.ChoreGone(f"{about} was never opened")
    return Told(about, chore, opened, zone_of_chore(desk.files, chore))


def subject(run: Told) -> str:
    """Return the subject of the required action."""
    return escaping.one_line(f"{run.title}, due {run.due}")


def body(desk: Desk, run: Told, place: int) -> str:
    """Return the Markdown of the required action: why it is theirs, what was asked for, the steps.

    :param place: of the task in its row; as many shifts had it before.
    """
    found, steps = runs.checked(desk, run.about), run.opened.steps
    lines = [f"**{escaping.markdown(run.chore.title)}** is yours, until {escaping.markdown(run.due)}.", ""]
    lines += [f"A machine looked first: {escaping.markdown(found, links=True)}", ""] if found else []
    lines += _history(desk, run, place)
    lines += [*_request(run), ""] if run.opened.form else []
    if steps:
        lines += ["The steps:", "", *(f"- [ ] {escaping.markdown(step.text, links=True)}" for step in steps), ""]
    if run.chore.runbook is not None:
        lines.append(f"The page `{run.chore.runbook}` below the DAG says more. ")
    else:
        lines.append(
            "No page says how this is done yet. Ask the team if you do not know; then write the page, also if somebody "
            "helped you, and give its link: without it this cannot be closed."
        )
    lines.append("If your shift ends first, it goes to whoever comes after you.")
    return "\n".join(lines)


def asked(desk: Desk, run: Told, people: Sequence[Person], *, before: str) -> str:
    """Return the Slack message to whoever is asked, with the steps as a checklist.

    :param before: who was asked until now, empty where nobody was.
    """
    count, steps, found = runs.carried_over(desk, run.about), run.opened.steps, runs.checked(desk, run.about)
    came = f" It comes to you from {escaping.slack(before)}, whose shift is over" if before else ""
    came += f" ({_times(count)} carried over)." if before and count else "." if before else ""
    title = escaping.slack(run.title)
    lines = [f":clipboard: {mentions(people)}: *{title}* is yours, due {escaping.slack(run.due)}.{came}"]
    lines += [f":mag: A machine looked first: {escaping.slack(_cut(found), links=True)}"] if found else []
    lines += [f"• {escaping.slack(name)}: {escaping.slack(_cut(value))}" for name, value in _form(run)]
    lines += [f"☐ {escaping.slack(step.text, links=True)}" for step in steps[:_STEPS_IN_SLACK]]
    lines += [f"… and {len(steps) - _STEPS_IN_SLACK} more" for _ in steps[_STEPS_IN_SLACK : _STEPS_IN_SLACK + 1]]
    page = f" Runbook: `{run.chore.runbook}`." if run.chore.runbook else " No runbook yet: you write it."
    lines.append(f"Answer the task in Airflow when it is done.{page}")
    return "\n".join(lines)


def late(desk: Desk, run: Told, people: Sequence[Person]) -> str:
    """Return the Slack message that a chore is late."""
    count = runs.carried_over(desk, run.about)
    carried = f" It was carried over {_times(count)}." if count else ""
    why = runs.blocked(desk, run.about)
    waits = f" It is blocked: {escaping.slack(escaping.said(why))}" if why else ""
    return f":bell: {mentions(people)}: *{escaping.slack(run.title)}* was due {run.due}.{carried}{waits}"


def escalated(run: Told, role: str, people: Sequence[Person]) -> str:
    """Return the Slack message to the next step of the ladder."""
    title = escaping.slack(run.title)
    return (
        f":rotating_light: {mentions(people)} ({role}): *{title}* was due {run.due}, and nobody has done it. "
        "See to it that it is done, or say why it can wait."
    )


def ended(desk: Desk, run: Told, ending: Fact) -> str:
    """Return the Slack message that a chore ended, with what shows it."""
    who = desk.team.people.get(ending.by)
    name = escaping.slack(who.name) if who is not None else "nobody"
    text = _ENDED[ending.value["outcome"]].format(title=f"*{escaping.slack(run.title)}*", who=name)
    shown = [f"• {_evidence(one, escaping.slack, escaping.slack_link)}" for one in ending.value["evidence"]]
    why = [escaping.slack(_why(ending))] if ending.value["why"] else []
    return "\n".join([text, *why, *shown])


def log_line(run: Told, ending: Fact) -> str:
    """Return the line of the on-call log: raw text, which whoever renders it escapes."""
    words = {"done": "done", "fine": "found fine by a machine", "not_needed": "not needed", "missed": "missed"}
    text = f"{run.chore.title}: {words[ending.value['outcome']]}"
    hours = ending.value["late_by"] / 3600
    text += f", {hours:.1f} h late" if ending.value["late_by"] >= 60 else ""
    text += f", carried over {_times(ending.value['carried_over'])}" if ending.value["carried_over"] else ""
    return f"{text}. {_why(ending)}" if ending.value["why"] else f"{text}."


def issue_title(run: Told) -> str:
    """Return the title of the issue that a run is logged as."""
    day = local_text(run.opened.opened_at, run.zone)
    return escaping.one_line(f"{run.title} ({day})")


def issue_body(run: Told) -> str:
    """Return the Markdown of the issue."""
    lines = [f"Due {escaping.markdown(run.due)}; of whoever holds `{run.chore.role}`.", ""]
    lines += [*_request(run), ""] if run.opened.form else []
    lines += [f"- [ ] {escaping.markdown(step.text, links=True)}" for step in run.opened.steps]
    lines += ["", f"Runbook: `{run.chore.runbook}`." if run.chore.runbook else "No runbook yet."]
    lines.append("It is closed by the answer in Airflow, with what shows that it was done.")
    return "\n".join(lines)


def issue_comment(desk: Desk, ending: Fact) -> str:
    """Return the Markdown of the comment with which the issue is closed."""
    who = desk.team.people.get(ending.by)
    name = escaping.markdown(who.name) if who is not None else "stationmaster"
    lines = [f"**{str(ending.value['outcome']).replace('_', ' ').capitalize()}**, by {name}."]
    lines += [escaping.markdown(_why(ending))] if ending.value["why"] else []
    lines += [f"- {_evidence(one, escaping.markdown, escaping.markdown_link)}" for one in ending.value["evidence"]]
    return "\n".join(lines)


def shown_evidence(ending: Fact) -> Iterator[str]:
    """Yield each piece of evidence as a line of raw text."""
    for one in ending.value["evidence"]:
        yield f"{one['id']}: {one['url'] or one['text']}"


def _why(ending: Fact) -> str:
    """Return why a run ended so: the words of a person stand in quotation marks, a machine's finding does not."""
    why = str(ending.value["why"])
    return _cut(why) if ending.by == runs.MACHINE else escaping.said(why)


def _evidence(one: Mapping[str, str], escape: Callable[[str], str], link: Callable[[str], str]) -> str:
    return f"{escape(one['id'])}: {link(one['url']) if one['url'] else escape(_cut(one['text']))}"


def names(people: Sequence[Person]) -> str:
    """Return the names of people."""
    return " and ".join(person.name for person in people) or "nobody"


def _history(desk: Desk, run: Told, carried: int) -> list[str]:
    missed = runs.missed_in_a_row(desk, run.about)
    lines = [f"It was missed {_times(missed)} in a row before this."] if missed else []
    lines += [f"It was carried over {_times(carried)}."] if carried else []
    why = runs.blocked(desk, run.about)
    lines += [f"It is blocked, as whoever had it before said: {escaping.markdown(escaping.said(why))}"] if why else []
    return [*lines, ""] if lines else []


def _request(run: Told) -> list[str]:
    lines = ["What was asked for:", ""]
    return [
        *lines,
        *(f"- {escaping.markdown(name)}: {escaping.markdown(value)}" for name, value in _form(run)),
    ]


def _form(run: Told) -> Iterator[tuple[str, str]]:
    fields = run.chore.form.form if run.chore.form is not None else {}
    for name, value in run.opened.form.items():
        if value:
            yield (fields[name].title if name in fields else name), value


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _cut(text: str) -> str:
    line = escaping.one_line(text)
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}…"
