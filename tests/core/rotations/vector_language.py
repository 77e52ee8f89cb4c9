"""Reads the cases of `tests/vectors/`, and asks the engine what they ask.

`python -m tests.core.rotations.vector_language FILE` judges a file of more cases in the same language.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from stationmaster.core.instants import Weekday, first_instant, last_instant
from stationmaster.core.rotations.changes import Cover, Override, Stint, Temporary
from stationmaster.core.rotations.escalating import EscalationPolicy, EscalationStep, Matter, pages
from stationmaster.core.rotations.members import Members
from stationmaster.core.rotations.picking import pick
from stationmaster.core.rotations.plan import Plan, Revision
from stationmaster.core.rotations.reports import gaps, quality
from stationmaster.core.rotations.roles import RoleRule
from stationmaster.core.rotations.schedule import Layer, Schedule
from stationmaster.core.rotations.turns import Cadence
from stationmaster.core.rotations.windows import Window, is_open

Config = dict[str, Any]
_DAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), Weekday, strict=True))


def cadence(config: Config) -> Cadence:
    """Return the cadence of a rotation."""
    given = {
        "clock": config.get("clock"),
        "off_days": config.get("off_days"),
        "holidays": [date.fromisoformat(day) for day in config["holidays"]] if config.get("holidays") else None,
        "working_days": [_DAYS[day] for day in config["working_days"]] if config.get("working_days") else None,
    }
    return Cadence(
        kind=config.get("kind", "weekly"),
        length=config.get("shift_length", 1),
        zone=config["tz"],
        anchor=datetime.fromisoformat(config["start"]).replace(tzinfo=None, second=0, microsecond=0),
        **{name: value for name, value in given.items() if value is not None},
    )


def slot(member: Any) -> tuple[str, ...]:
    """Return the people of a member: one, several, or nobody."""
    if member is None:
        return ()
    return (member,) if isinstance(member, str) else tuple(member)


def plan(config: Config | list[Config]) -> Plan:
    """Return the plan that revisions make."""
    several = config if isinstance(config, list) else [config]
    return Plan(
        id="r",
        revisions=tuple(
            Revision(
                effective_from=instant(each["effective_from"]) if place and each.get("effective_from") else None,
                cadence=cadence(each),
                members=Members(
                    slots=tuple(slot(member) for member in each["members"]),
                    first=each.get("index_at_start", 0),
                    shuffle=str(each["shuffle"]) if each.get("shuffle") else None,
                ),
                roles={"primary": RoleRule(turn=0)},
            )
            for place, each in enumerate(several)
        ),
    )


def window(config: Config, zone: str) -> Window:
    """Return a window."""
    days = [_DAYS[day] for day in config.get("days") or _DAYS]
    opens, closes = time.fromisoformat(config["from"]), time.fromisoformat(config["to"])
    return Window(days=tuple(days), start=opens, end=closes, zone=config.get("tz", zone))


def instant(text: str) -> datetime:
    """Return an instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def layer(config: Config, zone: str) -> Layer:
    """Return a layer: of a rotation, or of people."""
    inner = config.get("rotation")
    return Layer(
        plan=plan(inner) if inner else None,
        people=tuple(config.get("users", ())),
        windows=tuple(window(each, zone) for each in config.get("windows", ())),
        priority=config.get("priority", 0),
        start=instant(config["start"]) if config.get("start") else None,
        end=instant(config["end"]) if config.get("end") else None,
    )


def override(config: Config) -> Override:
    """Return an override."""
    coming = config.get("add") or config.get("user") or config.get("users")
    return Override(
        id=str(config.get("id", "")),
        type=config["type"],
        people=slot(coming),
        remove=config.get("remove"),
        start=instant(config["start"]),
        end=instant(config["end"]),
        priority=config.get("priority", 0),
        created_at=instant(config["created_at"]) if config.get("created_at") else None,
    )


def temporary(config: Config) -> Temporary:
    """Return a temporary schedule."""
    stints = (
        Stint(
            people=slot(each.get("users") or each.get("user")), start=instant(each["start"]), end=instant(each["end"])
        )
        for each in config.get("shifts", ())
    )
    return Temporary(start=instant(config["start"]), end=instant(config["end"]), stints=tuple(stints))


def schedule(config: Config | list[Config]) -> Schedule:
    """Return the schedule: of layers, or of one rotation alone."""
    if isinstance(config, list) or config.get("kind") != "schedule":
        return Schedule(layers=(Layer(plan=plan(config)),))
    zone = config.get("tz", "UTC")
    planned = config.get("temporary") or ()
    return Schedule(
        mode=config.get("mode", "union"),
        layers=tuple(layer(each, zone) for each in config.get("layers", ())),
        overrides=tuple(override(each) for each in config.get("overrides", ())),
        covers=tuple(
            Cover(giver=each["from"], taker=each["to"], start=instant(each["start"]), end=instant(each["end"]))
            for each in config.get("swaps", ())
            if each.get("status") == "accepted"
        ),
        temporary=tuple(temporary(each) for each in ([planned] if isinstance(planned, dict) else planned)),
    )


