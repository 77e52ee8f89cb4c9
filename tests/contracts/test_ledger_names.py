"""Keys of effects and kinds of facts: a key that changes is an effect that is done twice (F69).

Two things are held. What the code can write, read from its source: no call is missed, and a star stands for what is
only known when it runs. And what it has written in the tests of all areas, by ``tests.contracts.evidence``: that shows
what the stars stand for, and the fields of facts and receipts.
"""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.contracts.evidence import seen
from tests.contracts.scan import Call, package
from tests.golden_files import assert_golden

RECIPES = ("stationmaster.ledger.effects", "stationmaster.ledger.facts")
"""Where the ledger itself makes a row of what it is given."""
PLACES = {
    "perform": (("key", 0),),
    "post": (("key", -1),),
    "record": (("kind", 1), ("departure_id", 0), ("subject", 2)),
    "record_once": (("kind", 1), ("departure_id", 0), ("subject", 2), ("key", -1)),
    "add_fact": (("kind", 2), ("departure_id", 1), ("subject", 3), ("once", -1)),
    "FactRow": (("kind", -1), ("departure", -1), ("subject", -1), ("once", -1)),
}
"""Where the arguments of the writing calls stand."""


def writes(*methods: str) -> list[tuple[Call, tuple[str, ...]]]:
    """What the package writes by some methods, outside the ledger itself."""
    found = []
    for call in package().calls():
        name = name_of(call)
        if name in methods and call.scope.module.name not in RECIPES and is_meant(call):
            found += [(call, texts) for texts in package().texts(call, *PLACES[name])]
    return found


def name_of(call: Call) -> str:
    return getattr(call.node.func, "attr", "") or getattr(call.node.func, "id", "")


def is_meant(call: Call) -> bool:
    """Whether the method is the ledger's, or Slack's."""
    if isinstance(call.node.func, ast.Name):
        return True
    if name_of(call) == "post":
        return call.given("key", -1) is not None
    return ast.unparse(call.node.func.value).endswith(("ledger", "facts"))


@cache
def keys() -> list[str]:
    return sorted({key for _, (key,) in writes("perform", "post")})


@cache
def facts() -> dict[str, list[str]]:
    """Of each kind: where it stands, what it is about, and what it is once of."""
    found: dict[str, set[str]] = {}
    for call, (kind, where, subject, *once) in writes("record", "record_once", "add_fact", "FactRow"):
        always = name_of(call) == "record" or (name_of(call) != "record_once" and not once[0])
        often = "" if always else " once" if once[0] in ("", f"{kind}/{subject}") else f" once {once[0]}"
        found.setdefault(kind, set()).add(f"{where} of {subject or 'the whole'}{often}")
    return {kind: sorted(lines) for kind, lines in found.items()}


def matches(template: str, text: str) -> bool:
    """Whether a text, with or without what stands for a name, may have been made by a template."""
    form = ".*".join(map(re.escape, template.split("*")))
    return re.fullmatch(re.sub(r"\d+", r"(\g<0>|<n>)", form), text, re.DOTALL) is not None


def test_f69_the_keys_of_effects_are_a_contract():
    templates = keys()
    missing = [each for each in templates if not any(matches(each, key) for key in keys_seen())]
    assert_golden("effect_keys", {"templates": templates, "never seen in a test": missing})


def keys_seen() -> list[str]:
    """The keys of ``seen.json``; a handoff is named by its rotation and its instant."""
    named = (each.partition(" → ")[0] for each in seen("effects"))
    return [each.replace("<handoff>", "<team>.<rotation>/<instant>") for each in named]


def test_every_key_that_a_test_has_seen_is_one_that_the_scan_finds():
    templates = [each for each in keys() if each != "*"]
    assert [each for each in keys_seen() if not any(matches(template, each) for template in templates)] == []


def test_f69_the_kinds_of_facts_are_a_contract():
    shown = {each.partition(" ")[0] for each in seen("facts")}
    missing = sorted(kind for kind in facts() if kind not in shown and "*" not in kind)
    assert_golden("facts", {"kinds": facts(), "never seen in a test": missing})


def test_every_kind_that_a_test_has_seen_is_one_that_the_scan_finds():
    kinds = {each.partition(" ")[0] for each in seen("facts")}
    assert [each for each in sorted(kinds) if not any(matches(kind, each) for kind in facts())] == []


@pytest.mark.parametrize(
    ("template", "text", "fits"),
    [
        ("*/tell/headline", "<departure>/tell/headline", True),
        ("*/tell/headline", "<departure>/tell/headlines", False),
        ("*/notes/*", "<departure>/notes/v1/x", True),
        ("a.b", "a-b", False),
        ("*/issue/1", "<departure>/issue/<n>", True),
        ("*/issue/1", "<departure>/issue/2", False),
    ],
)
def test_a_template_fits_what_it_makes_alone(template, text, fits):
    assert matches(template, text) is fits
