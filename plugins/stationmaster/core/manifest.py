"""What is aboard a departure: one commit per repository, and the hash that ballots are bound to.

Names and shas that a person typed are checked here before they reach a URL, a ref or a workflow input (F66).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from stationmaster.core.naming import short
from stationmaster.core.value import Value

_SHA = re.compile(r"[0-9a-f]{40}")
_REF = re.compile(r"[A-Za-z0-9._/@+=,-]{1,244}")
# What git-check-ref-format refuses among these signs, and a leading "-", which a command would take for an option.
_NO_REF = re.compile(r"^[-/]|^@$|^\.|/\.|\.\.|//|\.lock(?:/|$)|[/.]$")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_SHOWN = 80


class InvalidSha(ValueError):
    """The text is not a full commit sha."""

    def __init__(self, value: str) -> None:
        """Keep the text."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return (
            f"{self.value[:_SHOWN]!r} ({len(self.value)} characters) is not a commit sha. "
            "Give all 40 hexadecimal digits, in lower case."
        )


class InvalidRef(ValueError):
    """The text is not the name of a branch or a tag that is safe to pass on."""

    def __init__(self, value: str) -> None:
        """Keep the text."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return (
            f"{self.value[:_SHOWN]!r} is not a usable branch or tag name. Use ASCII letters, digits and ._/@+=,- "
            "without '..', '//', a leading '-', '/' or '.', a trailing '/' or '.', or a part that ends in '.lock'."
        )


class InvalidRepository(ValueError):
    """The text is not ``owner/name``."""

    def __init__(self, value: str) -> None:
        """Keep the text."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return f"{self.value[:_SHOWN]!r} is not a repository. Write it as owner/name."


class NotAboard(LookupError):
    """The manifest does not carry the component."""

    def __init__(self, component: str, aboard: tuple[str, ...]) -> None:
        """Keep the component and those that are aboard."""
        super().__init__(component, aboard)
        self.component, self.aboard = component, aboard

    def __str__(self) -> str:
        """Name the component and those that are aboard."""
        return f"{self.component!r} is not aboard. Aboard are: {', '.join(self.aboard) or 'none'}."


def valid_sha(value: str) -> str:
    """Return the sha, unchanged.

    :raises InvalidSha: it is anything but 40 lower-case hexadecimal ASCII digits (F66).
    """
    if not _SHA.fullmatch(value):
        raise InvalidSha(value)
    return value


def valid_ref(value: str) -> str:
    """Return the name of a branch or a tag, unchanged.

    Stricter than git: only signs that need no quoting in a URL path's segments or a shell (F66).

    :raises InvalidRef: it is anything else.
    """
    if not _REF.fullmatch(value) or _NO_REF.search(value):
        raise InvalidRef(value)
    return value


def valid_repository(value: str) -> str:
    """Return ``owner/name``, unchanged.

    :raises InvalidRepository: it is anything else (F66).
    """
    if not _REPOSITORY.fullmatch(value):
        raise InvalidRepository(value)
    return value


Sha = Annotated[str, AfterValidator(valid_sha)]
"""A field that holds a full commit sha."""
Ref = Annotated[str, AfterValidator(valid_ref)]
"""A field that holds the name of a branch or a tag."""
Repository = Annotated[str, AfterValidator(valid_repository)]
"""A field that holds ``owner/name``."""


class Passenger(Value):
    """One component's commit aboard a departure."""

    component: str = Field(min_length=1)
    repository: Repository
    sha: Sha


class Manifest(Value):
    """The commits aboard a departure, sorted by component. Equal commits give an equal hash, in whatever order."""

    passengers: tuple[Passenger, ...] = ()

    @classmethod
    def of(cls, passengers: Iterable[Passenger]) -> Manifest:
        """Return the manifest of these passengers."""
        return cls(passengers=tuple(passengers))

    @property
    def repositories(self) -> dict[str, str]:
        """The commits by repository."""
        return {passenger.repository: passenger.sha for passenger in self.passengers}

    @property
    def hash(self) -> str:
        """The sha256, in hex, of the canonical JSON of :attr:`repositories` (F06)."""
        text = json.dumps(self.repositories, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def short(self) -> str:
        """The first eight digits of the hash, for people."""
        return short(self.hash)

    @property
    def empty(self) -> bool:
        """Whether nothing is aboard (F25)."""
        return not self.passengers

    def sha_of(self, component: str) -> str:
        """Return the commit of a component.

        :raises NotAboard: the manifest does not carry it.
        """
        for passenger in self.passengers:
            if passenger.component == component:
                return passenger.sha
        raise NotAboard(component, tuple(passenger.component for passenger in self.passengers))

    @field_validator("passengers")
    @classmethod
    def _sorted(cls, passengers: tuple[Passenger, ...]) -> tuple[Passenger, ...]:
        return tuple(sorted(passengers, key=lambda passenger: passenger.component))

    @model_validator(mode="after")
    def _agrees(self) -> Manifest:
        components = [passenger.component for passenger in self.passengers]
        twice = sorted({component for component in components if components.count(component) > 1})
        if twice:
            raise ValueError(f"components stand in the manifest more than once: {', '.join(twice)}")
        shas: dict[str, str] = {}
        for passenger in self.passengers:
            if shas.setdefault(passenger.repository.lower(), passenger.sha) != passenger.sha:
                raise ValueError(
                    f"{passenger.repository} is aboard at two commits: a manifest carries one per repository"
                )
        return self
