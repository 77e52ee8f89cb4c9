"""What the package was seen to write while the tests of all areas ran: keys, facts, XComs, waits and questions (F69).

A fixture of ``tests/conftest.py`` records it in the tests of :data:`AREAS`, and fails the first one that writes what
``tests/golden/seen.json`` does not have. Names are taken out first: people, commits, instants and the like are no
contract; where they stand in a key is.
"""

from __future__ import annotations

import fcntl
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any

from tests.golden_files import GOLDEN, read_golden, renewing, write_golden

TESTS = Path(__file__).parents[1]
INCLUDE = TESTS.parent / "include"
AREAS = (
    "checks", "chores", "departures", "handoffs", "incidents", "oncall", "oncall_log", "operators", "rollouts",
    "upgrades", "watches", "webhooks", "work",
)  # fmt: skip
"""The folders of ``tests/`` whose tests are witnesses."""
NOT_WITNESSES = ("departures/test_telling.py", "work/test_issues.py")
"""Tests of one function, which make keys up."""
SORTS = ("effects", "facts", "questions", "waits", "xcoms")


@cache
def known() -> dict[str, set[str]]:
    """What tests are known to write, by sort."""
    kept = read_golden("seen")
    return {sort: set(kept.get(sort, ())) for sort in SORTS}


def seen(sort: str) -> list[str]:
    """What tests are known to write of one sort."""
    return sorted(known()[sort])


def is_witness(path: Path) -> bool:
    """Whether what a test of this file writes is held against what is known."""
    within = path.relative_to(TESTS)
    return within.parts[0] in AREAS and within.as_posix() not in NOT_WITNESSES


def news(found: set[tuple[str, str]]) -> list[str]:
    """Return what nobody knew of, once; keep it, where the files are renewed."""
    new = sorted(each for each in found if each[1] not in known()[each[0]])
    for sort, line in new:
        known()[sort].add(line)
    if new and renewing():
        _add_to_golden(new)
        return []
    return [f"{sort}: {line}" for sort, line in new]


def _add_to_golden(new: list[tuple[str, str]]) -> None:
    """Add lines to the file; other processes of the run may do so, too."""
    with (GOLDEN / "README.md").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = read_golden("seen")
        lines = {sort: set(kept.get(sort, ())) for sort in SORTS}
        for sort, line in new:
            lines[sort].add(line)
        write_golden("seen", {sort: sorted(each) for sort, each in lines.items()})


# Recording.

_found: set[tuple[str, str]] | None = None
_wrapped: set[tuple[type, str]] = set()
_within = 0


@contextmanager
def recording() -> Iterator[set[tuple[str, str]]]:
    """Record what the package writes meanwhile."""
    global _found
    _listen()
    _found = found = set()
    try:
        yield found
    finally:
        _found = None


def _keep(sort: str, line: str) -> None:
    if _found is not None:
        _found.add((sort, line))


def _ours() -> bool:
    """Whether it is the package that calls the ledger, not a test."""
    frame = sys._getframe(2)
    while str(frame.f_globals.get("__name__", "")).startswith(_THROUGH) and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).startswith("stationmaster.")


_THROUGH = ("stationmaster.ledger", "contextlib")
"""What lies between the ledger's caller and its pen."""


def _listen() -> None:
    """Wrap what writes; classes of tasks only once something has loaded them, for that takes seconds."""
    from stationmaster.ledger.effects import Effects
    from stationmaster.ledger.pen import Pen

    _wrap(Effects, "perform", _perform)
    _wrap(Effects, "adopt", _perform)
    _wrap(Pen, "add", _add)
    for name in [
        each for each in sys.modules if each.startswith(("stationmaster.operators.", "stationmaster.sensors."))
    ]:
        for kind in [each for each in vars(sys.modules[name]).values() if isinstance(each, type)]:
            if kind.__module__ == name:
                for method in ("execute", "resume", "taken_up", "after_outage"):
                    _wrap(kind, method, _task)
    if "stationmaster.operators.patient" in sys.modules:
        from stationmaster.operators.files import FilesOperator
        from stationmaster.operators.patient import PatientOperator

        _wrap(PatientOperator, "ask", _ask)
        if (FilesOperator, "defer") not in _wrapped:
            FilesOperator.defer = FilesOperator.defer
            _wrap(FilesOperator, "defer", _defer)


