"""Text that came from outside, made harmless for the place where it will stand (F65).

Commit titles, branch names, veto reasons: none of them may mention a channel or a person, open a tag or a code fence.
"""

from __future__ import annotations

import html as entities
import re

_GAP = "\u200b"
"""A space of no width: it keeps a mention from being read as one, and the text readable."""

_MENTION = re.compile(r"@(?=[\w-])")
_ISSUE = re.compile(r"(?:#|(?<=\bGH)-)(?=\d)", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~-])")
# Signs that turn the reading direction or join invisibly let a text show as another one.
_UNSEEN = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


def one_line(text: str) -> str:
    """Return the text on one line, without control signs and without signs that cannot be seen."""
    return " ".join(_clean(text).split())


def slack(text: str) -> str:
    """Return the text for a Slack message: no mention, link, code or tag can come out of it (F65)."""
    plain = _clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub(f"@{_GAP}", plain.replace("`", "'"))


def markdown(text: str) -> str:
    """Return the text for GitHub's Markdown: no mention, reference, markup or tag can come out of it (F65)."""
    quiet = _ISSUE.sub(lambda found: found.group() + _GAP, _MENTION.sub(f"@{_GAP}", _clean(text)))
    escaped = _MARKDOWN.sub(r"\\\1", quiet)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def html(text: str) -> str:
    """Return the text for HTML, also for a quoted attribute: neither a tag nor a code fence can come out (F65)."""
    return _MENTION.sub(f"@{_GAP}", entities.escape(_clean(text), quote=True).replace("`", "&#96;"))


def _clean(text: str) -> str:
    unified = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(sign if sign == "\n" or sign.isprintable() else " " for sign in unified)
