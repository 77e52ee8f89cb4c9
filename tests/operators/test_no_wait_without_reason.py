"""No task of any DAG waits without a blocker in the ledger, and no new operator can begin to.

Two recipes alone may put a task aside, and both write down why first. Every operator is made of one of them, or cannot
wait at all; a new one that puts itself aside, or inherits from an operator of Airflow that does, fails here. Where the
ledger itself does not answer nothing can be written: then, and only then, what both are made of puts the task aside,
and whoever asks for a reason is told that the ledger does not answer.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from airflow.triggers.base import BaseTrigger

import stationmaster.operators
import stationmaster.sensors
import stationmaster.triggers
from stationmaster.assemble.include import dags_of
from stationmaster.core.blockers import blocker
from stationmaster.operators.base import StationOperator
from stationmaster.operators.files import FilesOperator
from stationmaster.operators.looking import LookingOperator, Pausing
from stationmaster.triggers.ledger_trigger import LedgerTrigger
from stationmaster.triggers.question_trigger import QuestionTrigger
from stationmaster.triggers.station_trigger import LookingTrigger
from stationmaster.work.obstacles import waiting
from tests.departures.week import INCLUDE

PACKAGE = Path(stationmaster.operators.__file__).parents[1]
RECIPES = (StationOperator, LookingOperator)
"""Who may put a task aside."""
THEIRS = (
    "execute",
    "resume",
    "after_outage",
    "taken_up",
    "ask",
    "wait",
    "defer",
    "_woken",
    "_patiently",
    "_take",
    "_wait",
)
"""What belongs to a recipe: whoever overrides it could wait in silence."""
PUTS_ASIDE = {"defer", "TaskDeferred", "start_from_trigger", "start_trigger_args"}


def modules(*packages: ModuleType) -> Iterator[ModuleType]:
    for package in packages:
        for found in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def classes(base: type, *packages: ModuleType) -> list[type]:
    found = {
        value
        for module in modules(*packages)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__.startswith("stationmaster.")
    }
    return sorted(found, key=lambda each: each.__qualname__)


OPERATORS = classes(BaseOperator, stationmaster.operators, stationmaster.sensors)


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every method of a file, as ``Class.method``."""
    for node in ast.parse(path.read_text()).body:
        for item in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(item, ast.FunctionDef):
                yield f"{node.name}.{item.name}", item


def called(tree: ast.AST) -> list[tuple[str, int]]:
    """What is called, by its last name, with its line."""
    return [
        (str(getattr(node.func, "attr", getattr(node.func, "id", ""))), node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def calls(tree: ast.AST) -> list[str]:
    """What is called, as it is written."""
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_two_recipes_alone_put_a_task_aside_and_write_down_why_first():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = {
            getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", None)
            for node in ast.walk(tree)
        }
        if names & PUTS_ASIDE:
            found[path.relative_to(PACKAGE).as_posix()] = dict(functions(path))
    assert set(found) == {"operators/patient.py"}
    found |= {f"operators/{name}.py": dict(functions(PACKAGE / f"operators/{name}.py")) for name in ("base", "looking")}
    waiting_by_hand = [path for path in PACKAGE.rglob("*.py") if "self.wait(" in path.read_text()]
    assert {path.stem for path in waiting_by_hand} == {"base", "looking"}
    for file, recipe in (("operators/base.py", "StationOperator"), ("operators/looking.py", "LookingOperator")):
        asides = [name for name, body in found[file].items() if "self.wait" in calls(body)]
        assert asides == [f"{recipe}._wait"]
        lines = called(found[file][asides[0]])
        kept = [line for name, line in lines if name == "set_blockers"]
        assert min(kept, default=10**6) < dict(lines)["wait"], f"{file} puts a task aside before it says why"


def test_without_a_blocker_a_task_is_put_aside_only_where_the_ledger_does_not_answer():
    """Or where it looks for an answer first: then the reason of the try before stands."""
    patient = dict(functions(PACKAGE / "operators/patient.py"))

    def those(what: str) -> list[str]:
        return [name.partition(".")[2] for name, body in patient.items() if what in calls(body)]

    assert those("self.defer") == ["execute", "_put_off"]
    assert those("self._put_off") == ["wait", "_patiently"]
    (handler,) = [
        node for node in ast.walk(patient["PatientOperator._patiently"]) if isinstance(node, ast.ExceptHandler)
    ]
    assert ast.unparse(handler.type) == "LedgerUnreachable"
    everywhere = calls(patient["PatientOperator._patiently"]).count("self._put_off")
    assert everywhere == calls(handler).count("self._put_off")
    for trigger, place in (("LedgerTrigger", "_patiently"), ("QuestionTrigger", "execute")):
        users = [path.name for path in PACKAGE.rglob("*.py") if f"{trigger}(" in path.read_text()]
        assert sorted(users) == sorted([f"{trigger.removesuffix('Trigger').lower()}_trigger.py", "patient.py"])
        assert those(trigger) == [place]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda each: each.__name__)
def test_every_operator_is_made_of_a_recipe_or_cannot_wait(operator):
    foreign = {base for base in operator.__mro__ if not base.__module__.startswith("stationmaster.")}
    assert foreign <= {*BaseOperator.__mro__, __import__("typing").Generic}, "it waits as Airflow does, in silence"
    assert issubclass(operator, FilesOperator)
    for recipe in RECIPES:
        if issubclass(operator, recipe) and operator is not recipe:
            between = operator.__mro__[: operator.__mro__.index(recipe)]
            assert [name for each in between for name in THEIRS if name in vars(each)] == []


def test_every_task_of_every_dag_is_one_of_them():
    tasks = [
        (dag.dag_id, task.task_id, getattr(task, "operator_class", type(task)))
        for dag in dags_of(INCLUDE)
        for task in dag.tasks
    ]
    assert len(tasks) > 100
    assert [each for each in tasks if each[2] not in OPERATORS] == []


def test_whoever_asks_a_person_waits_by_the_recipe_at_once():
    """A required action stands in Airflow from that moment on: what comes next is the wait, and nothing else."""
    asking = []
    for module in modules(stationmaster.operators):
        for name, body in functions(Path(str(module.__file__))):
            assert "upsert_hitl_detail" not in dict(called(body)), f"{name} asks past the recipe"
            if "ask_in_airflow" in dict(called(body)):
                assert name == "PatientOperator.ask", f"{name} asks past the recipe"
            if "self.ask" in calls(body):
                asking.append(name)
                owner = getattr(module, name.partition(".")[0])
                assert issubclass(owner, RECIPES), name
                last = body.body[-1]
                assert ast.unparse(last).startswith(("return Pausing(", "return waits._replace(")), name
    assert len(asking) >= 7


TRIGGERS = [
    each for each in classes(BaseTrigger, stationmaster.triggers) if each not in (LedgerTrigger, QuestionTrigger)
]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda each: each.__name__)
def test_every_trigger_looks_by_the_recipe_and_keeps_what_it_sees(trigger):
    assert issubclass(trigger, LookingTrigger)
    assert trigger is LookingTrigger or "run" not in vars(trigger)
    if trigger is not LookingTrigger:
        body = ast.parse(textwrap.dedent(inspect.getsource(trigger.look)))
        names = {name for name, _ in called(body)}
        assert names & {"set_blockers", "renew_blockers"}, "what it sees is not kept"


