"""pydantic's errors as sentences: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stationmaster.config.documents import Loc
from stationmaster.config.problems import Severity


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in one of a team's files, before its line is known.

    ``source`` is ``team``, ``rotations`` or a train's id with ``train:`` before it; ``at_key`` points at the name of a
    field rather than at its value. Without a ``value`` the one that the file holds at ``loc`` is shown.
    """

    code: str
    loc: Loc
    message: str
    remedy: str
    value: str = ""
    at_key: bool = False
    source: str = ""
    severity: Severity = "error"


_LISTED = 24
"""So many known words a person looks through."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` when a known word is close, else the known ones, or the first of many."""
    from difflib import get_close_matches

    words = sorted(known)
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = f", and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return f"Use one of {', '.join(words[:_LISTED])}{more}." if words else "There are none yet: add it first."


def mistakes(model: type[BaseModel], error: ValidationError) -> list[Mistake]:
    """Return the mistakes that pydantic found in a value meant for ``model``, in the order of the file's fields."""
    return [_mistake(model, details) for details in error.errors(include_url=False)]


def _mistake(model: type[BaseModel], details: ErrorDetails) -> Mistake:
    kind, context = details["type"], details.get("ctx", {})
    loc, inside = _place(model, tuple(part for part in details["loc"] if part != "[key]"))
    value = details["input"]
    if kind == "refused":
        field: Loc = tuple(int(part) if part.isdigit() else part for part in context["field"].split(".") if part)
        return Mistake(context["code"], (*loc, *field), context["message"], context["remedy"])
    if kind == "missing":
        return Mistake("missing_field", loc, "the field is missing", f"Add {loc[-1]}.")
    if kind == "extra_forbidden":
        name = str(loc[-1])
        remedy = did_you_mean(name, _fields(inside))
        return Mistake("unknown_field", loc, f"there is no field {name!r} here", remedy, name, at_key=True)
    message, remedy = _SENTENCES.get(kind, _as_pydantic_says)(value, {**context, "msg": details["msg"]})
    return Mistake(_CODES.get(kind, kind), loc, message, remedy)


def _place(model: type[BaseModel], loc: Loc) -> tuple[Loc, type[BaseModel]]:
    """Return ``loc`` as the file has it, and the model that stands there.

    Where a field takes one of several kinds, pydantic puts the kind in between.
    """
    candidates, kept = [model], []
    for part in loc:
        chosen = [each for each in candidates if part in _kinds(each)] if len(candidates) > 1 else []
        if chosen:
            candidates = chosen
            continue
        kept.append(part)
        field = next((each.model_fields[str(part)] for each in candidates if str(part) in each.model_fields), None)
        if field is not None:
            candidates = _models_inside(field.annotation) or candidates
    return tuple(kept), candidates[0]


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    kind = model.model_fields.get("kind")
    return tuple(getattr(kind.annotation, "__args__", ())) if kind is not None else ()


def _fields(model: type[BaseModel]) -> list[str]:
    return [name for name in model.model_fields if name != "id" or model.model_fields["id"].is_required()]


def _models_inside(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation such as ``dict[str, Model]``, ``Model | None`` or a union of kinds holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in getattr(annotation, "__args__", ()) for found in _models_inside(inner)]


Sentence = Callable[[Any, Mapping[str, Any]], tuple[str, str]]


def _as_pydantic_says(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    text = str(context["msg"])
    return f"{value!r} is refused: {text[:1].lower()}{text[1:]}", "Correct the value."


def _choice(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    expected = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
    return f"{value!r} is not one of the choices", did_you_mean(str(value), expected)


def _text(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(value, bool):
        return f"YAML reads this word as {str(value).lower()}, not as a text", "Put it in quotes."
    if isinstance(value, int | float):
        return f"{value!r} is a number, not a text", f'Put it in quotes: "{value}".'
    return "a text is needed here", "Write it on one line, in quotes."


def _whole_number(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{value!r} is not a whole number", "Write digits without quotes, such as 3."


def _too_small(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{value!r} is too small", f"Write {context['ge']} or more."


def _too_large(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{value!r} is too large", f"Write {context['le']} or less."


def _too_short(_: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return "this is empty", f"Write at least {context.get('min_length', 1)}."


def _flag(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{value!r} is neither true nor false", "Write true or false, without quotes."


def _list(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"a list is needed here, not {_kind(value)}", "Write one item a line, each after a dash."


def _mapping(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"fields are needed here, not {_kind(value)}", "Write one field a line, as name: value."


def _date(value: Any, _: Mapping[str, Any]) -> tuple[str, str]:
    return f"{value!r} is not a date", "Write year, month and day, as in 2021-10-04."


def _pattern(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{value!r} does not have the right form", f"It must match {context['pattern']}."


def _no_kind(_: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    expected = str(context["expected_tags"]).replace("'", "").split(", ")
    return f"kind: {context['tag']!r} is not one of the kinds", did_you_mean(str(context["tag"]), expected)


def _kind_missing(_: Any, __: Mapping[str, Any]) -> tuple[str, str]:
    return "nothing says of which kind this is", "Add kind; docs/CONFIGURATION.md lists the kinds."


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return {dict: "fields", list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number")


_SENTENCES: dict[str, Sentence] = {
    "literal_error": _choice,
    "enum": _choice,
    "string_type": _text,
    "string_too_short": _too_short,
    "too_short": _too_short,
    "string_pattern_mismatch": _pattern,
    "int_type": _whole_number,
    "int_from_float": _whole_number,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "bool_type": _flag,
    "tuple_type": _list,
    "list_type": _list,
    "dict_type": _mapping,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "date_type": _date,
    "date_parsing": _date,
    "date_from_datetime_parsing": _date,
    "date_from_datetime_inexact": _date,
    "union_tag_invalid": _no_kind,
    "union_tag_not_found": _kind_missing,
}

_CODES: dict[str, str] = {
    "literal_error": "not_a_choice",
    "enum": "not_a_choice",
    "string_type": "not_a_text",
    "string_too_short": "empty",
    "too_short": "empty",
    "string_pattern_mismatch": "wrong_form",
    "int_type": "not_a_number",
    "int_from_float": "not_a_number",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "bool_type": "not_a_flag",
    "tuple_type": "not_a_list",
    "list_type": "not_a_list",
    "dict_type": "not_a_mapping",
    "model_type": "not_a_mapping",
    "model_attributes_type": "not_a_mapping",
    "date_type": "not_a_date",
    "date_parsing": "not_a_date",
    "date_from_datetime_parsing": "not_a_date",
    "date_from_datetime_inexact": "not_a_date",
    "union_tag_invalid": "not_a_choice",
    "union_tag_not_found": "missing_field",
}
