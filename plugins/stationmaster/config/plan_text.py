"""The text of a rollout's plan, with the line of each of its parts: YAML, read node by node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from stationmaster.core.rollouts.plan import PlanMistake
from stationmaster.core.rollouts.written import WrittenBatch, WrittenDay, WrittenPlan, WrittenWay

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LONGEST = 200_000
"""Signs of a plan's text; a thousand targets with versions of their own take half of that."""
_ZONE = "zone"
_WAY_REMEDY = "Write its name, or {target: its name, version: forty hex digits}."


def read_plan(text: str) -> WrittenPlan:
    """Return what a text says, with every mistake of its form; unquoted ``9:00`` keeps its text, as do dates."""
    if len(text) > LONGEST:
        return WrittenPlan(mistakes=(_mistake_at(1, "the plan is too long", "Split it into several rollouts."),))
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark is not None else 1
        why = f"this is not YAML: {error.problem}"
        return WrittenPlan(mistakes=(_mistake_at(line, why, "Check the indentation, the quotes and the colons."),))
    except (yaml.YAMLError, UnicodeEncodeError):
        remedy = "Take out every sign that cannot be seen."
        return WrittenPlan(mistakes=(_mistake_at(1, "this holds signs that YAML cannot hold", remedy),))
    if node is None:
        return WrittenPlan()
    return _Reader().plan(node)


def _composed(text: str) -> Node | None:
    loader = _LOADER(text)
    try:
        node: Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


class _Reader:
    """Gathers what is wrong with the form, and reads the rest."""

    def __init__(self) -> None:
        self._mistakes: list[PlanMistake] = []

    def plan(self, node: Node) -> WrittenPlan:
        zone, zone_line, days = None, 1, []
        for key, value in self._pairs(node, "the plan", "Write a day, and its times under it."):
            if key.value == _ZONE:
                zone, zone_line = self._text(value, "the zone") or "", _line(value)
            else:
                days.append(WrittenDay(line=_line(key), day=key.value, batches=tuple(self._batches(value, key.value))))
        return WrittenPlan(zone=zone, zone_line=zone_line, days=tuple(days), mistakes=tuple(self._mistakes))

    def _batches(self, node: Node, day: str) -> Iterator[WrittenBatch]:
        if _empty(node):
            return
        for key, value in self._pairs(node, day, 'Write times under the day, such as "9:00": [io67a].'):
            yield WrittenBatch(line=_line(key), time=key.value, ways=tuple(self._ways(value)))

    def _ways(self, node: Node) -> Iterator[WrittenWay]:
        if _empty(node):
            return
        for item in node.value if isinstance(node, SequenceNode) else [node]:
            way = self._way(item)
            if way is not None:
                yield way

    def _way(self, node: Node) -> WrittenWay | None:
        if isinstance(node, ScalarNode):
            return WrittenWay(line=_line(node), target=node.value)
        fields: dict[str, str] = {}
        for key, value in self._pairs(node, "a target", _WAY_REMEDY):
            if key.value not in ("target", "version"):
                self._wrong(key, f"a target has no field {key.value!r}", _WAY_REMEDY)
            else:
                fields[key.value] = self._text(value, f"the {key.value}") or ""
        if "target" not in fields:
            self._wrong(node, "this target has no name", _WAY_REMEDY)
            return None
        return WrittenWay(line=_line(node), target=fields["target"], version=fields.get("version"))

    def _pairs(self, node: Node, what: str, remedy: str) -> Iterator[tuple[ScalarNode, Node]]:
        if not isinstance(node, MappingNode):
            self._wrong(node, f"{what} is not written as fields", remedy)
            return
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.tag.endswith(":merge"):
                self._wrong(key, f"{what} has a field whose name is no text", remedy)
                continue
            if key.value in lines:
                self._wrong(key, f"{key.value!r} stands on line {lines[key.value]} already", "Keep one of the two.")
                continue
            lines[key.value] = _line(key)
            yield key, value

    def _text(self, node: Node, what: str) -> str | None:
        if isinstance(node, ScalarNode):
            return str(node.value)
        self._wrong(node, f"{what} is no text", "Write it on one line.")
        return None

    def _wrong(self, node: Node, message: str, remedy: str) -> None:
        self._mistakes.append(_mistake_at(_line(node), message, remedy))


def _empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and (node.tag.endswith(":null") or not node.value)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _mistake_at(line: int, message: str, remedy: str) -> PlanMistake:
    return PlanMistake(line=line, message=message, remedy=remedy)
