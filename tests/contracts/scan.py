"""Reads from the package's source what it writes under which name: keys of effects, kinds of facts, and the like.

A text that is put together is read as a template: literals stand as they are, and what is only known when the code
runs stands in braces, as the code names it. Names, constants, helpers that return a text, and the parameters of
functions are followed to where the text is written down, through all callers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import NamedTuple

import stationmaster

ROOT = Path(stationmaster.__file__).parent
REHEARSAL = "stationmaster.rehearsal"
_BETWEEN = "\0"
DEPTH = 12
"""How far a text is followed; what lies deeper is a hole."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Hole(NamedTuple):
    """What is only known when the code runs; a parameter's is filled by the callers of its function."""

    text: str
    parameter: str = ""


Template = tuple[str | Hole, ...]


def plain(template: Template) -> str:
    """Return a template as it is read: holes in braces."""
    return "".join(part if isinstance(part, str) else f"{{{part.text}}}" for part in template)


def _counts(node: ast.expr) -> bool:
    """Whether an operand is a number, so that a plus adds."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def starred(template: Template) -> str:
    """Return a template without the names of its holes, which a change of the code may change: a star for each."""
    return re.sub(r"\*+", "*", "".join(part if isinstance(part, str) else "*" for part in template))


@dataclass(eq=False)
class Scope:
    """A function, or a module, with the names that it binds."""

    module: Module
    node: Function | ast.Lambda | ast.Module
    outer: Scope | None = None
    owner: str = ""
    """The class whose method it is."""

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the parameters, those by position first; without ``self`` and ``cls``."""
        if isinstance(self.node, ast.Module):
            return []
        given = self.node.args
        names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        return names[1:] if names[:1] in (["self"], ["cls"]) else names

    @cached_property
    def defaults(self) -> dict[str, ast.expr]:
        """The defaults of the parameters."""
        if isinstance(self.node, ast.Module):
            return {}
        given = self.node.args
        by_place = [each.arg for each in (*given.posonlyargs, *given.args)]
        found = dict(zip(by_place[len(by_place) - len(given.defaults) :], given.defaults, strict=True))
        named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return found | {each.arg: value for each, value in named if value is not None}

    def note(self, name: str) -> str:
        """The name of the class that a parameter is annotated with."""
        if isinstance(self.node, ast.Module):
            return ""
        given = self.node.args
        found = {each.arg: each.annotation for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
        note = found.get(name)
        return note.id if isinstance(note, ast.Name) else ""

    @property
    def returned(self) -> list[ast.expr | None]:
        """What the function returns."""
        return [each.value for each in self.inside() if isinstance(each, ast.Return)]

    @cached_property
    def bound(self) -> dict[str, list[ast.expr | None]]:
        """What each name is assigned; None where it is taken apart, or comes from a loop."""
        found: dict[str, list[ast.expr | None]] = {}

        def bind(target: ast.expr, value: ast.expr | None) -> None:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(value)
            elif isinstance(target, ast.Tuple | ast.List):
                values: list[ast.expr | None] = [None] * len(target.elts)
                if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                    values = list(value.elts)
                for each, its in zip(target.elts, values, strict=True):
                    bind(each, its)

        for node in self.inside():
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    bind(target, node.value)
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
                bind(node.target, node.value)
            elif isinstance(node, ast.For | ast.comprehension):
                bind(node.target, None)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                bind(node.optional_vars, None)
        return found

    def inside(self) -> Iterator[ast.AST]:
        """Every node of this scope, and none of a function within it."""
        waiting: list[ast.AST] = list(ast.iter_child_nodes(self.node))
        while waiting:
            node = waiting.pop(0)
            yield node
            if not isinstance(node, Function):
                waiting[:0] = list(ast.iter_child_nodes(node))

    @property
    def where(self) -> str:
        """The name of the function within the package."""
        name = getattr(self.node, "name", "")
        outer = self.outer.where if self.outer is not None and self.outer.outer is not None else ""
        return ".".join(part for part in (outer, self.owner, name) if part)


@dataclass(eq=False)
class Module:
    """One file of the package."""

    name: str
    tree: ast.Module
    scopes: list[Scope] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)

    @property
    def top(self) -> Scope:
        """The file's own scope."""
        return self.scopes[0]

    def functions(self, name: str) -> list[Scope]:
        """The functions and methods of that name."""
        return [each for each in self.scopes[1:] if getattr(each.node, "name", "") == name]


