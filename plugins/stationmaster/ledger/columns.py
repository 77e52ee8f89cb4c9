"""Column types that mean the same on SQLite and on PostgreSQL, and the one spelling of JSON that hashes rely on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from stationmaster.ledger.errors import ValueNotStorable


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    :raises ValueNotStorable: the instant names no zone.
    """
    if instant.tzinfo is None:
        raise ValueNotStorable(f"{instant!r} names no zone: the ledger stores aware instants only")
    return instant.astimezone(UTC)


def canonical(value: Mapping[str, Any]) -> str:
    """Return ``value`` as JSON with sorted keys, no spaces and nothing but ASCII: equal values, equal text.

    :raises ValueNotStorable: it holds something that JSON cannot.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueNotStorable(
            f"{value!r} cannot be kept as JSON: {error}. Pass strings, numbers, lists, dicts."
        ) from error


def prose(text: str) -> str:
    """Return ``text`` without what PostgreSQL cannot hold: NUL becomes U+FFFD, a lone surrogate a question mark."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Instant(TypeDecorator[datetime]):
    """An aware instant, in UTC on both sides. SQLite keeps no zone, so that one is taken off and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return utc(value).replace(tzinfo=None) if dialect.name == "sqlite" else utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Prose(TypeDecorator[str]):
    """Text that people or other systems wrote, made storable by :func:`prose`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else prose(value)


class Document(TypeDecorator[dict[str, Any]]):
    """A JSON object, refused with a clear error when it is none."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        return None if value is None else json.loads(canonical(value))
