"""Builds Slack blocks that stay within Slack's limits, whatever text they are given (F64).

Texts are in Slack's markup already: what came from outside has gone through `core.escaping.slack` (F65).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Block = dict[str, Any]

BLOCKS_A_MESSAGE = 50
SECTION_CHARACTERS = 3000
CONTEXT_CHARACTERS = 2000
POSTED_CHARACTERS = 40_000
UPDATED_CHARACTERS = 4_000
SHORTENED = "… (shortened)"


def clip(text: str, limit: int, *, note: str = SHORTENED) -> str:
    """Return the text with at most `limit` characters; what is cut off is replaced by `note`.

    The cut falls between lines or words, and never inside `&amp;` or `<https://…|…>`, which would spill markup.
    """
    if len(text) <= limit:
        return text
    if limit <= len(note):
        return note[:limit]
    return _head(text, limit - len(note)).rstrip() + note


def context(text: str) -> Block:
    """Return a line of small print."""
    return {"type": "context", "elements": [_mrkdwn(clip(text, CONTEXT_CHARACTERS) or "—")]}


def fit(blocks: Iterable[Mapping[str, Any]]) -> list[Block]:
    """Return blocks that one message can hold: long sections are split, too many blocks end in a note."""
    fitting: list[Block] = []
    for block in blocks:
        fitting += _fitting(block)
    if len(fitting) <= BLOCKS_A_MESSAGE:
        return fitting
    kept = fitting[: BLOCKS_A_MESSAGE - 1]
    return [*kept, context(f"… and {len(fitting) - len(kept)} more parts, which one message cannot hold.")]


def _mrkdwn(text: str) -> Block:
    """Return a text object in which Slack makes no links of its own (S5)."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _fitting(block: Mapping[str, Any]) -> Sequence[Block]:
    text = block.get("text")
    if block.get("type") != "section" or not isinstance(text, Mapping):
        return (dict(block),)
    if len(str(text.get("text", ""))) <= SECTION_CHARACTERS:
        return (dict(block),)
    first, *others = _split(str(text["text"]))
    return (
        {**block, "text": {**text, "text": first}},
        *({"type": "section", "text": {**text, "text": part}} for part in others),
    )


def _split(text: str) -> list[str]:
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > SECTION_CHARACTERS:
        part = _head(rest, SECTION_CHARACTERS)
        parts.append(part.rstrip())
        rest = rest[len(part) :].strip()
    return [part for part in [*parts, rest] if part]


def _head(text: str, limit: int) -> str:
    head = text[:limit]
    for boundary in ("\n", " "):
        position = head.rfind(boundary)
        if position >= limit // 2:
            head = head[:position]
            break
    opened = head.rfind("<")
    if opened > head.rfind(">"):
        head = head[:opened]
    entity = head.rfind("&", max(0, len(head) - 5))
    if entity >= 0 and ";" not in head[entity:]:
        head = head[:entity]
    return head or text[:limit]
