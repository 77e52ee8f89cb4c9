"""YAML files with their marks: plain values, and the line and column of each of them.

Values are made from the composed nodes rather than by YAML's own constructor, for three reasons: a mistake can be shown
where it stands; a key written twice is refused instead of silently lost; and ``9:00`` without quotes, which YAML 1.1
reads as the number 540, keeps its text, as does a date.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.composer import Composer
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_YES = frozenset({"yes", "true", "on"})
_MOST_VALUES = 50_000

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """A place in a file; line and column count from 1."""

    line: int
    column: int


class Entries(NamedTuple):
    """Of the mapping that stands under ``field`` at the top of a file, the entries of these names."""

    field: str
    names: Collection[str]


class DocumentBroken(ValueError):
    """A file that is no readable YAML, or says one thing twice."""

    def __init__(self, mark: Mark, field: str, value: str, message: str, remedy: str, *, code: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.mark, self.field, self.value = mark, field, value
        self.message, self.remedy, self.code = message, remedy, code


@dataclass(frozen=True)
class Document:
    """One YAML file: its plain value, and the nodes that know the lines."""

    path: Path
    value: dict[str, Any]
    node: MappingNode
    first_line: int = 0

    def mark(self, loc: Loc, *, key: bool = False) -> Mark:
        """Return where the value at ``loc`` begins, or its key.

        Parts of ``loc`` that the file does not hold are passed over: a missing field is shown at its parent.
        """
        node: Node = self.node
        place = node
        for part in loc:
            found = _child(node, part)
            if found is None:
                continue
            key_node, node = found
            place = key_node if key and key_node is not None else node
        return _mark(place, self.first_line)

    def written(self, loc: Loc) -> str:
        """Return the plain value at ``loc`` as the file writes it; empty where it has none."""
        node: Node = self.node
        for part in loc:
            found = _child(node, part)
            if found is None and not (isinstance(part, int) and isinstance(node, ScalarNode)):
                return ""
            node = node if found is None else found[1]  # one value may stand for a list of one
        return str(node.value) if isinstance(node, ScalarNode) else ""


def read_document(path: Path, text: str | None = None, *, first_line: int = 0, only: Entries | None = None) -> Document:
    """Read one YAML file whose top level is a mapping.

    :param text: the text to read in place of the file's, such as the front matter of a page.
    :param first_line: how many lines of the file stand above ``text``.
    :param only: what is wanted of a mapping with many entries: every other one is None, whatever stands there. One
        entry among a thousand is read in a fifth of the time, and leaves the garbage collector nothing to look through.
    :raises DocumentBroken: it is no YAML, not a mapping, or holds a key twice.
    """
    node = _compose(_text(path) if text is None else text, first_line, only)
    if not isinstance(node, MappingNode):
        raise DocumentBroken(
            Mark(1 + first_line, 1),
            "",
            "",
            "the file is empty" if node is None else "the file is not a mapping of fields",
            "Write one field a line, such as id: weekly.",
            code="not_a_mapping",
        )
    value = _Reader(first_line).value(node, ())
    return Document(path=path, value=value, node=node, first_line=first_line)


def dotted(loc: Loc) -> str:
    """Return ``loc`` as people write it: ``components[1].branch``."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DocumentBroken(
            Mark(1, 1), "", "", f"the file is not UTF-8: {error.reason}", "Save it as UTF-8.", code="not_utf8"
        ) from error
    except OSError as error:
        raise DocumentBroken(
            Mark(1, 1),
            "",
            "",
            f"the file cannot be read: {error.strerror}",
            "Make it readable for the user that runs Airflow.",
            code="unreadable",
        ) from error


def _compose(text: str, first_line: int, only: Entries | None) -> Node | None:
    if only is not None:
        # What cannot be read so is read whole: an alias of what was passed over, or a mistake, which is told below.
        with suppress(yaml.YAMLError):
            return _single_node(_EntriesComposer(_LOADER(text), only))
    try:
        return _single_node(_LOADER(text))
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(at.line + 1 + first_line, at.column + 1) if at is not None else Mark(1 + first_line, 1)
        context = f"{error.context}{_since(error.context_mark, at, first_line)}, " if error.context else ""
        remedy = "Check the indentation, the quotes and the colons of this line and of the one above."
        raise DocumentBroken(
            mark, "", "", f"this is not YAML: {context}{error.problem}", remedy, code="not_yaml"
        ) from error
    except yaml.YAMLError as error:
        raise DocumentBroken(
            Mark(1 + first_line, 1),
            "",
            "",
            f"this is not YAML: {error}",
            "Remove what YAML cannot hold.",
            code="not_yaml",
        ) from error