class Call(NamedTuple):
    """A call, with the function that it stands in."""

    scope: Scope
    node: ast.Call

    def given(self, name: str, place: int) -> ast.expr | None:
        """The argument of a name, or at a place."""
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value
        return self.node.args[place] if 0 <= place < len(self.node.args) else None


class Package:
    """Every file of the package but the rehearsal's."""

    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        for path in sorted(ROOT.rglob("*.py")):
            parts = ("stationmaster", *path.relative_to(ROOT).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if name != REHEARSAL and not name.startswith(f"{REHEARSAL}."):
                self.modules[name] = self._read(name, path)
        self._callers: dict[int, list[Call]] = {}
        for module in self.modules.values():
            for scope in module.scopes:
                for node in scope.inside():
                    if isinstance(node, ast.Call):
                        for target in self.targets(scope, node.func):
                            self._callers.setdefault(id(target), []).append(Call(scope, node))

    def _read(self, name: str, path: Path) -> Module:
        module = Module(name, ast.parse(path.read_text(encoding="utf-8")))
        module.scopes.append(Scope(module, module.tree))

        def descend(node: ast.AST, outer: Scope, owner: str) -> None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, Function):
                    scope = Scope(module, child, outer, owner)
                    module.scopes.append(scope)
                    descend(child, scope, "")
                elif isinstance(child, ast.ClassDef):
                    module.classes[child.name] = child
                    descend(child, outer, child.name)
                else:
                    if isinstance(child, ast.Import):
                        module.imports.update({each.asname or each.name: each.name for each in child.names})
                    elif isinstance(child, ast.ImportFrom) and child.module:
                        found = {each.asname or each.name: f"{child.module}.{each.name}" for each in child.names}
                        module.imports.update(found)
                    descend(child, outer, owner)

        descend(module.tree, module.top, "")
        return module

    def calls(self) -> Iterator[Call]:
        """Every call of the package."""
        for module in self.modules.values():
            for scope in module.scopes:
                for node in scope.inside():
                    if isinstance(node, ast.Call):
                        yield Call(scope, node)

    def functions(self, dotted: str) -> list[Scope]:
        """The functions of a dotted name of the package, through what modules import from one another."""
        module, _, name = dotted.rpartition(".")
        if module not in self.modules:
            return []
        found = [each for each in self.modules[module].functions(name) if not each.owner]
        beyond = self.modules[module].imports.get(name)
        return found or (self.functions(beyond) if beyond and beyond != dotted else [])

    def targets(self, scope: Scope, func: ast.expr) -> list[Scope]:
        """The functions that a call may mean."""
        match func:
            case ast.Name(id=name):
                inner: Scope | None = scope
                while inner is not None:
                    here = [each for each in scope.module.functions(name) if each.outer is inner and not each.owner]
                    if here:
                        return here
                    inner = inner.outer
                return self.functions(scope.module.imports.get(name, ""))
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                here = [each for each in scope.module.functions(name) if each.owner]
                found = self._methods.get(name, [])
                return here or (found if len(found) == 1 else [])
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in scope.module.imports:
                return self.functions(f"{scope.module.imports[owner]}.{name}")
            case ast.Attribute(attr=name):
                # Of an object nothing tells the class; where only one has such a method, it is meant.
                found = self._methods.get(name, [])
                return found if len(found) == 1 else []
        return []

    @cached_property
    def _methods(self) -> dict[str, list[Scope]]:
        found: dict[str, list[Scope]] = {}
        for module in self.modules.values():
            for scope in module.scopes[1:]:
                if scope.owner and not getattr(scope.node, "decorator_list", ()):
                    found.setdefault(getattr(scope.node, "name", ""), []).append(scope)
        return found

    def callers(self, scope: Scope) -> list[Call]:
        """The calls that may mean a function."""
        return self._callers.get(id(scope), [])

    def texts(self, call: Call, *arguments: tuple[str, int]) -> set[tuple[str, ...]]:
        """What a call gives for some of its arguments, each combination that its function's callers give; stars for
        holes, nothing where an argument is not given.
        """
        read = [self.read(call.scope, call.given(*each)) or [("",)] for each in arguments]
        parts = [part for each in read for part in (each, [(_BETWEEN,)])]
        whole = {done for each in self._joined(parts) for done in self.complete(call.scope, each, ())}
        return {tuple(starred(each).split(_BETWEEN)[:-1]) for each in whole}

    # What an expression may be.

    def read(self, scope: Scope, node: ast.expr | None, depth: int = DEPTH) -> list[Template]:
        """Return every template that an expression may stand for."""
        if node is None:
            return []
        if depth <= 0:
            return [(Hole(ast.unparse(node)),)]
        match node:
            case ast.Constant(value=str(text)):
                return [(text,)]
            case ast.Constant(value=int(number)):
                return [(str(number),)]
            case ast.Constant(value=None):
                return []
            case ast.JoinedStr(values=values):
                return self._joined([self._part(scope, each, depth) for each in values])
            case ast.BinOp(op=ast.Add(), left=left, right=right) if not _counts(left) and not _counts(right):
                return self._joined([self.read(scope, left, depth - 1), self.read(scope, right, depth - 1)])
            case ast.IfExp(body=body, orelse=other):
                return [*self.read(scope, body, depth - 1), *self.read(scope, other, depth - 1)]
            case ast.BoolOp(op=ast.Or(), values=values):
                return [each for value in values for each in self.read(scope, value, depth - 1)]
            case ast.NamedExpr(value=value):
                return self.read(scope, value, depth)
            case ast.Name(id=name):
                return self._named(scope, name, depth)
            case ast.Attribute():
                return self._attribute(scope, node, depth)
            case ast.Call():
                return self._called(scope, node, depth)
        return [(Hole(ast.unparse(node)),)]

    def _part(self, scope: Scope, node: ast.expr, depth: int) -> list[Template]:
        if isinstance(node, ast.FormattedValue):
            if node.format_spec is not None:
                return [(Hole(ast.unparse(node.value)),)]
            return self.read(scope, node.value, depth - 1) or [(Hole(ast.unparse(node.value)),)]
        return self.read(scope, node, depth)

    @staticmethod
    def _joined(parts: list[list[Template]]) -> list[Template]:
        return [tuple(piece for part in each for piece in part) for each in product(*parts)]

    def _named(self, scope: Scope, name: str, depth: int) -> list[Template]:
        inner: Scope | None = scope
        while inner is not None:
            if name in inner.parameters:
                return [(Hole(name, name),)]
            values = inner.bound.get(name)
            if values is not None:
                if any(value is None for value in values) or depth <= 1:
                    return [(Hole(name),)]
                return [each for value in values for each in self.read(inner, value, depth - 1)]
            inner = inner.outer
        return self._constant(scope.module.imports.get(name, ""), depth) or [(Hole(name),)]

    def _constant(self, dotted: str, depth: int) -> list[Template]:
        module, _, name = dotted.rpartition(".")
        if module in self.modules:
            top = self.modules[module].top
            values = top.bound.get(name)
            if values is not None:
                return [each for value in values for each in self.read(top, value, depth - 1)]
            beyond = self.modules[module].imports.get(name)
            return self._constant(beyond, depth - 1) if beyond and depth > 0 else []
        return []

    def _attribute(self, scope: Scope, node: ast.Attribute, depth: int) -> list[Template]:
        if node.attr == "value" and isinstance(node.value, ast.Name) and node.value.id in scope.parameters:
            return self.read(scope, node.value, depth)
        inner = node.value if node.attr == "value" and isinstance(node.value, ast.Attribute) else node
        assert isinstance(inner, ast.Attribute)
        if isinstance(inner.value, ast.Name):
            owner = inner.value.id
            dotted = scope.module.imports.get(owner, "")
            found = self._constant(f"{dotted}.{inner.attr}", depth)
            member = self._member(scope.module if owner in scope.module.classes else None, dotted, owner, inner.attr)
            if found or member:
                return found or [(member,)]
            made = self._property(scope, owner, inner.attr)
            if made is not None:
                texts = [each for part in made.returned for each in self.read(made, part, depth - 1)]
                if any(isinstance(part, str) for each in texts for part in each):
                    return texts
        return [(Hole(ast.unparse(node)),)]

    def _property(self, scope: Scope, owner: str, name: str) -> Scope | None:
        """The property of a parameter, or of ``self``, by the class that it is annotated with."""
        noted, here = scope.note(owner), scope.module
        if owner == "self":
            noted = scope.owner
        dotted = here.imports.get(noted, f"{here.name}.{noted}")
        module, _, kind = dotted.rpartition(".")
        found = self.modules.get(module)
        made = [each for each in found.functions(name) if each.owner == kind] if found is not None else []
        return next((each for each in made if "property" in ast.dump(ast.List(each.node.decorator_list))), None)

    def _member(self, here: Module | None, dotted: str, owner: str, name: str) -> str:
        """The text of a member of an enumeration."""
        module, _, kind = dotted.rpartition(".")
        home = here or self.modules.get(module)
        found = home.classes.get(owner if here else kind) if home else None
        for each in found.body if found else ():
            if isinstance(each, ast.Assign) and [ast.unparse(target) for target in each.targets] == [name]:
                return each.value.value if isinstance(each.value, ast.Constant) and each.value.value else ""
        if found is None and home is not None and kind in home.imports:
            return self._member(None, home.imports[kind], owner, name)
        return ""

    def _called(self, scope: Scope, node: ast.Call, depth: int) -> list[Template]:
        if isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
            return self.read(scope, node.args[0], depth - 1)
        found: list[Template] = []
        for target in self.targets(scope, node.func):
            for each in target.returned:
                for template in self.read(target, each, depth - 1):
                    found += self.filled(template, Call(scope, node), target, depth - 1)
        if any(isinstance(part, str) for template in found for part in template):
            return found
        return [(Hole(ast.unparse(node)),)]

    def argument(self, call: Call, target: Scope, name: str) -> ast.expr | None:
        """What a call gives for a parameter; its default where it gives nothing."""
        return call.given(name, target.parameters.index(name)) or target.defaults.get(name)

    def filled(self, template: Template, call: Call, target: Scope, depth: int = DEPTH) -> list[Template]:
        """A template of a function, with its parameters as a call gives them."""
        parts: list[list[Template]] = []
        for part in template:
            if isinstance(part, Hole) and part.parameter in target.parameters:
                given = self.argument(call, target, part.parameter)
                parts.append(self.read(call.scope, given, depth - 1) or [(Hole(part.text),)])
            else:
                parts.append([(Hole(part.text) if isinstance(part, Hole) else part,)])
        return self._joined(parts)

    def complete(self, scope: Scope, template: Template, stop: Iterable[str], depth: int = DEPTH) -> set[Template]:
        """A template with its parameters followed through all callers; those named in ``stop`` stay holes."""
        names = {part.parameter for part in template if isinstance(part, Hole) and part.parameter} - set(stop)
        binding: Scope | None = scope
        while binding is not None and not names & set(binding.parameters):
            binding = binding.outer
        callers = self.callers(binding) if binding is not None and depth > 0 else []
        if not callers:
            return {tuple(Hole(part.text) if isinstance(part, Hole) else part for part in template)}
        found: set[Template] = set()
        for call in callers:
            for filled in self.filled(template, call, binding or scope):
                found |= self.complete(call.scope, filled, stop, depth - 1)
        return found


@cache
def package() -> Package:
    """The package, read once."""
    return Package()
