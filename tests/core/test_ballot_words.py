"""What counts as a vote in a reply, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.ballot_words import SpokenVote, passes_over, takes_back_an_approval, unclear, votes
from stationmaster.core.emoji import FRIENDLY, canonical_emoji, says_no

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
        *("withdraw, and -1.", "withdraw - no, wait, I keep it", "withdraw: it is mended", "withdraw :x:"),
        *("withdraw my LGTM because search is broken", "I withdraw my veto, LGTM", "withdraw :our_logo:"),
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
    "text",
    [
        *("withdraw", "Withdrawn.", "I withdraw my vote", "withdraw my veto", "veto withdrawn", "my veto is lifted!"),
        *("withdraw my LGTM", "retract", "<@U024BE7LH> withdraw", "withdraw :+1:", "withdraw 🙏"),
    ],
)
def test_f10_a_withdrawal_is_heard(text: str) -> None:
    assert votes(text) == SpokenVote(choice="withdraw")


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


GATE = {"approve_emoji": ("white_check_mark", "+1"), "veto_emoji": ("no_entry", "-1")}


@pytest.mark.parametrize(
    "text",
    [
        *("–1", "—1", "−1", "－1", "I veto this", "I must veto", "NACK", "nak", "no go", "No-Go: it is broken", "stop"),
        *(
            "STOP!",
            "please stop the train",
            "No, do not ship",
            "don’t deploy",
            "we should not release this",
            ":no_entry:",
        ),
        *(
            "⛔ search is broken",
            "> LGTM\nveto: broken",
            "&gt; LGTM\nveto",
            "LGTM\n-1",
            "ve\u200bto",
            "vеto",
            "hmm, -1",
        ),
        *("-1.", "-1. It drops the table.", "–1.", "−1…", "Sorry, -1.", "-1, sorry", "Nope, -1. Broken", "- 1."),
        *("➖1", ":heavy_minus_sign:1", ":heavy_minus_sign::one:", "-1️⃣", "─1", "ー１", "⁻¹", "⸺1", "˗1"),
        *("Véto : la migration est cassée", "ve\u0301to", "VE\u0301TO", "vęto", "VЕТО", "vetø", "ⅴeto", "ve\u3164to"),
        *("never ship this", "I won't ship this", "do not go live"),
        *("*veto*", "<@U024BE7LH> veto", "I object", "rejected", "this is a veto", "no, wait: veto"),
    ],
)
def test_v08_a_veto_is_heard_however_it_is_typed(text: str) -> None:
    found = votes(text, **GATE)
    assert found is not None
    assert found.choice == "veto"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "LGTM :-1:",
            "LGTM 👎",
            "+1 :no_entry:",
            "LGTM ⛔",
            "LGTM :x:",
            "LGTM 🖕",
            "LGTM :warning:",
            "👎 LGTM",
            "LGTM, veto",
        ),
        *("no veto from me", "> veto: broken\nLGTM", "withdraw, but I still veto", "does it stop loading?", "`veto`"),
        *("> veto: broken\nI agree with this", "&gt; -1\nso do I", "> veto", "LGTM, no wait: -1.", "🙅", "LGTM 🙅"),
        *("🙅🏽\u200d♂️", ":woman-gesturing-no:", ":nope:", ":vote-no:", ":thumbsdown_all:", "✘", "🆖", "minus one"),
        *("v.e.t.o", "this should not be released", "I cannot approve this", "I block this"),
        *("withdraw, and -1.", "withdraw - no, wait, I keep it", "I withdraw: it is still broken"),
        *("withdraw my LGTM because search is broken", "I do not withdraw", "withdraw?", "looked\nI retract my LGTM"),
    ],
)
def test_v07_what_may_be_a_veto_and_is_no_plain_one_is_unclear(text: str) -> None:
    assert votes(text, **GATE) is None
    assert unclear(text, veto_emoji=GATE["veto_emoji"])


@pytest.mark.parametrize(
    "text",
    [
        *("", "looks odd", "LGTM?", "-10", "-1.5", "-1,5 ms", "1-1", "LGTM :our_logo:", "No.", "> looks odd\nit does"),
        *("5 minus 1 is 4", ":snow_capped_mountain:", ":notebook:", "the level", "> withdraw\nwhy?"),
    ],
)
def test_what_is_neither_is_not_unclear(text: str) -> None:
    assert votes(text, **GATE) is None
    assert not unclear(text, veto_emoji=GATE["veto_emoji"])


@pytest.mark.parametrize("text", ["LGTM :tada:", "LGTM 🚀🎉", "✅", ":white_check_mark:", "👍🏽 🎉", "+1 ❤️"])
def test_v07_friendly_emoji_leave_an_approval_one(text: str) -> None:
    assert votes(text, **GATE) == SpokenVote(choice="approve")


@given(st.text(max_size=60))
def test_any_text_is_one_thing_only(text: str) -> None:
    found = votes(f"LGTM {text}", **GATE)
    if found is not None and found.choice == "approve":
        assert not unclear(f"LGTM {text}", veto_emoji=GATE["veto_emoji"])


@pytest.mark.parametrize("veto", ["-1", "no_entry", "octagonal_sign", "x", "no_entry_sign"])
@given(st.sampled_from(["LGTM", "approve", "+1", ":+1:", "👍"]), st.booleans())
def test_v07_no_approval_stands_beside_an_emoji_that_vetoes(veto: str, word: str, before: bool) -> None:
    text = f":{veto}: {word}" if before else f"{word} :{veto}:"
    found = votes(text, approve_emoji=("+1",), veto_emoji=("no_entry",))
    assert found is None or found.choice == "veto"
    assert found is not None or unclear(text, veto_emoji=("no_entry",))


def test_withdrawing_an_approval_is_no_word_about_a_veto() -> None:
    assert takes_back_an_approval("withdraw my LGTM")
    assert takes_back_an_approval("my approval is withdrawn")
    assert not takes_back_an_approval("withdraw")
    assert not takes_back_an_approval("withdraw my veto")


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("pass over <@U1A>", ("U1A",)),
        ("Pass over <@U1A|emil>.", ("U1A",)),
        ("pass over <@U1A> and <@U2B>", ("U1A", "U2B")),
        ("<@U0STATION1> pass over <@U1A>", ("U1A",)),
        ("do not pass over <@U1A>", ()),
        ("pass over emil", ()),
        ("pass over <@U1A> if it is green", ()),
    ],
)
def test_v07_who_passes_over_whom(text: str, whom: tuple[str, ...]) -> None:
    assert passes_over(text) == whom


def test_nothing_friendly_says_no() -> None:
    assert not [name for name in FRIENDLY if says_no(name)]


@given(st.text(max_size=30), st.sampled_from(["LGTM", "withdraw", "+1"]))
def test_a7_a_word_that_ends_a_veto_ends_none_beside_a_word_that_may_be_one(text: str, word: str) -> None:
    for veto in ("I veto", "-1.", "no go", "🙅", ":x:"):
        for said in (f"{word} {text} {veto}", f"{veto} {text} {word}", f"> {veto}\n{word}"):
            found = votes(said, **GATE)
            assert found is None or found.choice == "veto", said
            assert found is not None or unclear(said, veto_emoji=GATE["veto_emoji"]), said
