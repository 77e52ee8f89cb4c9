"""Slack's markup as Markdown: the entities undone, the rest escaped once (F65)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stationmaster.core import escaping
from stationmaster.rehearsal.slack.markup import EMOJI

_LOOPBACK = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?/")
_ANGLE = re.compile(r"<([^<>]+)>")
_MARKED = re.compile(r"`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|:([a-z0-9_+'-]+):")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def as_markdown(text: str, names: Mapping[str, str]) -> str:
    """Return the text of a message as one line of Markdown.

    :param names: Slack member id -> name; a mention of anybody else keeps its id.
    """
    return "<br>".join(_line(line, names) for line in text.split("\n"))


def as_text(text: str, names: Mapping[str, str]) -> str:
    """Return the text of a message as plain text: names for mentions, labels for links, no entities."""
    return _undo(_ANGLE.sub(lambda found: _shown(found.group(1), names), text))


def without_stand_ins(text: str) -> str:
    """Return a text with the addresses of stand-ins as paths: they are gone when somebody reads it."""
    return _LOOPBACK.sub("", text)


def without_notes(text: str) -> tuple[str, int]:
    """Return a message without the release notes under it, and how many lines of notes there were."""
    said, _, notes = text.partition("\n\n")
    return said, sum(line.startswith("• ") for line in notes.splitlines())


def _line(text: str, names: Mapping[str, str]) -> str:
    return _pieces(
        _ANGLE,
        text,
        lambda found: escaping.markdown(_shown(found.group(1), names)),
        lambda plain: _pieces(_MARKED, plain, _marked, lambda bare: _escaped(_undo(bare))),
    )


def _escaped(bare: str) -> str:
    """Return a piece of a line for Markdown, parted from its neighbours as it was."""
    if not bare.strip():
        return " " if bare else ""
    before, after = (" " if edge.isspace() else "" for edge in (bare[0], bare[-1]))
    return f"{before}{escaping.markdown(bare)}{after}"


def _pieces(
    pattern: re.Pattern[str], text: str, found: Callable[[re.Match[str]], str], between: Callable[[str], str]
) -> str:
    parts, position = [], 0
    for match in pattern.finditer(text):
        parts += [between(text[position : match.start()]), found(match)]
        position = match.end()
    return "".join([*parts, between(text[position:])])


def _marked(found: re.Match[str]) -> str:
    code, bold, emoji = found.groups()
    if code:
        return f"`{_undo(code)}`"
    if bold:
        return f"**{escaping.markdown(_undo(bold))}**"
    return EMOJI.get(emoji, escaping.markdown(f":{emoji}:"))


def _shown(inside: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return names.get(target[1:], target[1:])
    if target.startswith("#"):
        return f"#{label or names.get(target[1:], target[1:])}"
    return _undo(label or target)


def _undo(text: str) -> str:
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    return text
