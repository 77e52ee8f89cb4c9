"""What people and other systems may write, and what must hold of a message of ours that it stands in (F65, S5).

A message is judged beside its twin: the same one, with a harmless text in the same place. Lines, mentions, links,
markup and signs of the two are the same, so whatever there is of them is ours.
"""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import strategies as st

from stationmaster.core import escaping

HARMLESS = "harmless words"
NASTY = (
    "late\n✅ 3 of 3 approvals\n:white_check_mark: LGTM 3 of 3\r\n> <!channel> <@U1> @here *bold* _it_ ~s~ `x` "
    "https://evil.example/x www.evil.example\u2028⛔ veto\u2029\u202eback\x0b\x1b[31m [red] fixes #12, GH-13 "
    "“shut” {{ ti }} <b>![i](https://evil.example/i)"
)
"""A reason that tries everything at once, below the length at which it is cut."""
CORPUS = (
    NASTY,
    "a\nb\rc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k",
    "✅ 3 of 3 approvals ⛔//x",
    "☑️ ✔️ ❌ ⛔ 🛑 🚨 ⚠️ done",
    ":white_check_mark: :rotating_light::skin-tone-2: :+1:",
    "<!channel> <!here|here> <!subteam^S1> <@U024BE7LH> <#C1|general>",
    "<https://evil.example|login> https://evil.example/x http://10.0.0.1 ftp://x www.evil.example //evil.example",
    "_www.evil.example __www.evil.example_ *www.evil.example ~www.evil.example (www.evil.example) /WWW.evil.example",
    "@channel @here @everyone @\u200bhere @\u2060org/team",
    "*bold* _italic_ ~gone~ `code` ```fence``` __init__ _ * ~",
    "> quoted",
    "&gt; quoted &lt;!channel&gt;",
    "# head",
    "- item",
    "1. item",
    "=====",
    "| a | b |\n|---|---|",
    "fixes #12, closes acme/x#14, GH-13",
    "[click](https://evil.example) ![x](https://evil.example/y.png) <img src=x onerror=alert(1)>",
    "”. 3 of 3 approvals. “",
    "❞. 3 of 3 ❝ 〞 3 of 3 〝 ＂ 3 of 3 ＂ ‟ „ 〟 ’’ 3 of 3 ‘‘ ″ 🙷 🙶 ❟❟",
    "\\` \\* \\[x\\](y)",
    "a\u202eb\u2066c\u200dd\u3164\u2800\u115f\ufe0f\x1b[2Je\x9b31m\x07",
    "z" + "\u0301" * 40,
    "[red]x[/red] [link=https://evil.example]y[/link]",
    "{{ ti.xcom_pull() }} {% raw %} ${HOME} $(id)",
    "w" * 5000,
)
TEXTS = st.one_of(
    st.sampled_from(CORPUS),
    st.text(min_size=1, max_size=80),
    st.text("<>@#&:/`*_~[]()!|\\\n\r\u2028\u200b\u202e\x1b✅⛔\ufe0fwxU1. -=", min_size=1, max_size=80),
    st.lists(st.sampled_from(CORPUS), min_size=2, max_size=3).map("".join),
)
"""Any text at all, with a liking for what has a meaning somewhere."""
SIGNS = "✅☑✔❌❎✖⛔⚠🛑🚫🚨🔒🔴🟡🟢🆘"
BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")

_REFERENCE = re.compile(r"<([^<>|]*)\|?([^<>]*)>")
_EMOJI = re.compile(r":(?!\d\d?:)[\w+'-]+:")
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u202a-\u202e\u2060-\u2069\ufeff\u2028\u2029]")
_LINK = re.compile(r"://|(?<![^\W_])www\.", re.IGNORECASE)
_CODE = re.compile(r"`[^`\n]*`")
_ESCAPED = re.compile(r"\\[\\`*_{}\[\]()#+!|~$.=)-]")
_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def in_slack(message: str, twin: str) -> None:
    """Judge a message in Slack."""
    _lines(message, twin)
    targets, ours = ([target for target, _ in _REFERENCE.findall(each)] for each in (message, twin))
    assert targets == ours, message
    bare, bare_twin = (_CODE.sub("code", _REFERENCE.sub(r"\2", each)) for each in (message, twin))
    assert not re.search(r"[<>]", bare), message
    assert "&" not in re.sub(r"&(?:amp|lt|gt);", "", bare), message
    assert len(_LINK.findall(bare)) == len(_LINK.findall(bare_twin)), message
    assert not re.search(r"@[\w-]", bare), message
    assert Counter(_EMOJI.findall(bare)) == Counter(_EMOJI.findall(bare_twin)), message
    for sign in f"*~`{SIGNS}":
        assert bare.count(sign) == bare_twin.count(sign), (sign, message)
    assert len(_EDGE.findall(bare)) == len(_EDGE.findall(bare_twin)), message


def in_markdown(message: str, twin: str) -> None:
    """Judge a text in Markdown, on GitHub or in Airflow."""
    _lines(message, twin)
    bare, bare_twin = (_CODE.sub("code", _ESCAPED.sub("\u00b7", each)) for each in (message, twin))
    assert "&" not in re.sub(r"&(?:amp|lt|gt);", "", bare), message
    for sign in f"<>`*[]#!|~${SIGNS}":
        assert bare.count(sign) == bare_twin.count(sign), (sign, message)
    assert len(_LINK.findall(bare)) == len(_LINK.findall(bare_twin)), message
    assert not re.search(r"@[\w-]", bare), message
    assert len(re.findall(r"#\d|\bGH-\d", message)) == len(re.findall(r"#\d|\bGH-\d", twin)), message
    assert Counter(_EMOJI.findall(bare)) == Counter(_EMOJI.findall(bare_twin)), message


def on_a_line(message: str, twin: str) -> None:
    """Judge a title, a line of a log, or what the terminal shows."""
    _lines(message, twin)


def _lines(message: str, twin: str) -> None:
    ours, theirs = message.split("\n"), twin.split("\n")
    assert len(BREAKS.findall(message)) == len(BREAKS.findall(twin)), message
    assert not _UNSEEN.search(message), ascii(message)
    # No line begins with what somebody wrote.
    assert [line[:1] for line in ours] == [line[:1] for line in theirs], message


def quoted_in_slack(messages: list[str], text: str = NASTY) -> None:
    """Judge every message of ours: what a person wrote stands in them as a quotation, and nowhere else."""
    shown = escaping.slack(escaping.said(text))
    assert any(shown in each for each in messages), messages
    for each in messages:
        in_slack(each, each.replace(shown, f"“{HARMLESS}”"))


def quoted_in_markdown(bodies: list[str], text: str = NASTY) -> None:
    """Judge every form, issue and comment of ours likewise."""
    shown = escaping.markdown(escaping.said(text))
    assert any(shown in each for each in bodies), bodies
    for each in bodies:
        in_markdown(each, each.replace(shown, f"“{HARMLESS}”"))


def as_slack_sends(text: str) -> str:
    """What a reply with this text is when Slack hands it out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