def _single_node(loader: Any) -> Node | None:
    try:
        node: Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


class _EntriesComposer(Composer, Resolver):
    """Composes the nodes of wanted entries only. Of the others it takes the events: they must be YAML, and no more."""

    def __init__(self, parser: Any, only: Entries) -> None:
        Composer.__init__(self)
        Resolver.__init__(self)
        self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event
        self.dispose = parser.dispose
        self._only = only
        self._path: list[str | None] = []

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Compose the next node; ``index`` is the key of a value in a mapping, and None of the key itself."""
        self._path.append(index.value if isinstance(index, ScalarNode) else None)
        try:
            return self._pass_over() if self._is_another() else super().compose_node(parent, index)
        finally:
            self._path.pop()

    def _is_another(self) -> bool:
        return (
            len(self._path) == 3  # the document, the field, the entry
            and self._path[1] == self._only.field
            and self._path[2] is not None
            and self._path[2] not in self._only.names
        )

    def _pass_over(self) -> Node:
        first = event = self.get_event()
        depth = 0
        while True:
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if not depth:
                return ScalarNode(f"{_TAG}null", "", first.start_mark, event.end_mark)
            event = self.get_event()


def _since(begun: Any, at: Any, first_line: int) -> str:
    return "" if begun is None or begun.line == at.line else f" that begins on line {begun.line + 1 + first_line}"


class _Reader:
    """Makes plain values from nodes; counts them, so that aliases of aliases cannot fill the memory."""

    def __init__(self, first_line: int) -> None:
        self._first_line = first_line
        self._left = _MOST_VALUES
        self._open: set[int] = set()

    def value(self, node: Node, loc: Loc) -> Any:
        self._left -= 1
        if self._left < 0 or id(node) in self._open:
            raise self._broken(
                node, loc, "", "the aliases make this file endless", "Write the values out.", "endless_alias"
            )
        if isinstance(node, ScalarNode):
            return self._scalar(node, loc)
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, loc)
            return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line = _mark(key_node, self._first_line).line
            if not isinstance(key_node, ScalarNode):
                raise self._broken(
                    key_node, loc, "", "a field's name is not a text", "Write name: value.", "not_a_field"
                )
            if key_node.tag == f"{_TAG}merge":
                raise self._broken(
                    key_node, loc, "<<", "merge keys are not read here", "Write the fields out.", "merge_key"
                )
            if key in lines:
                raise self._broken(
                    key_node,
                    (*loc, key),
                    key,
                    f"{key!r} stands on line {lines[key]} already",
                    "Keep one of the two.",
                    "duplicate_key",
                )
            lines[key] = line
            result[key] = self.value(value_node, (*loc, key))
        return result

    def _scalar(self, node: ScalarNode, loc: Loc) -> Any:
        text: str = node.value
        if node.tag == f"{_TAG}null":
            return None
        if node.tag == f"{_TAG}bool":
            return text.lower() in _YES
        if node.tag in (f"{_TAG}int", f"{_TAG}float"):
            return _number(text)
        if node.tag in (f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value"):
            return text
        raise self._broken(node, loc, text, f"the tag {node.tag} is not read here", "Write a plain value.", "yaml_tag")

    def _broken(self, node: Node, loc: Loc, value: str, message: str, remedy: str, code: str) -> DocumentBroken:
        return DocumentBroken(_mark(node, self._first_line), dotted(loc), value, message, remedy, code=code)


def _number(text: str) -> int | float | str:
    """A plain decimal number; any other that YAML 1.1 knows (``9:00``, ``017``, ``1_000``, ``+1``) stays a text."""
    if "_" in text or text.startswith("+") or (len(text) > 1 and text[0] == "0" and text.isdigit()):
        return text
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number
    return text


def _child(node: Node, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key, value
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    return None


def _mark(node: Node, first_line: int) -> Mark:
    return Mark(node.start_mark.line + 1 + first_line, node.start_mark.column + 1)
