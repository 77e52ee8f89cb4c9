"""One entry of a file with many reads as it does in the whole file, and costs what it is, not what the others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.config import documents
from stationmaster.config.documents import DocumentBroken, Entries, read_document

SLUGS = st.text("abcdef-", min_size=1, max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-99, 99)
    | st.sampled_from(["", "text", "9:00", "a: b", "# no", "é", "x\ny"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SLUGS, inner, max_size=3), max_leaves=8
)
NOWHERE = Path("chores/team.yaml")


def _of(text: str, *names: str) -> dict[str, Any]:
    return read_document(NOWHERE, text, only=Entries("chores", names)).value


@given(
    held=st.fixed_dictionaries({"team": SLUGS, "chores": st.dictionaries(SLUGS, VALUES, min_size=1, max_size=5)}),
    before=st.booleans(),
    flow=st.sampled_from([True, False, None]),
    data=st.data(),
)
def test_an_entry_reads_as_it_does_among_all(held: dict[str, Any], before: bool, flow: bool | None, data: Any) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(held["chores"]))))
    if before:
        held = dict(reversed(held.items()))
    text = yaml.safe_dump(held, sort_keys=False, default_flow_style=flow, allow_unicode=True)
    whole = read_document(NOWHERE, text)
    some = read_document(NOWHERE, text, only=Entries("chores", names))
    expected = {name: value if name in names else None for name, value in whole.value["chores"].items()}
    assert some.value == {**whole.value, "chores": expected}
    for name in names:
        assert some.mark(("chores", name)) == whole.mark(("chores", name))


def test_only_what_is_wanted_becomes_values() -> None:
    """What 999 others hold costs their events alone: no node is made, no tag is looked for."""
    text = "team: t\nchores:\n" + "".join(f"  c{number}: {{a: 1, b: [1, 2, 3]}}\n" for number in range(1000))
    with patch.object(
        documents._EntriesComposer, "resolve", autospec=True, return_value="tag:yaml.org,2002:str"
    ) as made:
        _of(text, "c7")
    assert made.call_count == 1000 + 3 + 3 + 2 + 5  # the keys, the top, the mappings of c7, and its values


def test_an_alias_of_what_was_passed_over_is_found_all_the_same() -> None:
    text = "chores:\n  one: &same {title: A}\n  two: *same\n"
    assert _of(text, "two")["chores"]["two"] == {"title": "A"}


def test_an_alias_within_what_is_wanted_is_read() -> None:
    text = "team: &t ops\nchores:\n  one: {owner: *t}\n  two: {owner: *t}\n"
    assert _of(text, "two") == {"team": "ops", "chores": {"one": None, "two": {"owner": "ops"}}}


def test_a_field_of_the_same_name_further_down_is_no_mapping_of_entries() -> None:
    text = "other: {chores: {one: 1}}\nchores:\n  two: {chores: {one: 1}}\n"
    assert _of(text, "two") == {"other": {"chores": {"one": 1}}, "chores": {"two": {"chores": {"one": 1}}}}


@pytest.mark.parametrize("text", ["chores: [a, b]\n", "chores: a\n", "chores:\n", "team: a\n"])
def test_what_is_no_mapping_of_entries_reads_as_it_is(text: str) -> None:
    assert _of(text, "one") == read_document(NOWHERE, text).value


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("chores:\n  one: {a: 1\n  two: {}\n", "not_yaml", 3),
        ("chores:\n  one: {}\n two: {}\n", "not_yaml", 3),
        ("chores:\n  one: *nothing\n  two: *nothing\n", "not_yaml", 2),
        ("chores:\n  one: {}\n  two: {}\n  one: {}\n", "duplicate_key", 4),
        ("chores:\n  two: {a: 1, a: 2}\n", "duplicate_key", 2),
        ("chores:\n  two: {a: !!binary aGk=}\n", "yaml_tag", 2),
        ("chores: {two: {}}\n---\nchores: {}\n", "not_yaml", 2),
        ("- a\n", "not_a_mapping", 1),
        ("", "not_a_mapping", 1),
    ],
)
def test_a_file_that_is_broken_is_refused_as_the_whole_of_it_is(text: str, code: str, line: int) -> None:
    with pytest.raises(DocumentBroken) as whole:
        read_document(NOWHERE, text)
    with pytest.raises(DocumentBroken) as some:
        _of(text, "two")
    assert (some.value.code, some.value.mark) == (whole.value.code, whole.value.mark)
    assert (some.value.code, some.value.mark.line) == (code, line)


def test_what_another_entry_says_twice_holds_up_none_but_it() -> None:
    text = "chores:\n  one: {a: 1, a: 2}\n  two: {a: 1}\n"
    with pytest.raises(DocumentBroken, match="stands on line 2 already"):
        read_document(NOWHERE, text)
    assert _of(text, "two")["chores"]["two"] == {"a": 1}
