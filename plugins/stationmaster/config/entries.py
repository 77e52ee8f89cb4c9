"""Files whose entries stand each by itself: a mistake in one keeps out neither the others nor the team (issue 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError

from stationmaster.config.base import ConfigModel
from stationmaster.config.chores import Chore, ChoresFile, ChoresHead
from stationmaster.config.documents import Document, Loc
from stationmaster.config.fields import Slug
from stationmaster.config.mistakes import Mistake, did_you_mean, mistakes
from stationmaster.config.watches import KINDS, WatchesFile, WatchesHead

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)


class EntryFile(NamedTuple):
    """One kind of file.

    :param folder: under ``include/``; also the field of the file, and of the team, that holds the entries.
    :param entry: a model, the adapter of a union of models, or a model for each value of the field ``kind``.
    """

    folder: str
    file: type[ConfigModel]
    head: type[ConfigModel]
    entry: type[BaseModel] | TypeAdapter[Any] | Mapping[str, type[BaseModel]]


ENTRY_FILES = (
    EntryFile("chores", ChoresFile, ChoresHead, Chore),
    EntryFile("watches", WatchesFile, WatchesHead, KINDS),
)


class Entries(NamedTuple):
    """What one file says. ``head`` is None where that is broken: then none of its entries counts.

    ``mistakes`` are by entry, under an empty name those of the file.
    """

    head: ConfigModel | None
    entries: dict[str, Any]
    mistakes: tuple[tuple[str, Mistake], ...]


def read_entries(kind: EntryFile, document: Document, owner: str, *, only: Collection[str] | None = None) -> Entries:
    """Return what a file of ``kind`` holds, each entry read by itself.

    :param owner: the team that the file's name says.
    :param only: the names that are read (default: all); a mistake in another one is not looked for.
    """
    written = document.value.get(kind.folder)
    said = {name: value for name, value in document.value.items() if name != kind.folder}
    found: list[tuple[str, Mistake]] = []
    try:
        head = kind.head.model_validate(said)
    except ValidationError as error:
        # An unknown field is compared with those of the whole file.
        return Entries(None, {}, tuple(("", each) for each in mistakes(kind.file, error)))
    if said["team"] != owner:
        message = f"{said['team']!r} is not what the file's name says"
        wrong = Mistake("file_name", ("team",), message, f"Write {owner}, or rename the file.", str(said["team"]))
        return Entries(None, {}, (("", wrong),))
    if not isinstance(written, dict):
        what = "is missing" if written is None else "is not a mapping of entries"
        remedy = f"Write each entry below {kind.folder}, under a name of its own."
        return Entries(head, {}, (("", Mistake("no_entries", (kind.folder,), f"{kind.folder} {what}", remedy)),))
    read: dict[str, Any] = {}
    for name, value in written.items():
        if only is not None and str(name) not in only:
            continue
        wrong_ones = list(_entry(kind, str(name), value, read))
        found += [(str(name), each) for each in wrong_ones]
    return Entries(head, read, tuple(found))


def heads_differ(kind: EntryFile, head: ConfigModel | None, before: ConfigModel | None) -> Iterator[Mistake]:
    """Yield a warning for each thing that a further file of a team says of all entries otherwise than the first one."""
    if head is None or before is None:
        return
    for name in sorted(head.model_fields_set - {"team"}):
        if getattr(head, name) != getattr(before, name):
            what = f"another file of the team's {kind.folder} comes before this one, and says otherwise"
            remedy = f"What holds for all {kind.folder} stands in the team's first file alone: move it there."
            yield Mistake("head_differs", (name,), what, remedy, at_key=True, severity="warning")


def _entry(kind: EntryFile, name: str, value: Any, read: dict[str, Any]) -> Iterator[Mistake]:
    loc: Loc = (kind.folder, name)
    try:
        _SLUG.validate_python(name)
    except ValidationError as error:
        for each in mistakes(ConfigModel, error):
            yield replace(each, loc=loc, value=name, at_key=True)
        return
    entry = {"id": name, **value} if isinstance(value, dict) and "id" not in value else value
    shape = kind.entry
    if isinstance(shape, Mapping):
        said = value.get("kind") if isinstance(value, dict) else None
        if isinstance(value, dict) and said not in shape:
            what = f"{said!r} is no kind of entry" if "kind" in value else "the kind is missing"
            yield Mistake("not_a_choice", (*loc, "kind"), what, did_you_mean(str(said), shape), str(said or ""))
            return
        shape = shape[said] if said is not None else ConfigModel
    try:
        read[name] = shape.validate_python(entry) if isinstance(shape, TypeAdapter) else shape.model_validate(entry)
    except ValidationError as error:
        model = shape if isinstance(shape, type) else ConfigModel
        for each in mistakes(model, error):
            yield replace(each, loc=(*loc, *each.loc))
        return
    if read[name].id != name:
        del read[name]
        yield Mistake("duplicate_id", (*loc, "id"), "the id is not the entry's name", "Leave the id out.")
