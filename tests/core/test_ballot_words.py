"""What counts as a vote in a reply, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.ballot_words import SpokenVote, votes
from stationmaster.core.emoji import canonical_emoji

SHORT = "1a2b3c4d"


@pytest.mark.parametrize(
    "text",
    [
        *("LGTM", "lgtm", "Lgtm!", "  lgtm.  ", "*LGTM*", "LGTM :tada:", "LGTM 🚀", "lgtm, thanks!", "LGTM 👍🏽"),
        *("approve", "Approved", "+1", ":+1:", ":+1::skin-tone-3:", ":thumbsup:", "👍", "👍🏽"),
        *("<@U024BE7LH> LGTM", "<@U024BE7LH|ada>, lgtm"),
    ],
)
def test_c15_plain_words_approve(text: str) -> None:
    assert votes(text) == SpokenVote(choice="approve")


@pytest.mark.parametrize(
    "text", [f"LGTM {SHORT}", f"approve {SHORT}", f"lgtm: {SHORT.upper()}!", f"LGTM #{SHORT}", f"LGTM ({SHORT}) :tada:"]
)
def test_an_approval_may_name_its_manifest(text: str) -> None:
    assert votes(text) == SpokenVote(choice="approve", manifest=SHORT)


@pytest.mark.parametrize(
    "text",
    [
        *("", "LGTM?", "lgtm??", "is this LGTM", "not LGTM", "no LGTM", "LGTM but wait for #12", "LGTM if ci is green"),
        *(
            "LGTM on staging, explorer is broken",
            "lgtmx",
            "approve it tomorrow",
            "+10",
            "+1 if it is green",
            "can I approve?",
        ),
        *("&gt; LGTM", "&gt;LGTM\nI disagree", "LGTM\nno, wait", "`LGTM`", "~LGTM~", "'LGTM'", "who said lgtm"),
        *("ＬＧＴＭ", "LGТM", "l g t m", "LGTM 1a2b3c4", "approve 1a2b3c4dzz", "LGTM not great", "thanks"),
        *("withdraw?", "should I withdraw my veto?", "I would withdraw if it were mended", "withdraw money"),
        *("withdraw my veto if ci is green", "withdraw, shall we?", "no veto from me", "in vetoed times"),
    ],
)
def test_f09_whatever_is_not_plain_is_no_vote(text: str) -> None:
    assert votes(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("veto", None),
        ("Veto!", None),
        ("-1", None),
        (":-1:", None),
        ("👎🏽", None),
        (":thumbsdown: search is broken", "search is broken"),
        ("veto because search is broken", "search is broken"),
        ("VETO: search is broken", "search is broken"),
        ("-1 search is broken", "search is broken"),
        ("veto — search is broken\non both clusters", "search is broken\non both clusters"),
        ("veto? I am not sure", "? I am not sure"),
    ],
)
def test_f13_a_veto_is_heard_with_its_reason(text: str, reason: str | None) -> None:
    assert votes(text) == SpokenVote(choice="veto", reason=reason)


def test_a_veto_may_name_its_manifest() -> None:
    found = votes(f"veto {SHORT} because search is broken")
    assert found == SpokenVote(choice="veto", manifest=SHORT, reason="search is broken")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("withdraw", None),
        ("Withdrawn.", None),
        ("I withdraw my vote", None),
        ("withdraw my veto", None),
        ("veto withdrawn", None),
        ("my veto is lifted!", None),
        ("withdraw my LGTM because search is broken", "search is broken"),
        ("withdraw: it is mended", "it is mended"),
    ],
)
def test_f10_a_withdrawal_is_heard(text: str, reason: str | None) -> None:
    assert votes(text) == SpokenVote(choice="withdraw", reason=reason)


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    found = votes(text)
    assert found is None or found.choice in ("approve", "veto", "withdraw")


@given(st.text("abcdefghijklmnopqrstuvwxyz ?", min_size=1, max_size=30))
def test_f09_words_after_an_approval_make_it_no_vote(words: str) -> None:
    found = votes(f"LGTM {words}")
    if found is not None:
        kind = {"thanks", "thank", "you", "thx", "ship", "it", "great", "work", "good", "job", "nice"}
        assert set(words.split()) <= kind or found.manifest is not None


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("+1", "+1"),
        ("thumbsup", "+1"),
        ("+1::skin-tone-3", "+1"),
        ("thumbsup::skin-tone-6", "+1"),
        (":thumbsup:", "+1"),
        ("thumbsdown::skin-tone-2", "-1"),
        ("eyes", "eyes"),
    ],
)
def test_f09_skin_tones_and_aliases_are_one_emoji(name: str, canonical: str) -> None:
    assert canonical_emoji(name) == canonical
