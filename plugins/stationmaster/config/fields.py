"""The scalar types of ``include/``: a wall time, a duration, a zone, ids and accounts.

Each refuses what it cannot read with a sentence that says what to write instead.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from stationmaster.config.base import refusal
from stationmaster.core import escaping
from stationmaster.core.emoji import canonical_emoji
from stationmaster.core.instants import UnknownZone, Weekday, zone_of
from stationmaster.core.manifest import InvalidRepository, valid_repository

_WALL = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_EMOJI = re.compile(r"[a-z0-9+_'-]{1,100}")
_WALL_PATTERN = r"^([01]?\d|2[0-3]):[0-5]\d$"
_DURATION_PATTERN = r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"


def wall_time(value: Any) -> time:
    """Return the time of day that a file says; refuse everything else."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    match = _WALL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refusal("not_a_time", f"{value!r} is not a time of day", 'Write hours and minutes in quotes, as "09:00".')
    return time(int(match[1]), int(match[2]))


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise refusal(
            "not_a_duration",
            f"{value!r} is not a duration",
            "Write a number with a unit, such as 90s, 30m, 2h, 1d or 1h30m.",
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _positive_duration(value: Any) -> timedelta:
    duration = _duration(value)
    if duration <= timedelta(0):
        raise refusal("not_a_duration", f"{value!r} is no time at all", "Write a duration above zero, such as 30m.")
    return duration


def in_words(duration: timedelta) -> str:
    """Return ``duration`` (whole seconds) as it is written in a file: ``1h30m``; zero is ``0s``."""
    days, rest = duration.days, duration.seconds
    parts = ((days, "d"), (rest // 3600, "h"), (rest % 3600 // 60, "m"), (rest % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def _wall_text(value: time) -> str:
    return f"{value:%H:%M}"


def _zone(value: Any) -> str:
    remedy = "Write the name of a zone of the IANA database, such as America/Los_Angeles."
    if not isinstance(value, str) or ("/" not in value and value != "UTC"):
        # "PST" and its like are fixed offsets: a rotation would drift by an hour twice a year (C-02).
        raise refusal("unknown_zone", f"{value!r} is not a time zone", remedy)
    try:
        return zone_of(value).key
    except UnknownZone as error:
        raise refusal("unknown_zone", f"{value!r} is not a time zone", remedy) from error


def _weekday(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in set(Weekday):
        return Weekday(value.lower())
    raise refusal("not_a_weekday", f"{value!r} is not a weekday", "Use one of monday … sunday.")


def _repository(value: Any) -> str:
    try:
        return valid_repository(str(value))
    except InvalidRepository as error:
        remedy = "Write owner/name, as in chanzuckerberg/single-cell-explorer."
        raise refusal("not_a_repository", f"{value!r} is not a repository", remedy) from error


def _emoji(value: Any) -> str:
    text = "-1" if type(value) is int and value == -1 else value  # without quotes YAML reads a number
    name = canonical_emoji(text) if isinstance(text, str) else ""
    if not _EMOJI.fullmatch(name):
        remedy = 'Write it in quotes as Slack does, such as "white_check_mark".'
        raise refusal("not_an_emoji", f"{value!r} is not the name of an emoji", remedy)
    return name


def _matching(pattern: str, code: str, what: str, remedy: str) -> tuple[BeforeValidator, WithJsonSchema]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise refusal(code, f"{value!r} is not {what}", remedy)
        return value

    return BeforeValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _one_line(value: str) -> str:
    line = escaping.one_line(value)
    if not line:
        raise refusal("nothing_to_see", "it shows nothing", "Write it in signs that can be seen.")
    return line


WallTime = Annotated[
    time,
    BeforeValidator(wall_time),
    PlainSerializer(_wall_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _WALL_PATTERN, "examples": ["09:00"]}),
]
"""A naive local time of day; the zone stands beside it. ``9:00`` without quotes is read as 09:00."""

Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(in_words, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "minLength": 2, "pattern": _DURATION_PATTERN, "examples": ["30m", "2h", "1d"]}),
]
"""An elapsed time of whole seconds: ``30m``, ``2h``, ``1d``."""

PositiveDuration = Annotated[
    timedelta,
    BeforeValidator(_positive_duration),
    PlainSerializer(in_words, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "minLength": 2, "pattern": _DURATION_PATTERN, "examples": ["30m", "2h", "1d"]}),
]
"""A duration above zero."""

ZoneName = Annotated[
    str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "examples": ["America/Los_Angeles", "UTC"]})
]
"""A zone of the IANA database; abbreviations such as ``PST`` are refused."""

Day = Annotated[
    Weekday,
    BeforeValidator(_weekday),
    WithJsonSchema({"type": "string", "enum": [day.value for day in Weekday]}),
]
"""A weekday by its English name."""

Slug = Annotated[
    str,
    *_matching(
        r"[a-z][a-z0-9_-]{0,62}",
        "not_an_id",
        "an id",
        "Use lower-case letters, digits, - and _, beginning with a letter.",
    ),
]
"""An id: lower-case ASCII, stable, fit for a DAG id."""

SlackUser = Annotated[
    str,
    *_matching(
        r"[UW][A-Z0-9]{6,20}",
        "not_a_slack_user",
        "a Slack member id",
        "Copy it from the member's profile in Slack: it looks like U0123ABCD.",
    ),
]

SlackChannel = Annotated[
    str,
    *_matching(
        r"[CG][A-Z0-9]{6,20}",
        "not_a_slack_channel",
        "a Slack channel id",
        "Copy it from the channel's details in Slack: it looks like C0123ABCD.",
    ),
]

SlackGroup = Annotated[
    str,
    *_matching(
        r"S[A-Z0-9]{6,20}",
        "not_a_slack_group",
        "a Slack user group id",
        "Copy it from the group's address in Slack: it looks like S0123ABCD.",
    ),
]

GitHubLogin = Annotated[
    str,
    *_matching(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}",
        "not_a_github_login",
        "a GitHub login",
        "Write it as it stands in the address of the profile, without @.",
    ),
]

RepositoryName = Annotated[
    str, BeforeValidator(_repository), WithJsonSchema({"type": "string", "pattern": "^[^/ ]+/[^/ ]+$"})
]
"""``owner/name``."""

Emoji = Annotated[
    str, BeforeValidator(_emoji), WithJsonSchema({"type": "string", "examples": ["white_check_mark", "+1"]})
]
"""An emoji by its first name: ``thumbsup`` is read as ``+1``."""

Text = Annotated[str, StringConstraints(min_length=1, strict=True, strip_whitespace=True)]
"""A text that is not empty."""

Line = Annotated[Text, AfterValidator(_one_line)]
"""A title or a name: on one line, whatever line breaks and unseen signs it is written with (S5)."""

Count = Annotated[int, Field(ge=0, strict=True)]
Positive = Annotated[int, Field(ge=1, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
