"""F64: whatever the text, the blocks are ones that Slack takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.escaping import slack
from stationmaster.hooks.chat_blocks import clip, context, fit
from stationmaster.rehearsal.slack.rate_limits import checked_blocks

DIVIDER = {"type": "divider"}
MARKUP = st.text(alphabet="ab &;<>|\n@é\U0001f682", max_size=400).map(lambda text: slack(text) * 12)


@given(MARKUP, st.integers(min_value=0, max_value=6000))
def test_f64_a_clipped_text_is_short_enough_and_starts_as_it_did(text: str, limit: int) -> None:
    cut = clip(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("… (shortened)"[: max(0, limit)])
    assert len(text) > limit or cut == text


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("aaaa &amp; bbbb", 20, "aaaa &amp; bbbb"),
        ("x" * 14 + "&amp;" + "y" * 20, 30, "x" * 14),
        ("x" * 14 + "<https://e.org|link>" + "y" * 20, 30, "x" * 14),
        ("first line\nsecond line\nthird line", 30, "first line"),
    ],
)
def test_f65_a_cut_never_falls_inside_an_entity_or_a_link(text: str, limit: int, kept: str) -> None:
    assert clip(text, limit).removesuffix("… (shortened)") == kept


@given(MARKUP)
def test_f64_the_parts_of_a_section_hold_the_whole_text(text: str) -> None:
    blocks = fit([{"type": "section", "text": {"type": "mrkdwn", "text": text or "x"}}]) if text.strip() else []
    assert checked_blocks(blocks) == blocks
    said = "".join(block["text"]["text"] for block in blocks)
    assert "".join(said.split()) == "".join(text.split())


@given(st.lists(st.one_of(MARKUP.map(lambda text: {"type": "section", "text": {"type": "mrkdwn", "text": text or "x"}}),
                          st.just(DIVIDER)), max_size=70))  # fmt: skip
def test_f64_fitted_blocks_are_taken(blocks: list[dict[str, object]]) -> None:
    fitted = fit(blocks)
    blank = [one for one in blocks if one["type"] == "section" and not str(one["text"]["text"]).strip()]  # type: ignore[index]
    if not blank:
        assert checked_blocks(fitted) == fitted
    assert len(fitted) <= 50


def test_f64_what_is_left_out_is_counted() -> None:
    fitted = fit([DIVIDER] * 60)
    assert "11 more parts" in str(fitted[-1])
    assert len(fit([DIVIDER] * 50)) == 50


def test_small_print_is_cut_and_never_empty() -> None:
    assert checked_blocks([context("y" * 5000), context("")])
