"""What people write when they want a train to wait, or no longer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.hold_words import HoldRequest, hold_words


def wishes(text: str) -> list[tuple[str | None, int, bool]]:
    return [(found.where, found.number, found.wait) for found in hold_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wait for #12", [(None, 12, True)]),
        ("Please wait for #12 and explorer#13!", [(None, 12, True), ("explorer", 13, True)]),
        ("hold: chanzuckerberg/single-cell-explorer#7", [("chanzuckerberg/single-cell-explorer", 7, True)]),
        ("could we wait for <https://github.com/o/r/pull/44|this>?", [("o/r", 44, True)]),
        ("<https://github.com/o/r/pull/44|#44> - please hold", [("o/r", 44, True), (None, 44, True)]),
        ("#12 is nearly done, please wait", [(None, 12, True)]),
        ("`wait for #12`", [(None, 12, True)]),
        ("go without #12", [(None, 12, False)]),
        ("Go ahead without #12 and #13", [(None, 12, False), (None, 13, False)]),
        ("don't wait for #12", [(None, 12, False)]),
        ("don’t wait for #12", [(None, 12, False)]),
        ("no need to wait for #12", [(None, 12, False)]),
        ("we no longer need to hold for #12", [(None, 12, False)]),
        ("#12 can follow, never mind", [(None, 12, False)]),
        ("don't wait for #12, but wait for #13", [(None, 12, False), (None, 13, True)]),
        ("wait for #13; go without #12", [(None, 13, True), (None, 12, False)]),
    ],
)
def test_c19_wishes_are_read_from_what_people_write(text, expected):
    """C-19."""
    assert wishes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "wait for #12, it must go out with this release",
        "I'd like to board #12, so please wait",
        "wait for #12 before we go",
        "can't wait for #12",
    ],
)
def test_in_doubt_the_train_waits(text):
    """A wish that mentions going or a release is no permission to go."""
    assert wishes(text) == [(None, 12, True)]


@pytest.mark.parametrize(
    "text",
    [
        "nothing from me",
        "see #12",
        "wait for the coffee",
        "we waited long for nothing in 12",
        "hold &amp;#39;",
        "&gt; wait for #12\nno, I do not think so",
        "wait for #0",
        "wait for issue12#",
        "<#C0244PQK934|single-cell-ops> wait",
        "wait for #12345678",
    ],
)
def test_what_names_no_pull_request_or_says_no_word_asks_for_nothing(text):
    assert hold_words(text) == ()


def test_a_wish_said_twice_is_one():
    assert hold_words("wait for #12, really, wait for #12") == (HoldRequest(where=None, number=12, wait=True),)


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    for found in hold_words(text):
        assert 0 < found.number < 10**7


@given(st.integers(1, 9_999_999), st.sampled_from(["", "explorer", "o/r"]))
def test_a_plain_wish_and_its_withdrawal_are_each_others_opposite(number, where):
    name = f"{where}#{number}"
    assert wishes(f"wait for {name}") == [(where or None, number, True)]
    assert wishes(f"go without {name}") == [(where or None, number, False)]
