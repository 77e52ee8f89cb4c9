"""What ``--json`` writes: the answer of each command, and the fields of each answer (F69).

``tests/cli/test_docs_json.py`` runs the commands and holds what they write against the page; here stands what none of
them may lose.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache
from typing import Any

import typer
from pydantic import BaseModel

from stationmaster.cli.main import app
from tests.contracts.scan import Scope, package
from tests.contracts.test_include_fields import described
from tests.contracts.test_what_installations_set import below
from tests.golden_files import assert_golden

SHOW = "stationmaster.cli.answering.show_json"


def class_named(scope: Scope, name: str) -> type[BaseModel] | None:
    """The model that a name stands for where it is read."""
    dotted = scope.module.imports.get(name, f"{scope.module.name}.{name}")
    module, _, kind = dotted.rpartition(".")
    if not module.startswith("stationmaster."):
        return None
    found = getattr(importlib.import_module(module), kind, None)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def models(scope: Scope, node: ast.expr) -> set[type[BaseModel]]:
    """The models that an expression may be of."""
    match node:
        case ast.Name(id=name):
            values = [*(scope.bound.get(name) or []), *(each.value for each in taken_apart(scope, name))]
            given = getattr(scope.node, "args", None)
            notes = [each.annotation for each in (*given.args, *given.kwonlyargs) if each.arg == name] if given else []
            found = {kind for value in values if value is not None for kind in models(scope, value)}
            return found | {kind for note in notes if note is not None for kind in named(scope, note)}
        case ast.Call(func=ast.Name(id=name)) if (kind := class_named(scope, name)) is not None:
            return {kind}
        case ast.Call(func=func):
            targets = package().targets(scope, func)
            return {kind for each in targets if each.node.returns for kind in named(each, each.node.returns)}
        case ast.IfExp(body=body, orelse=other):
            return models(scope, body) | models(scope, other)
    return set()


def taken_apart(scope: Scope, name: str) -> list[ast.Assign]:
    """The assignments that give a name one of several values at once."""
    found = [node for node in scope.inside() if isinstance(node, ast.Assign)]
    tuples = [(each, target) for each in found for target in each.targets if isinstance(target, ast.Tuple)]
    return [each for each, target in tuples if name in [getattr(one, "id", "") for one in target.elts]]


def named(scope: Scope, note: ast.expr) -> set[type[BaseModel]]:
    """The models that an annotation names."""
    names = {each.id for each in ast.walk(note) if isinstance(each, ast.Name)}
    return {kind for name in names if (kind := class_named(scope, name)) is not None}


def shown(scope: Scope, seen: frozenset[str] = frozenset()) -> set[type[BaseModel]]:
    """The models that a function writes as JSON, itself or by those whom it tells so."""
    if scope.where in seen:
        return set()
    found: set[type[BaseModel]] = set()
    for node in scope.inside():
        if isinstance(node, ast.Call):
            for target in package().targets(scope, node.func):
                if f"{target.module.name}.{target.where}" == SHOW:
                    found |= models(scope, node.args[0])
                elif any(isinstance(each, ast.Name) and each.id == "as_json" for each in given(node)):
                    found |= shown(target, seen | {scope.where})
    return found


def given(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


@cache
def answers() -> dict[str, set[type[BaseModel]]]:
    """The models that each command with ``--json`` writes."""
    found = {}
    for name, command in below(typer.main.get_command(app)):
        if any("--json" in each.opts for each in command.params):
            function = command.callback
            while hasattr(function, "__wrapped__"):
                function = function.__wrapped__
            (scope,) = package().functions(f"{function.__module__}.{function.__name__}")
            found[name] = shown(scope)
    return found


# Its answer is a report with a shape of its own, which the rehearsal writes.
REPORTS = {"rehearse"}


def test_every_command_with_json_has_an_answer_that_is_known():
    assert {name for name, kinds in answers().items() if not kinds} == REPORTS & set(answers())


def test_f69_the_answers_of_all_commands_are_a_contract():
    kinds: dict[str, Any] = {}
    for model in {kind for found in answers().values() for kind in found}:
        schema = model.model_json_schema(mode="serialization")
        for name, its in {**schema.pop("$defs", {}), model.__name__: schema}.items():
            assert kinds.setdefault(name, described(its)) == described(its), f"two models are called {name}"
    commands = {name: " or ".join(sorted(each.__name__ for each in found)) for name, found in answers().items()}
    assert_golden("json_answers", {"commands": commands, "kinds": kinds})
