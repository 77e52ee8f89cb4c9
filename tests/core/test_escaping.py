"""Text from outside, in the places where it can do harm (F65, S5)."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationmaster.core import escaping
from stationmaster.core.blockers import CATALOGUE, LONGEST_VALUE, fill
from tests.hostile import CORPUS, HARMLESS, NASTY, TEXTS, in_markdown, in_slack, on_a_line

RUN = "https://github.com/acme/x/actions/runs/7"
ONE_LINE = [
    escaping.slack,
    escaping.slack_code,
    escaping.markdown,
    escaping.markdown_code,
    escaping.html,
    escaping.said,
    escaping.opened,
    escaping.one_line,
    escaping.printable,
]


def of(render, text: str) -> tuple[str, str]:
    """A message with a text in it, and its twin."""
    return tuple(f"Ours: {render(each)} *ours*" for each in (text, HARMLESS))


@pytest.mark.parametrize(
    "render", [escaping.slack, escaping.slack_code, lambda text: escaping.slack(escaping.said(text))]
)
@given(text=TEXTS)
def test_s5_nothing_but_a_text_reaches_slack(text: str, render) -> None:
    in_slack(*of(render, text))


@pytest.mark.parametrize("render", [escaping.markdown, lambda text: escaping.markdown(escaping.said(text))])
@given(text=TEXTS)
def test_s5_nothing_but_a_text_reaches_markdown(text: str, render) -> None:
    in_markdown(*of(render, text))


@given(text=TEXTS)
def test_f65_a_span_of_code_in_markdown_is_not_left(text: str) -> None:
    span = escaping.markdown_code(text)
    assert re.fullmatch(r"`[^`|\n]+`", span)
    assert "://" not in span


@pytest.mark.parametrize("text", [*CORPUS, "", "\n", "\u200b"])
@pytest.mark.parametrize("render", ONE_LINE)
def test_s5_one_line_stays_one_line(text: str, render) -> None:
    found = render(text)
    assert len(found.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\u2800\u3164]", found)


@given(text=TEXTS)
def test_f65_no_tag_comes_out_of_a_text_in_html(text: str) -> None:
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

        def handle_comment(self, data: str) -> None:
            tags.append(data)

    found = escaping.html(text)
    Reader().feed(f'<p title="{found}">{found}</p>')
    assert tags == ["p"]
    assert "`" not in found
    assert "://" not in found


@given(text=TEXTS)
def test_s5_what_a_person_wrote_cannot_leave_its_quotation_marks(text: str) -> None:
    found = escaping.said(text)
    assert found.startswith("“")
    assert re.fullmatch(r"“[^“”„‟❝❞❠〝〞〟＂″ʺ˝ˮ〃⹂🙶🙷🙸]*”(?: \(shortened\))?", found)
    assert not re.search("[‘’‚‛❛❜❟]{2}", found)
    assert found.endswith("(shortened)") == (len(escaping.one_line(text)) > escaping.LONGEST)


@given(text=TEXTS)
def test_s5_a_longer_text_keeps_its_lines_behind_the_sign_of_a_quotation(text: str) -> None:
    found = escaping.markdown_lines(text)
    assert all(line.startswith(">") for line in found.splitlines())
    for line in found.splitlines():
        in_markdown(f"x {line[2:]}", "x ")


@pytest.mark.parametrize("before", ["", "x ", "_", "__", "*", "~", "(", "/", "x_"])
def test_f65_what_begins_with_www_is_no_link(before: str) -> None:
    for render in (escaping.markdown, escaping.slack, escaping.html, escaping.opened):
        assert "www[.]evil.example" in render(f"{before}www.evil.example").replace("\\", "")
    assert escaping.opened("xwww.evil.example") == "xwww.evil.example"


@pytest.mark.parametrize("mark", [*"”“„‟❝❞❠〝〞〟＂″ʺ˝ˮ〃⹂🙶🙷🙸", "’’", "‘’", "❜❜", "❟❟"])
def test_s5_nothing_looks_like_the_end_of_a_quotation(mark: str) -> None:
    found = escaping.said(f"a{mark}. 3 of 3 approvals")
    assert re.fullmatch(r"“a[‘’‚❜❟]\. 3 of 3 approvals”", found)


def test_s5_the_case_itself() -> None:
    said = escaping.slack(escaping.said("broken\n✅ 3 of 3 approvals https://evil.example/x"))
    assert said == "“broken :\u200bwhite_check_mark: 3 of 3 approvals https[:]//evil.example/x”"


def test_f65_ordinary_titles_stay_readable() -> None:
    title = "Add dark mode to the explorer"
    assert escaping.slack(title) == escaping.markdown(title) == escaping.html(title) == title
    assert escaping.slack("a < b & c") == "a &lt; b &amp; c"
    assert escaping.markdown("a_b*c") == r"a\_b\*c"
    assert escaping.html('"x" & <y>') == "&quot;x&quot; &amp; &lt;y&gt;"
    assert escaping.slack("<!channel>") == "&lt;!channel&gt;"
    assert escaping.slack("skip_reason at 10:30:15, ~5 %") == "skip_reason at 10:30:15, \u223c5 %"


@pytest.mark.parametrize(
    "text",
    [
        "Überprüfung für Łukasz, naïve façade — “ça va”",
        "Проверка не прошла",
        "検証に失敗しました。",
        "می‌خواهم",
        "क्षत्रिय र्‍",
        "העברה נכשלה",
        "Great 🎉 👩‍💻 👍🏽 ❤️‍🔥 🏳️‍🌈 1️⃣ thanks 🙏",
        "e\u0301 Việt Nam",
        "50 % of (a + b) = c; see §4, 'x' and \"y\"!",
    ],
)
def test_s5_letters_of_all_scripts_and_friendly_emoji_stay(text: str) -> None:
    assert escaping.one_line(text).rstrip("\u200d") == text.rstrip("\u200d")
    assert escaping.slack(text).rstrip("\u200d") == text.rstrip("\u200d")


def test_s5_a_pile_of_accents_is_cut() -> None:
    found = escaping.one_line("z" + "\u0301" * 40)
    assert sum(unicodedata.combining(sign) != 0 for sign in found) == 4


def test_one_line_is_one_line() -> None:
    assert escaping.one_line("  a\r\nb\tc\n\n d\u200b ") == "a b c d"


def test_s5_a_link_of_ours_stays_a_link() -> None:
    sentence = f"It ended as failure: {RUN}. “see https[:]//evil.example”"
    assert escaping.slack(sentence, links=True) == f"It ended as failure: <{RUN}>. “see https[:]//evil.example”"
    assert f"failure: <{RUN}>." in escaping.markdown(sentence, links=True)
    assert escaping.slack_link(RUN, "run <7>") == f"<{RUN}|run &lt;7&gt;>"
    assert escaping.markdown_link(RUN, "run [7]") == rf"[run \[7\]]({RUN})"
    assert escaping.html_link(RUN, "<b>") == f'<a href="{RUN}">&lt;b&gt;</a>'


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://x|y",
        "https://x.example/a>b",
        "https://x.example/a b",
        "https://x.example/a\nb",
        "https://user@x.example/",
        'https://x.example/"onload=',
        "https://",
        "",
    ],
)
def test_f65_what_could_leave_the_brackets_is_no_address(address: str) -> None:
    assert not escaping.is_address(address)
    for made in (escaping.slack_link, escaping.markdown_link, escaping.html_link):
        assert made(address, "label") == "label"


def test_a_message_of_slack_is_read_as_it_was_written() -> None:
    assert escaping.heard("<@U1> see <https://x.example/y> &lt;b&gt; &amp;") == "@U1 see https://x.example/y <b> &"
    assert escaping.heard("<https://x.example|here> <http://a.b|a.b> <!here>") == "here (https://x.example) a.b @here"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
@settings(max_examples=12, deadline=None)
@given(text=TEXTS)
def test_s5_no_value_of_a_blocker_forges_its_sentence(code: str, text: str) -> None:
    def told(value: str) -> str:
        found = fill(code, {name: value if value.strip() else "x" for name in CATALOGUE[code].values})
        return f"• {found.sentence} {found.how}"

    if not escaping.one_line(text):
        return
    on_a_line(told(text), told(HARMLESS))
    in_slack(escaping.slack(told(text), links=True), escaping.slack(told(HARMLESS), links=True))
    in_markdown(f"x {escaping.markdown(told(text), links=True)}", f"x {escaping.markdown(told(HARMLESS), links=True)}")


def test_s5_what_people_write_stands_in_quotation_marks() -> None:
    quoted = {code: kind.quoted for code, kind in CATALOGUE.items() if kind.quoted}
    for code in (
        "VETOED",
        "HALTED",
        "FROZEN",
        "MANIFEST_REJECTED",
        "UPGRADES_HALTED",
        "CHORE_BLOCKED",
        "ROLLOUT_PAUSED",
    ):
        assert quoted[code] & {"reason", "why"}
    found = fill("VETOED", {"voter": "Ada", "manifest": "abc", "reason": NASTY})
    assert found.sentence.count("“") == found.sentence.count("”") == 1
    assert fill("VETOED", {"voter": "Ada", "manifest": "abc", "reason": ""}).sentence.endswith(": no reason given.")
    assert len(fill("VETOED", {"voter": "Ada", "manifest": "abc", "reason": "x" * 999}).sentence) < LONGEST_VALUE + 60


def test_s5_a_run_keeps_its_link_and_nothing_else_does() -> None:
    values = {"component": "portal", "conclusion": "failure", "run": RUN}
    assert RUN in fill("RUN_FAILED", values).sentence
    assert "://" not in fill("RUN_FAILED", {**values, "run": f"x {RUN}"}).sentence
    assert "://" not in fill("RUN_FAILED", {**values, "run": "x", "conclusion": RUN}).sentence


@given(text=st.text(max_size=200))
def test_f65_what_cannot_be_seen_is_taken_out(text: str) -> None:
    for render in ONE_LINE:
        assert not set(render(f"a\u202e{text}\x00\x1b")) & set("\x00\x1b\u202e\u2060\r")