def text(at: datetime) -> str:
    """Return an instant as the cases write it."""
    return at.isoformat()


def on_call(case: Config) -> Any:
    """Sorted people at each instant."""
    found = schedule(case["rotation"])
    return [list(found.people_at(instant(at))) for at in case["query"]["times"]]


def shift_bounds(case: Config) -> Any:
    """The shift that contains each instant."""
    found = schedule(case["rotation"])
    bounds = (found.shift_at(instant(at)) for at in case["query"]["times"])
    return [[text(each.start), text(each.end)] for each in bounds]


def handoffs(case: Config) -> Any:
    """The distinct boundaries from the start of one shift to the end of another."""
    found = schedule(case["rotation"])
    first, last = (found.shift_at(instant(at)) for at in case["query"]["times"])
    return [text(at) for at in (*found.handoffs(first.start, last.end), last.end)]


def timeline(case: Config) -> Any:
    """Rows of start, end and people."""
    found = schedule(case["rotation"]).timeline(*map(instant, case["query"]["times"]))
    return [[text(each.start), text(each.end), list(each.people)] for each in found]


def user_shifts(case: Config) -> Any:
    """Rows of start, end and person, in order."""
    found = schedule(case["rotation"])
    span = [instant(at) for at in case["query"]["times"]]
    people = {person for turnout in found.timeline(*span) for person in turnout.people}
    rows = [(*each, person) for person in people for each in found.shifts_of(person, *span)]
    return [[text(start), text(end), person] for start, end, person in sorted(rows)]


def window_active(case: Config) -> Any:
    """Whether a window is open."""
    found = window(case["rotation"], case["rotation"]["tz"])
    return [is_open((found,), instant(at)) for at in case["query"]["times"]]


def resolve_wall(case: Config) -> Any:
    """The instant of each wall time."""
    resolve = first_instant if case["rotation"].get("policy", "first") == "first" else last_instant
    return [text(resolve(datetime.fromisoformat(at), case["rotation"]["tz"])) for at in case["query"]["times"]]


def quality_of(case: Config) -> Any:
    """The report of a range; what a case leaves open is not compared."""
    found = quality(schedule(case["rotation"]).timeline(*map(instant, case["query"]["times"])))
    return {name: value for name, value in found._asdict().items() if case["expected"].get(name) is not None}


def picked(case: Config) -> Any:
    """Who would be given a shift."""
    config = case["rotation"]
    found = pick(config["members"], config.get("busy", ()), config.get("last_end", {}))
    return [] if found is None else [found]


def has_gaps(case: Config) -> Any:
    """Whether nobody is on call at some time."""
    return bool(gaps(schedule(case["rotation"]).timeline(*map(instant, case["query"]["times"]))))


def escalated(case: Config) -> Any:
    """Who is told when."""
    config = case["rotation"]
    fired, *answered = map(instant, case["query"]["times"])
    steps = tuple(
        EscalationStep(
            people=slot(each.get("users") or each.get("user") or each.get("target")),
            after=timedelta(minutes=each.get("delay", each.get("after", 0))),
        )
        for each in config["steps"]
    )
    policy = EscalationPolicy(steps=steps, repeats=config.get("repeat", 0))
    matter = Matter(opened_at=fired, acknowledged_at=answered[0] if answered else None)
    return [[text(each.at), person] for each in pages(policy, matter) for person in each.people]


def handoff(case: Config) -> Any:
    """The next handoff, and when its preparation begins."""
    found = schedule(case["rotation"])
    following = (found.shift_at(instant(at)).end for at in case["query"]["times"])
    return [{"handoff": text(at), "issue_at": text(at - timedelta(hours=1))} for at in following]


ANSWERS: dict[str, Callable[[Config], Any]] = {
    "on_call": on_call,
    "shift_bounds": shift_bounds,
    "handoffs": handoffs,
    "timeline": timeline,
    "user_shifts": user_shifts,
    "window_active": window_active,
    "resolve_wall": resolve_wall,
    "quality": quality_of,
    "pick": picked,
    "has_gaps": has_gaps,
    "escalation": escalated,
    "handoff": handoff,
}


def plain(value: Any) -> Any:
    """Return an answer in which instants compare by what they mean."""
    if isinstance(value, str):
        try:
            return instant(value)
        except ValueError:
            return value
    if isinstance(value, list):
        return [plain(each) for each in value]
    return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value


def expected(case: Config) -> Any:
    """Return the answer that a case wants, without what it leaves open."""
    wanted = case["expected"]
    if isinstance(wanted, dict):
        wanted = {name: value for name, value in wanted.items() if value is not None}
    return plain(wanted)


def answer(case: Config) -> Any:
    """Return what the engine says."""
    return plain(ANSWERS[case["query"]["type"]](case))


def load(path: Path) -> list[Config]:
    """Return the cases of a file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    cases = found["vectors"] if isinstance(found, dict) else found
    assert isinstance(cases, list)
    return cases


if __name__ == "__main__":
    wrong = [case["id"] for case in load(Path(sys.argv[1])) if answer(case) != expected(case)]
    print(f"wrong: {', '.join(wrong) or 'none'}")
    raise SystemExit(bool(wrong))
