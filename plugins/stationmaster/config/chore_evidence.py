"""What shows that a chore was done, as a team writes it: by ``kind`` a link, a file, a number, or a ticked list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Line, RepositoryName, Slug, Text
from stationmaster.core.evidence import Evidence, link_of, number_of, path_of, ticks_of

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)
_GITHUB = "https://github.com"


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise refusal("not_a_host", f"{value!r} is not the name of a host", "Write it as in grafana.example.org.")
    return value


def _folder(value: str) -> str:
    if not _FOLDER.fullmatch(value):
        raise refusal("not_a_folder", f"{value!r} is not a folder", "Write it as in research/incident_reports.")
    return value


Host = Annotated[Text, AfterValidator(_host)]
Folder = Annotated[Text, AfterValidator(_folder)]


class _Wanted(ConfigModel):
    """What every piece of evidence has: an id that stays, and what the form calls it."""

    id: Slug = Field(description="Stands in the ledger: it stays")
    title: Line = Field(description="What the form calls it")


class LinkWanted(_Wanted):
    """An https address, such as that of a workflow's run or of a dashboard at that time."""

    kind: Literal["link"]
    hosts: tuple[Host, ...] = Field(default=(), description="Only these hosts count, with those below; none means any")

    def read(self, form: Mapping[str, Any], _: Mapping[str, str]) -> Evidence:
        """Return the evidence that a form gives; the items of the runbook are for lists.

        :raises EvidenceRefused: it gives none.
        """
        found = link_of(form.get(self.id), self.hosts)
        return Evidence(self.id, self.kind, found, found)


class FileWanted(_Wanted):
    """A file that was written into a repository, such as a report."""

    kind: Literal["file"]
    repository: RepositoryName
    under: Folder | None = Field(default=None, description="The folder in which it must lie; none means anywhere")

    def read(self, form: Mapping[str, Any], _: Mapping[str, str]) -> Evidence:
        """Return the evidence that a form gives; raises as :meth:`LinkWanted.read` does."""
        path = path_of(form.get(self.id), repository=self.repository, under=self.under or "")
        return Evidence(self.id, self.kind, path, f"{_GITHUB}/{self.repository}/blob/HEAD/{path}")


class NumberWanted(_Wanted):
    """A number within bounds, such as the per cent of a disk in use."""

    kind: Literal["number"]
    at_least: float | None = Field(default=None, description="Below it the chore is not done")
    at_most: float | None = Field(default=None, description="Above it the chore is not done")
    unit: Text | None = Field(default=None, description="Such as %, GB or minutes")

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise refusal(
                "bounds_crossed",
                f"no number is at least {self.at_least:g} and at most {self.at_most:g}",
                "Write the lower bound as at_least.",
                field="at_least",
            )
        return self

    def read(self, form: Mapping[str, Any], _: Mapping[str, str]) -> Evidence:
        """Return the evidence that a form gives; raises as :meth:`LinkWanted.read` does."""
        found = number_of(form.get(self.id), at_least=self.at_least, at_most=self.at_most, unit=self.unit or "")
        return Evidence(self.id, self.kind, f"{found:g} {self.unit or ''}".strip())


class ListWanted(_Wanted):
    """The steps of the chore's runbook, each ticked."""

    kind: Literal["checklist"]

    def read(self, form: Mapping[str, Any], items: Mapping[str, str]) -> Evidence:
        """Return the evidence that a form gives; raises as :meth:`LinkWanted.read` does."""
        return Evidence(self.id, self.kind, f"all {ticks_of(form, items)} ticked")


Wanted = Annotated[LinkWanted | FileWanted | NumberWanted | ListWanted, Field(discriminator="kind")]
"""One piece of evidence, by ``kind``."""
