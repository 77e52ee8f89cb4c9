"""The names of departures: the train's own, one a week, and what leaves beside it (F28, F38, D-13 … D-15)."""

from __future__ import annotations

import re
from enum import StrEnum

from stationmaster.core.instants import InvalidIsoWeek, IsoWeek
from stationmaster.core.value import Value

_ID = re.compile(r"(?P<train>[^/]+)/(?P<week>\d{4}-W\d{2})(?:\.(?P<kind>[a-z-]+)-(?P<number>[1-9]\d*))?")


class DepartureKind(StrEnum):
    """What a departure is: the train of its week, or something that leaves beside it, started by a person."""

    TRAIN = "train"
    HOTFIX = "hotfix"
    """Onto production at once, on top of what runs there (D-14)."""
    SECURITY_HOTFIX = "security-hotfix"
    """The same, without a public word until it is disclosed (D-15)."""
    FEATURE_BUILD = "feature-build"
    """A named variant of a departure, with more commits; never onto production (D-13)."""

    @property
    def is_hotfix(self) -> bool:
        """Whether it goes past the train onto production."""
        return self in (DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX)

    @property
    def words(self) -> str:
        """What people call it."""
        return self.value.replace("-", " ")


class InvalidDepartureId(ValueError):
    """A text that names no departure."""

    def __init__(self, value: str) -> None:
        """Keep the text."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Name the value and the way out."""
        return (
            f"{self.value[:80]!r} is not a departure. Write it as team.train/2026-W34, or "
            "team.train/2026-W34.hotfix-1 for what left beside the train."
        )


class DepartureId(Value):
    """``cellxgene.weekly/2026-W34``, or ``cellxgene.weekly/2026-W34.hotfix-1``; the week is the train's own (F28).

    :param number: 0 for the train itself; else 1, 2 … within train, week and kind.
    """

    train: str
    week: IsoWeek
    kind: DepartureKind = DepartureKind.TRAIN
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> DepartureId:
        """Return what an id names.

        :raises InvalidDepartureId: it names nothing.
        """
        found = _ID.fullmatch(text)
        if found is None:
            raise InvalidDepartureId(text)
        try:
            week = IsoWeek.parse(found["week"])
            kind = DepartureKind(found["kind"]) if found["kind"] else DepartureKind.TRAIN
        except (InvalidIsoWeek, ValueError):
            raise InvalidDepartureId(text) from None
        if found["kind"] and kind is DepartureKind.TRAIN:
            raise InvalidDepartureId(text)
        return cls(train=found["train"], week=week, kind=kind, number=int(found["number"] or 0))

    def __str__(self) -> str:
        """Return the id."""
        beside = "" if self.kind is DepartureKind.TRAIN else f".{self.kind}-{self.number}"
        return f"{self.train}/{self.week}{beside}"


def week_of(departure: str) -> IsoWeek:
    """Return the week of a departure's id.

    :raises InvalidDepartureId: it is none.
    """
    return DepartureId.parse(departure).week


def kind_of(departure: str) -> DepartureKind:
    """Return what a departure is, by its id.

    :raises InvalidDepartureId: it is none.
    """
    return DepartureId.parse(departure).kind
