"""Manifests and the names that people type."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.manifest import (
    InvalidRef,
    InvalidRepository,
    InvalidSha,
    Manifest,
    NotAboard,
    Passenger,
    valid_ref,
    valid_repository,
    valid_sha,
)

SHA = "0123456789abcdef0123456789abcdef01234567"
SHAS = st.text("0123456789abcdef", min_size=40, max_size=40)


def passenger(component: str, sha: str = SHA) -> Passenger:
    return Passenger(component=component, repository=f"acme/{component}", sha=sha)


@given(st.lists(st.tuples(st.integers(0, 9), SHAS), unique_by=lambda pair: pair[0], max_size=6), st.randoms())
def test_f06_equal_commits_give_an_equal_hash_in_any_order(pairs: list[tuple[int, str]], chance: object) -> None:
    aboard = [passenger(f"c{number}", sha) for number, sha in pairs]
    mixed = list(aboard)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert Manifest.of(mixed) == Manifest.of(aboard)
    assert Manifest.of(mixed).hash == Manifest.of(aboard).hash
    assert [one.component for one in Manifest.of(mixed).passengers] == sorted(one.component for one in aboard)
    assert Manifest.model_validate_json(Manifest.of(mixed).model_dump_json()) == Manifest.of(aboard)


@given(SHAS, SHAS)
def test_f06_another_commit_gives_another_hash(one: str, other: str) -> None:
    first, second = (Manifest.of([passenger("explorer", sha), passenger("portal")]) for sha in (one, other))
    assert (first.hash == second.hash) == (one == other)


def test_the_hash_is_that_of_the_canonical_json() -> None:
    text = f'{{"acme/explorer":"{SHA}","acme/portal":"{SHA}"}}'
    manifest = Manifest.of([passenger("portal"), passenger("explorer")])
    assert manifest.hash == hashlib.sha256(text.encode()).hexdigest()
    assert manifest.short == manifest.hash[:8]
    assert not manifest.empty
    assert manifest.sha_of("portal") == SHA
    with pytest.raises(NotAboard, match=r"'curation' is not aboard\. Aboard are: explorer, portal"):
        manifest.sha_of("curation")


def test_f25_an_empty_manifest_is_a_manifest() -> None:
    assert Manifest.of([]).empty
    assert Manifest.of([]).hash != Manifest.of([passenger("explorer")]).hash


def test_a_manifest_carries_one_commit_per_component_and_per_repository() -> None:
    with pytest.raises(ValidationError, match="more than once: explorer"):
        Manifest.of([passenger("explorer"), passenger("explorer")])
    one = Passenger(component="web", repository="acme/mono", sha=SHA)
    with pytest.raises(ValidationError, match="at two commits"):
        Manifest.of([one, Passenger(component="api", repository="Acme/Mono", sha="f" * 40)])
    assert Manifest.of([one, Passenger(component="api", repository="acme/mono", sha=SHA)]).sha_of("api") == SHA


@given(SHAS)
def test_a_full_sha_is_taken_as_it_is(sha: str) -> None:
    assert valid_sha(sha) == sha


@pytest.mark.parametrize(
    "value",
    [
        "",
        SHA[:39],
        SHA + "0",
        SHA[:7],
        SHA.upper(),
        SHA + "\n",
        " " + SHA[1:],
        SHA[:39] + "g",
        SHA[:39] + "٣",  # an Arabic digit
        SHA[:39] + "а",  # a Cyrillic a
        SHA[:39] + "３",  # a full-width digit
        SHA[:38] + ";#",
    ],
)
def test_f66_anything_but_forty_hexadecimal_digits_is_refused(value: str) -> None:
    with pytest.raises(InvalidSha, match="40 hexadecimal digits"):
        valid_sha(value)
    with pytest.raises(ValidationError, match="40 hexadecimal digits"):
        passenger("explorer", value)


@pytest.mark.parametrize(
    "value",
    [
        "main",
        "staging",
        "release/2026-W34",
        "v1.2.3",
        "dependabot/npm/@types/node-1",
        "a",
        "feature/x+y",
        "1.x",
        "x.locks",
    ],
)
def test_f66_ordinary_refs_are_taken_as_they_are(value: str) -> None:
    assert valid_ref(value) == value


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "main ", "ma in", "main\n", "a\tb", "a\x00b", "a\x7f"),
        *("a..b", "../main", "a/../b", "a//b", "/main", "main/", "main.", ".main", "a/.b"),
        *("-main", "--upload-pack=x", "@", "a@{1}", "main.lock", "a.lock/b"),
        *(
            "a;b",
            "a|b",
            "a&b",
            "$(id)",
            "`id`",
            "a'b",
            'a"b',
            "a\\b",
            "a~1",
            "a^",
            "a:b",
            "a?b",
            "a*",
            "[a",
            "a#b",
            "a%2e",
        ),
        *("mаin", "ｍain", "main\u200b", "main\u202e", "a" * 245),  # Cyrillic, full-width, unseen, too long
    ],
)
def test_f66_refs_that_could_mean_something_else_are_refused(value: str) -> None:
    with pytest.raises(InvalidRef, match="not a usable branch or tag name"):
        valid_ref(value)


@given(st.text("ab1._/@+=,-{;~ \n\u0430", max_size=12))
def test_f66_whatever_passes_as_a_ref_needs_no_quoting(text: str) -> None:
    try:
        valid_ref(text)
    except InvalidRef:
        return
    assert text.isascii()
    assert not set(text) & set(" \t\n;&|$`'\"\\<>(){}[]*?~^:#%!")
    assert not text.startswith(("-", "/", "."))
    assert ".." not in text


@pytest.mark.parametrize(
    "value",
    ["", "acme", "acme/", "/x", "acme/x/y", "acme/..", "acme/.", "-a/x", "acme/x y", "acme/x\n", "аcme/x", "a/x?y"],
)
def test_f66_what_is_no_repository_is_refused(value: str) -> None:
    with pytest.raises(InvalidRepository, match="owner/name"):
        valid_repository(value)


def test_f66_a_repository_is_taken_as_it_is() -> None:
    assert valid_repository("chanzuckerberg/single-cell-explorer") == "chanzuckerberg/single-cell-explorer"
    assert valid_repository("a/.github") == "a/.github"
