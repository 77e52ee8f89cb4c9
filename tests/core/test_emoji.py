"""F09: one emoji, whatever its tone and name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.emoji import canonical_emoji


@pytest.mark.parametrize(
    ("given_name", "canonical"),
    [
        ("+1", "+1"),
        ("thumbsup", "+1"),
        (":thumbsup:", "+1"),
        ("+1::skin-tone-3", "+1"),
        (":+1::skin-tone-6:", "+1"),
        ("👍🏽", "+1"),
        ("-1", "-1"),
        ("thumbsdown::skin-tone-2", "-1"),
        ("white_check_mark", "white_check_mark"),
        ("heavy_check_mark", "white_check_mark"),
        ("✔️", "white_check_mark"),
        ("hand::skin-tone-4", "raised_hand"),
        ("🛑", "octagonal_sign"),
        ("handshake::skin-tone-2-5", "handshake"),
        ("No_Entry", "no_entry"),
        ("our_own_ship", "our_own_ship"),
        ("", ""),
    ],
)
def test_f09_emoji_are_folded(given_name: str, canonical: str) -> None:
    assert canonical_emoji(given_name) == canonical


names = st.from_regex(r"[a-z0-9_+-]{1,12}", fullmatch=True)


@given(names, st.sampled_from(["", "::skin-tone-2", "::skin-tone-6"]))
def test_folding_is_idempotent_and_agrees_with_the_core(name: str, tone: str) -> None:
    once = canonical_emoji(name + tone)
    assert canonical_emoji(once) == once
    assert canonical_emoji(once) == once
    assert canonical_emoji(canonical_emoji(name + tone)) == once
