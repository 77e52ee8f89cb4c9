"""Loads ``include/``: each team by itself, so that a mistake in one leaves the others as they were."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stationmaster import clock
from stationmaster.config.documents import Document, DocumentBroken, Entries, dotted, read_document
from stationmaster.config.entries import ENTRY_FILES, EntryFile, heads_differ, read_entries
from stationmaster.config.include import Include
from stationmaster.config.mistakes import Mistake, mistakes
from stationmaster.config.pages import front_matter, page_mistakes, rotation_page_mistakes, runbooks_of
from stationmaster.config.problems import Problem
from stationmaster.config.references import unknown_names
from stationmaster.config.roster import RotationEntry, RotationsFile
from stationmaster.config.rotations_lock import NAME as LOCK_NAME
from stationmaster.config.rotations_lock import LockBroken, LockFile, read_lock
from stationmaster.config.rules import rules
from stationmaster.config.rules_entries import entry_mistakes
from stationmaster.config.rules_reserved import of_folders
from stationmaster.config.rules_rotations import unlocked
from stationmaster.config.team import TeamConfig, TeamFile
from stationmaster.config.train import TrainConfig, TrainFile
from stationmaster.core.rotations.plan import Revision

_FOLDERS = ("teams", "rotations", "trains", *(kind.folder for kind in ENTRY_FILES))
Model = TypeVar("Model", bound=BaseModel)


def load(
    include: Path,
    teams: Collection[str] | None = None,
    *,
    trains: Collection[str] | None = None,
    entries: Mapping[str, Collection[str]] | None = None,
    unlocked: bool = False,
) -> Include:
    """Read the files of ``teams`` (default: all) under ``include`` and check every rule.

    Never raises for what a file says: a team whose files hold an error is only among the problems. The team of a file
    is the first part of its name, so that even a file that is no YAML is blamed on its own team.

    :param trains: of each team only these, by their ids (default: all). A task reads its own train and no other: what
        it costs to start one does not grow with their number, and a mistake in another one's file does not stop it.
    :param entries: likewise of the chores and watches: ``{"chores": ["alert-review"], "watches": ()}``; of a kind that
        is not named, all.
    :param unlocked: whether rotations may say something else than the lock file.
    :param include: the directory that holds ``teams/``, ``rotations/`` and ``trains/``.
    """
    loaded: dict[str, TeamConfig] = {}
    problems: list[Problem] = []
    names = _names(include) if teams is None else sorted(set(teams))
    lock = LockFile() if unlocked else _lock(include)
    files = _by_team(include)
    for name in names:
        reading = _Reading(include, name, lock, files.get(name, []), trains, entries or {})
        team = reading.team()
        if team is not None:
            loaded[name] = team
        problems += reading.problems
    return Include(root=include, teams=loaded, problems=tuple(problems))


def _lock(include: Path) -> LockFile | LockBroken:
    try:
        return read_lock(include)
    except LockBroken as broken:
        return broken


def _names(include: Path) -> list[str]:
    return sorted(_by_team(include))


def _by_team(include: Path) -> dict[str, list[Path]]:
    """Return every file by the team that its name begins with: each folder is read once for all teams."""
    found: dict[str, list[Path]] = {}
    for folder in _FOLDERS:
        for path in _files(include / folder):
            found.setdefault(path.name.split(".", 1)[0], []).append(path)
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*")):
        if path.suffix in (".yaml", ".yml") and not path.name.startswith("."):
            yield path


class _Reading:
    """The reading of one team: its documents by source, and the problems found so far."""

    def __init__(
        self,
        include: Path,
        name: str,
        lock: LockFile | LockBroken,
        files: Sequence[Path],
        trains: Collection[str] | None = None,
        entries: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._include = include
        self._files = files
        self._wanted = trains
        self._entries_wanted = entries or {}
        self._lock = lock
        self._name = name
        self._documents: dict[str, Document] = {}
        self._pages: set[Path] = set()
        self.problems: list[Problem] = []

    def team(self) -> TeamConfig | None:
        """Return the team, None when its files hold an error."""
        self._odd_names()
        team = self._read("team", self._include / "teams" / f"{self._name}.yaml", TeamFile)
        roster, promises = self._roster()
        trains = self._trains(team)
        if team is None or self._failed():
            return None
        complete = TeamConfig.model_validate(
            {**dict(team), "roster": roster, "promises": promises, "trains": trains, "locked": self._locked(roster)}
        )
        unknown = [
            each for each in unknown_names(complete) if each.code != "unknown_train" or not self._has(each.value)
        ]
        self._report([*unknown, *rotation_page_mistakes(self._include, complete)])
        self._runbooks(notices.runbook for notices in complete.notices if notices.runbook is not None)
        self._runbooks([complete.upgrades.runbook] if complete.upgrades is not None else [])
        if complete.incidents is not None and complete.incidents.runbook is not None:
            self._runbooks([complete.incidents.runbook])
        for train in trains.values():
            self._report(page_mistakes(self._include, train))
            self._runbooks(runbooks_of(train).values())
        if not self._failed():
            self._report(unlocked(complete, self._lock) if isinstance(self._lock, LockFile) else [])
            self._report(rules(complete, clock.now()))
            self._report(of_folders(complete, {path.parent.name for path in self._files}))
        return None if self._failed() else complete.model_copy(update=self._entries(complete))

    def _entries(self, team: TeamConfig) -> dict[str, Any]:
        """Return the team's chores and watches. A mistake in one keeps out that one, and nothing else (issue 5)."""
        update: dict[str, Any] = {}
        for kind in ENTRY_FILES:
            held = update.setdefault(kind.folder, {})
            if self._entries_wanted.get(kind.folder) == ():
                continue
            mine = [path for path in self._files if path.parent.name == kind.folder and path.suffix == ".yaml"]
            for path in sorted(mine, key=lambda path: path.stem != self._name):
                head = self._entry_file(team, kind, path, held, update.get(f"{kind.folder}_head"))
                update |= {} if head is None else {f"{kind.folder}_head": head}
        return update

    def _entry_file(self, team: TeamConfig, kind: EntryFile, path: Path, held: dict[str, Any], before: Any) -> Any:
        """Read one file and return the head that holds: the team's first file says it for the others, too."""
        source, wanted = f"{kind.folder}:{path.stem}", self._entries_wanted.get(kind.folder)
        try:
            only = None if wanted is None else Entries(kind.folder, wanted)
            self._documents[source] = document = read_document(path, only=only)
        except DocumentBroken as broken:
            self._broken(path, broken, entry=kind.folder)
            return before
        found = read_entries(kind, document, self._name, only=wanted)
        for name, mistake in found.mistakes:
            self._place(path, mistake, document, entry=f"{kind.folder}.{name}" if name else kind.folder)
        head = found.head if before is None else before
        for mistake in heads_differ(kind, found.head, before):
            self._place(path, mistake, document, entry=kind.folder)
        for name, entry in found.entries.items():
            wrong = list(entry_mistakes(self._include, team, kind, entry, head=head, taken=held))
            for mistake in wrong:
                self._place(path, mistake, document, entry=f"{kind.folder}.{name}")
            if not any(mistake.severity == "error" for mistake in wrong):
                held[name] = entry
        return head

    def _left_out(self, train: str) -> bool:
        return self._wanted is not None and train not in self._wanted

    def _has(self, train: str) -> bool:
        """Whether a train that was not read has a file: it is known all the same."""
        stem = f"{self._name}.{train}"
        return self._left_out(train) and any(path.parent.name == "trains" and path.stem == stem for path in self._files)

    def _failed(self) -> bool:
        return any(problem.keeps_out for problem in self.problems)

    def _roster(self) -> tuple[dict[str, Any], tuple[Any, ...]]:
        path = self._include / "rotations" / f"{self._name}.yaml"
        if not path.exists():
            return {}, ()
        found = self._read("rotations", path, RotationsFile)
        if found is None:
            return {}, ()
        self._name_says("rotations", ("team",), found.team, self._name)
        return found.rotations, found.promises

    def _locked(self, roster: Mapping[str, RotationEntry]) -> dict[str, tuple[Revision, ...]]:
        if isinstance(self._lock, LockFile):
            return {name: self._lock.revisions(f"{self._name}.{name}") for name in roster}
        if roster:
            path = self._include / "rotations" / LOCK_NAME
            self._place(path, Mistake("lock_broken", (), self._lock.message, self._lock.remedy))
        return {}

    def _trains(self, team: TeamFile | None) -> dict[str, TrainConfig]:
        result: dict[str, TrainConfig] = {}
        for path in self._files:
            owner, _, train = path.stem.partition(".")
            if path.parent.name != "trains" or path.suffix != ".yaml" or self._left_out(train):
                continue
            found = self._read(f"train:{train}", path, TrainFile)
            if found is not None:
                self._name_says(f"train:{train}", ("team",), found.team, owner)
                self._name_says(f"train:{train}", ("id",), found.id, train)
            if found is not None and team is not None:
                result[train] = TrainConfig.model_validate({**dict(found), "zone": found.zone or team.zone})
        return result

    def _read(self, source: str, path: Path, model: type[Model]) -> Model | None:
        if not path.exists():
            self._place(
                path,
                Mistake(
                    "missing_file",
                    (),
                    f"the team {self._name!r} has no file",
                    f"Write {path.name} in {path.parent.name}/.",
                ),
            )
            return None
        try:
            self._documents[source] = document = read_document(path)
            found = model.model_validate(document.value)
        except DocumentBroken as broken:
            self._broken(path, broken)
            return None
        except ValidationError as error:
            for mistake in mistakes(model, error):
                self._place(path, mistake, document)
            return None
        if source == "team":
            self._name_says(source, ("id",), getattr(found, "id", ""), self._name)
        return found

    def _runbooks(self, names: Iterable[str]) -> None:
        for name in names:
            path = self._include / "runbooks" / f"{name}.md"
            if path in self._pages or not path.is_file():
                continue
            self._pages.add(path)
            try:
                document, found = front_matter(path)
            except DocumentBroken as broken:
                self._broken(path, broken)
            else:
                for mistake in found:
                    self._place(path, mistake, document)

    def _odd_names(self) -> None:
        for path in self._files:
            if path.suffix == ".yml":
                remedy = f"Rename it to {path.stem}.yaml."
                self._place(path, Mistake("file_name", (), "only files that end in .yaml are read", remedy))

    def _name_says(self, source: str, loc: tuple[str], value: str, expected: str) -> None:
        if value != expected:
            message = f"{value!r} is not what the file's name says"
            self._report(
                [Mistake("file_name", loc, message, f"Write {expected}, or rename the file.", value, source=source)]
            )

    def _report(self, found: Iterable[Mistake]) -> None:
        for mistake in found:
            document = self._documents[mistake.source]
            self._place(document.path, mistake, document)

    def _broken(self, path: Path, broken: DocumentBroken, *, entry: str = "") -> None:
        self._add(
            path,
            broken.mark.line,
            broken.mark.column,
            Mistake(broken.code, (), broken.message, broken.remedy, broken.value),
            broken.field,
            entry,
        )

    def _place(self, path: Path, mistake: Mistake, document: Document | None = None, *, entry: str = "") -> None:
        line, column = 1, 1
        if document is not None:
            mark = document.mark(mistake.loc, key=mistake.at_key)
            line, column = mark.line, mark.column
            if not mistake.value:
                mistake = replace(mistake, value=document.written(mistake.loc))
        self._add(path, line, column, mistake, dotted(mistake.loc), entry)

    def _add(self, path: Path, line: int, column: int, mistake: Mistake, field: str, entry: str) -> None:
        self.problems.append(
            Problem(
                code=mistake.code,
                severity=mistake.severity,
                team=self._name,
                file=path.relative_to(self._include.parent).as_posix(),
                line=line,
                column=column,
                field=field,
                value=mistake.value,
                message=mistake.message,
                remedy=mistake.remedy,
                entry=entry,
            )
        )
