"""Slack's limits on what a message may hold, as it reports them."""

import json
from typing import Any

from stationmaster.rehearsal.slack.world import SlackRefusal

BLOCKS_A_MESSAGE = 50
SECTION_CHARACTERS = 3000
FIELD_CHARACTERS = 2000
FIELDS_A_SECTION = 10
HEADER_CHARACTERS = 150
CONTEXT_ELEMENTS = 10
POSTED_CHARACTERS = 40_000
UPDATED_CHARACTERS = 4_000
METADATA_BYTES = 16_384

_KNOWN_BLOCKS = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "markdown", "rich_text", "section", "video"}
)


def checked_blocks(blocks: Any) -> list[dict[str, Any]] | None:
    """Return the blocks, or None where there are none (F64).

    Raises SlackRefusal invalid_blocks_format, or invalid_blocks with a message for each fault.
    """
    if blocks is None:
        return None
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackRefusal("invalid_blocks_format")
    faults = [f"no more than {BLOCKS_A_MESSAGE} items allowed [json-pointer:/blocks]"] * (
        len(blocks) > BLOCKS_A_MESSAGE
    )
    for index, block in enumerate(blocks):
        faults += [f"{fault} [json-pointer:/blocks/{index}{where}]" for where, fault in _faults(block)]
    if faults:
        raise SlackRefusal(
            "invalid_blocks", errors=faults, response_metadata={"messages": [f"[ERROR] {fault}" for fault in faults]}
        )
    return blocks


def checked_metadata(metadata: Any) -> dict[str, Any] | None:
    """Return message metadata, None where it is absent, {} where it is to be cleared. Raises SlackRefusal."""
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackRefusal("invalid_metadata_format")
    if not metadata:
        return {}
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackRefusal("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise SlackRefusal("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _faults(block: dict[str, Any]) -> list[tuple[str, str]]:
    kind = block.get("type")
    if kind not in _KNOWN_BLOCKS:
        return [("/type", f"unsupported type: {kind}")]
    if kind == "section":
        return _section_faults(block)
    if kind == "header":
        return _text_faults(block.get("text"), HEADER_CHARACTERS, "/text", kinds=("plain_text",))
    if kind == "context":
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= CONTEXT_ELEMENTS:
            return [("/elements", f"must have between 1 and {CONTEXT_ELEMENTS} items")]
    return []


def _section_faults(block: dict[str, Any]) -> list[tuple[str, str]]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        return [("", "missing required field: text or fields")]
    faults = [] if block.get("text") is None else _text_faults(block["text"], SECTION_CHARACTERS, "/text")
    if fields is None:
        return faults
    if not isinstance(fields, list) or not 1 <= len(fields) <= FIELDS_A_SECTION:
        return [*faults, ("/fields", f"must have between 1 and {FIELDS_A_SECTION} items")]
    for index, entry in enumerate(fields):
        faults += _text_faults(entry, FIELD_CHARACTERS, f"/fields/{index}")
    return faults


def _text_faults(
    text: Any, most: int, where: str, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> list[tuple[str, str]]:
    if not isinstance(text, dict) or text.get("type") not in kinds or not isinstance(text.get("text"), str):
        return [(where, "must be a valid text object")]
    if not text["text"]:
        return [(f"{where}/text", "must be more than 0 characters")]
    if len(text["text"]) > most:
        return [(f"{where}/text", f"must be less than {most + 1} characters")]
    return []
