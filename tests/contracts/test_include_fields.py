"""The files under ``include/``: each field that a team may write, what it takes, and what it is by default (F69)."""

from __future__ import annotations

import json
from typing import Any

from stationmaster.config.schemas import MODELS
from tests.golden_files import assert_golden


def takes(schema: dict[str, Any]) -> str:
    """What a field takes, in short."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(sorted({takes(each) for each in schema[word]}))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "|".join(sorted(map(str, schema["enum"])))
    kind = schema.get("type", "anything")
    if kind == "array":
        places = schema.get("prefixItems")
        inner = ", ".join(map(takes, places)) if places else takes(schema.get("items", {}))
        return f"list of {inner}"
    if kind == "object":
        more = schema.get("additionalProperties")
        inner = schema.get("patternProperties") or {"": more if isinstance(more, dict) else {}}
        return " or ".join(sorted({f"map of {takes(each)}" for each in inner.values()}))
    limits = [f"{word} {schema[word]}" for word in LIMITS if word in schema]
    return f"{kind} ({', '.join(limits)})" if limits else str(kind)


LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "format")


def described(schema: dict[str, Any]) -> dict[str, str] | str:
    """The fields of a model; what another kind of type takes."""
    if "properties" not in schema:
        return takes(schema)
    required = schema.get("required", ())
    return {
        name: takes(field) + (" required" if name in required else "") + default(field)
        for name, field in schema["properties"].items()
    }


def default(field: dict[str, Any]) -> str:
    return f" = {json.dumps(field['default'], ensure_ascii=False)}" if "default" in field else ""


def test_f69_the_fields_of_every_file_are_a_contract():
    """A field is added with a default, and removed over two releases."""
    files: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for name, model in MODELS.items():
        schema = model.model_json_schema()
        for kind, its in schema.get("$defs", {}).items():
            assert kinds.setdefault(kind, described(its)) == described(its), f"two models are called {kind}"
        files[name] = described(schema)
    assert_golden("fields", {"files": files, "kinds": kinds})


def test_a_field_that_is_renamed_or_asks_for_more_would_be_seen():
    before = {"properties": {"day": {"type": "string", "default": "monday"}}, "required": []}
    for changed in (
        {"properties": {"weekday": {"type": "string", "default": "monday"}}, "required": []},
        {"properties": {"day": {"type": "string", "default": "friday"}}, "required": []},
        {"properties": {"day": {"type": "integer", "default": "monday"}}, "required": []},
        {"properties": {"day": {"type": "string"}}, "required": ["day"]},
    ):
        assert described(changed) != described(before)