def _wrap(kind: type, method: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    if method in vars(kind) and (kind, method) not in _wrapped:
        _wrapped.add((kind, method))
        real = vars(kind)[method]
        setattr(kind, method, wraps(real)(wrapper(real)))


def _perform(real: Callable[..., Any]) -> Callable[..., Any]:
    def perform(self: Any, key: str, **given: Any) -> Any:
        ours, effect = _ours(), real(self, key, **given)
        if ours and effect is not None:
            _keep("effects", f"{nameless(key)} → {fields(effect.receipt)}")
        return effect

    return perform


def _add(real: Callable[..., Any]) -> Callable[..., Any]:
    from stationmaster.ledger.tables import FactRow

    def add(self: Any, row: Any, *given: Any, **more: Any) -> Any:
        if isinstance(row, FactRow) and _ours():
            about = nameless(row.subject) or "the whole"
            key = "" if row.once in (None, f"{row.kind}/{row.subject}") else f" {nameless(row.once)}"
            often = "" if row.once is None else f" once{key}"
            _keep("facts", f"{row.kind} in {nameless(row.departure)} of {about}{often} → {fields(row.value)}")
        return real(self, row, *given, **more)

    return add


def _task(real: Callable[..., Any]) -> Callable[..., Any]:
    def task(self: Any, *given: Any, **more: Any) -> Any:
        global _within
        _within += 1
        try:
            left = real(self, *given, **more)
        finally:
            _within -= 1
        if left is not None and not _within:
            _keep("xcoms", f"{type(self).__name__} → {shown(left)}")
        return left

    return task


def _ask(real: Callable[..., Any]) -> Callable[..., Any]:
    from stationmaster.operators.question import Question

    def ask(self: Any, *given: Any, **more: Any) -> Any:
        question = next(each for each in (*given, *more.values()) if isinstance(each, Question))
        name, listed = type(self).__name__, type(self).__name__.startswith("Check")
        form = sorted({_field(each, its["schema"], listed=listed) for each, its in question.fields.items()})
        _keep("questions", f"{name} → {', '.join(question.options)} ({', '.join(form)})")
        return real(self, *given, **more)

    return ask


def _defer(real: Callable[..., Any]) -> Callable[..., Any]:
    from airflow.triggers.base import BaseTrigger

    def defer(self: Any, *, trigger: Any, method_name: str, kwargs: Any = None, **more: Any) -> Any:
        if not isinstance(trigger, BaseTrigger):  # a test's own
            return real(self, trigger=trigger, method_name=method_name, kwargs=kwargs, **more)
        _, given = trigger.serialize()
        look = next((given[name] for name in ("watch", "stage", "name") if name in given), "")
        asked = f" {given['area']}" if "area" in given else ""
        arguments = f" → {fields(given.get('arguments', {}))}"
        _keep("waits", f"{type(trigger).__name__}{asked} {look}{arguments}; {method_name}({fields(kwargs or {})})")
        return real(self, trigger=trigger, method_name=method_name, kwargs=kwargs, **more)

    return defer


def _field(name: str, schema: dict[str, Any], *, listed: bool) -> str:
    """The name of a field of a form; those to tick in a list are named by a page, not by us."""
    return "<item>" if listed and schema.get("type") == "boolean" else nameless(name)


def fields(value: dict[str, Any]) -> str:
    """The names of the fields of a value, without names of people and the like."""
    return ", ".join(sorted({nameless(str(each)) for each in value}))


def shown(value: Any) -> str:
    """The fields of a value and of what is within it."""
    if isinstance(value, dict):
        inner = {nameless(str(name)): shown(each) for name, each in value.items()}
        return f"{{{', '.join(f'{name}: {each}' if each else name for name, each in sorted(inner.items()))}}}"
    if isinstance(value, list | tuple):
        return f"[{' or '.join(sorted({shown(each) for each in value} - {''}))}]"
    return ""


# Taking names out.


WORDS = ("alerts",)
"""Names of ours that are words of keys, too."""


@cache
def words() -> dict[str, str]:
    """The names that our files give, and the states of departures, each with what it is."""
    from stationmaster.config.loader import load
    from stationmaster.ledger.records import DepartureState

    found = dict.fromkeys(map(str, DepartureState), "<state>")
    for team in load(INCLUDE).teams.values():
        found |= dict.fromkeys(team.people, "<person>")
        found |= dict.fromkeys((role for each in team.roster.values() for role in each.roles), "<role>")
        for train in team.trains.values():
            found |= {each.id: "<component>" for each in train.components}
            if train.rollout is not None:
                found |= dict.fromkeys(train.rollout.targets, "<target>")
            found |= dict.fromkeys(train.environments, "<environment>")
    return {word: name for word, name in found.items() if word not in WORDS}


def repositories() -> str:
    """A form of every repository that our files name."""
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(INCLUDE.rglob("*.yaml")))
    found = set(re.findall(r"repositor[a-z]*: *\[?([\w.-]+/[\w.-]+)", texts))
    return "|".join(re.escape(each) for each in sorted(found, reverse=True))