class Waits(LookingOperator[Any, str]):
    """A task of the second recipe: it waits once."""

    def __init__(self, *, book: Any, ends: Any, **options: Any) -> None:
        super().__init__(include="include", team="dre", **options)
        self.book, self.ends = book, ends

    def desk(self) -> Any:
        return SimpleNamespace(ledger=self.book, now=lambda: datetime(2026, 8, 20, tzinfo=UTC))

    def matter(self, desk: Any, context: Any) -> str:
        return "dre.something"

    def subject(self, about: str) -> str:
        return f"{about}/{self.task_id}"

    def look(self, desk: Any, about: str, pausing: Pausing) -> Any:
        return waiting("look", blocker("NOTHING_STAGED"))

    def trigger(self, desk: Any, about: str, pausing: Pausing, interval: float) -> Any:
        return SimpleNamespace()

    def step(self, desk: Any, about: str, context: Any, event: Any) -> Any:
        if event is None:
            return Pausing("look", {})
        if self.ends is not None:
            raise self.ends
        return {"done": True}


FIRST_TRY: Any = {"ti": SimpleNamespace(try_number=1)}


class Book:
    """A ledger that only knows blockers."""

    def __init__(self) -> None:
        self.codes: dict[str, list[str]] = {}

    def set_blockers(self, subject: str, blockers: Any, _: datetime) -> None:
        self.codes[subject] = [found.code for found in blockers]

    def blockers(self, subject: str) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("ends", [None, AirflowSkipException("over")], ids=["done", "skipped"])
def test_the_recipe_of_looks_has_a_reason_while_it_waits_and_none_afterwards(ends):
    book = Book()
    with DAG("a", schedule=None):
        task = Waits(book=book, ends=ends, task_id="task")
    with pytest.raises(TaskDeferred):
        task.execute(FIRST_TRY)
    assert book.codes == {"dre.something/task": ["NOTHING_STAGED"]}
    if ends is None:
        assert task.resume({}, {"settled": "PASS"}) == {"done": True}
    else:
        with pytest.raises(AirflowSkipException):
            task.resume({}, {"settled": "PASS"})
    assert book.codes == {"dre.something/task": []}


def test_the_recipe_of_departures_has_a_reason_while_it_waits_and_none_afterwards(cut, week):
    """The cut's window has not opened yet; then it has."""
    cut.start("open_departure")
    subject = f"{week.departure}/cut/wait_for_the_window"
    week.clock.move(seconds=-7200)
    outcome = cut.start("wait_for_the_window")
    assert outcome.kind == "deferred"
    assert [found.code for found in week.ledger.blockers(subject)[subject]] == ["BEFORE_EARLIEST"]
    week.clock.move(seconds=7200)
    assert cut.wake(outcome, "wait_for_the_window", cut.settled(outcome)).kind == "done"
    assert week.ledger.blockers(subject) == {}
