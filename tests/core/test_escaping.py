"""Text from outside, in the three places where it can do harm (F65)."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core import escaping

NASTY = [
    "<!channel> look",
    "<!here|here>",
    "<!subteam^S123>",
    "ping <@U024BE7LH> please",
    "<#C024BE7LR|general>",
    "<https://evil.example|login>",
    "@channel @here @everyone",
    "@\u200bchannel",
    "@\u2060here",
    "```\nrm -rf /\n```",
    "`code` and ``more``",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;!channel&gt;",
    "&amp;lt;!channel>",
    "fixes #12, GH-13 and acme/x#14",
    "[click](javascript:alert(1))",
    "![x](http://x/y.png)",
    "\\`x\\`",
    "a\u202eb\u0000c\u001bd",
    "| a | b |\n|---|---|",
]
TEXTS = st.one_of(st.text(max_size=60), st.text("<>!@#&`;[]()|*_~\\\n\u200b\u2060abchannelU12", max_size=60))
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#x27|#96);")
ALL = [escaping.slack, escaping.markdown, escaping.html]


def check_slack(found: str) -> None:
    assert not re.search(r"[<>`]", found)
    assert "&" not in ENTITY.sub("", found)
    assert not re.search(r"@[\w-]", found)


def check_markdown(found: str) -> None:
    assert not re.search(r"[<>]", found)
    assert "&" not in ENTITY.sub("", found)
    assert not re.search(r"@[\w-]", found)
    assert not re.search(r"#\d", found)
    # Each sign that could start markup has an odd number of backslashes before it.
    for sign in re.finditer(r"(\\*)([`*_\[\]()!|~#])", found):
        assert len(sign[1]) % 2 == 1, found


def check_html(found: str) -> None:
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

        def handle_comment(self, data: str) -> None:
            tags.append(data)

    Reader().feed(f'<p title="{found}">{found}</p>')
    assert tags == ["p"]
    assert "`" not in found


CHECKS = [(escaping.slack, check_slack), (escaping.markdown, check_markdown), (escaping.html, check_html)]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize(("escape", "check"), CHECKS)
def test_f65_named_attacks_come_out_harmless(text: str, escape, check) -> None:  # type: ignore[no-untyped-def]
    check(escape(text))


@pytest.mark.parametrize(("escape", "check"), CHECKS)
@given(text=TEXTS)
def test_f65_no_text_comes_out_harmful(text: str, escape, check) -> None:  # type: ignore[no-untyped-def]
    check(escape(text))


@pytest.mark.parametrize("escape", ALL)
@given(text=TEXTS)
def test_f65_what_cannot_be_seen_is_taken_out(text: str, escape) -> None:  # type: ignore[no-untyped-def]
    found = escape(f"a\u202e{text}\x00\x1b")
    assert not set(found) & set("\x00\x1b\u202e\u2060\r")


def test_f65_ordinary_titles_stay_readable() -> None:
    title = "Add dark mode to the explorer"
    assert escaping.slack(title) == escaping.markdown(title) == escaping.html(title) == title
    assert escaping.slack("a < b & c") == "a &lt; b &amp; c"
    assert escaping.markdown("a_b*c") == r"a\_b\*c"
    assert escaping.html('"x" & <y>') == "&quot;x&quot; &amp; &lt;y&gt;"
    assert escaping.slack("<!channel>") == "&lt;!channel&gt;"


def test_one_line_is_one_line() -> None:
    assert escaping.one_line("  a\r\nb\tc\n\n d\u200b ") == "a b c d"