@cache
def places() -> list[tuple[re.Pattern[str], str]]:
    """What is recognised by its form, in the order in which it is looked for."""
    from stationmaster.config.loader import load

    teams = load(INCLUDE).teams.values()
    trains = "|".join(re.escape(each.key) for team in teams for each in team.trains.values())
    rotations = "|".join(re.escape(f"{team.id}.{each}") for team in teams for each in team.roster)
    ours = "|".join(re.escape(team.id) for team in teams)
    forms = [
        (r"\d{8}T\d{4,}(\.\d+)?Z?|\d{4}-\d\d-\d\dT[\d:]+(\.\d+)?(Z|\+00:00)?", "<instant>"),
        (r"\d{10}\.\d{6}", "<ts>"),
        (r"\d{4}-W\d\d", "<week>"),
        (r"\d{4}-\d\d-\d\d", "<date>"),
        (r"(?<!\d)\d{4}-\d\d(?![\d-])", "<month>"),
        (rf"({trains})/<week>(\.[a-z-]+-\d+)?", "<departure>"),
        (rf"({trains})", "<train>"),
        (rf"({ours})\.incident/<date>\.\d+", "<incident>"),
        (rf"({ours})\.chores/[a-z0-9-]+/(<instant>|<date>)(-[0-9a-f]{{6}})?", "<chore run>"),
        (rf"({ours})\.chores/[a-z0-9-]+", "<team>.chores/<chore>"),
        (rf"({ours})\.watch/[a-z0-9-]+/(<month>|issues)", r"<team>.watch/<watch>/\2"),
        (rf"({ours})\.dependencies/[\w.-]+/[\w.-]+/<week>", "<upgrade>"),
        (rf"({rotations})/<instant>", "<handoff>"),
        (rf"({rotations})(?![\w-])", "<team>.<rotation>"),
        (rf"(?<![\w-])({ours})\.(?=[a-z])", "<team>."),
        (rf"(?<![\w.-])({repositories()})(?![\w.-])", "<repository>"),
        (r"(?<![0-9A-Za-z])[0-9a-f]{40}(?![0-9A-Za-z])", "<sha>"),
        *((rf"(?<![0-9A-Za-z])[0-9a-f]{{{long}}}(?![0-9A-Za-z])", f"<hex {long}>") for long in (64, 16, 12, 8)),
        (r"\b[UW][A-Z0-9]{7,}\b", "<account>"),
        (r"\bC[A-Z0-9]{8,}\b", "<channel>"),
    ]
    return [(re.compile(form), name) for form, name in forms]


def nameless(text: str) -> str:
    """Return a text with what names people, commits, instants and the like taken out."""
    for form, name in places():
        text = form.sub(name, text)
    parts = re.split(r"(<[^>]*>|[/:#.]|-to-|(?<=to)-|-(?=\d))", text)
    return "".join(
        words().get(part) or (part if part.startswith("<") else re.sub(r"\d+", "<n>", part)) for part in parts
    )
