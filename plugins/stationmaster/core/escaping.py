"""Text that came from outside, made harmless for the place where it will stand (F65, S5).

Reasons, titles, names, branch names, what a vendor's error says: none of it may open a line of its own, mention
anybody, become a link, or show as markup or as one of our signs. This is the one way in:

=============  =====================================================================================================
`said`         what a person wrote, for any place: in quotation marks that it cannot close, cut, without links
`slack`        for a message in Slack; `slack_code` and `slack_link` for a span of code and a link of ours
`markdown`     for GitHub and Airflow; `markdown_code`, `markdown_link`; `markdown_lines` for a longer text
`html`         for a mail or a page; `html_link`
`one_line`     for a title, a log: places that know no markup; `printable` for the terminal
`opened`       for any place, before it is known: on one line, with its links opened up, not escaped
=============  =====================================================================================================

All but `markdown_lines` return one line. ``links`` says which addresses in a text are ours, and stay links.
"""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

SHORTENED = "(shortened)"
"""Stands behind the quotation marks of a text that was cut."""
LONGEST = 300
"""Characters of what a person wrote, in a message."""

_GAP = "\u200b"
"""A space of no width: it keeps a mention from being read as one, and the text readable."""

_MENTION = re.compile(r"@(?=[\w-])")
_ISSUE = re.compile(r"(?:#|(?<=\bGH)-)(?=\d)", re.IGNORECASE)
# One that is open at the end of a text is closed by a colon of ours that comes after it.
_EMOJI = re.compile(r":(?=(?!\d\d?(?::|$))[\w+'-]{1,100}(?::|$))")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0d\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Signs that turn the reading direction, join invisibly or show nothing: with them a text shows as another one."""
_BLANK = re.compile("[\u2800\u3164\uffa0]")
"""Signs that count as letters and show as blanks."""
_JOINER = re.compile("[\u200c\u200d\ufe0e\ufe0f]+")
"""What joins letters of some scripts, and the parts of an emoji: kept only between such."""
_MARKS = re.compile(
    r"((?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]){4})[\u0300-\u036f"
    r"\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
"""Accents on one letter; a pile of them would reach into the lines above and below."""

_SCHEME = re.compile(r":(?=//)")
_WWW = re.compile(r"(?<![^\W_])(www)\.", re.IGNORECASE)
"""Also behind an underscore, as GitHub reads it."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:[/?#][!#-;=?-Z\]\[_a-z~@%]*)?", re.ASCII)
"""An address as it may stand in a message's markup: no blank, quote, bracket of ours, backslash or bar."""
_OURS = re.compile(r"https?://[A-Za-z0-9.:-]+(?:[/?#][\w./?#&=%+~@:,;-]*[\w/=])?", re.ASCII)
_NUMBER = re.compile(r"#\d{1,9}")
_LONGEST_ADDRESS = 2000

_OPENING = "\u201c\u201f\u275d\u301d\U0001f676"
_CLOSING = "\u201d\u275e\u301e\u2033\u02ba\u02dd\u02ee\u3003\uff02\U0001f677"
_BELOW = "\u201e\u2760\u2e42\u301f\U0001f678"
_QUOTES = str.maketrans(
    {**dict.fromkeys(_OPENING, "\u2018"), **dict.fromkeys(_CLOSING, "\u2019"), **dict.fromkeys(_BELOW, "\u201a")}
)
"""What looks like our quotation marks, whatever it is meant for, and what a person's become."""
_TWO_AS_ONE = re.compile("([\u2018\u2019\u201a\u201b\u275b\u275c\u275f])[\u2018\u2019\u201a\u201b\u275b\u275c\u275f]+")
"""Two single ones side by side look like a double one."""
_LOOKALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "'"})
"""Slack has no escape for these: they are shown by signs that look like them."""
_EDGE = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")
"""An underscore that may open or close italics; the one in ``skip_reason`` may not."""
_SIGNS = {
    "\u2705": "white_check_mark",
    "\u2611": "ballot_box_with_check",
    "\u2714": "heavy_check_mark",
    "\u274c": "x",
    "\u274e": "negative_squared_cross_mark",
    "\u2716": "heavy_multiplication_x",
    "\u26d4": "no_entry",
    "\u26a0": "warning",
    "\U0001f6d1": "octagonal_sign",
    "\U0001f6ab": "no_entry_sign",
    "\U0001f6a8": "rotating_light",
    "\U0001f512": "lock",
    "\U0001f534": "red_circle",
    "\U0001f7e1": "large_yellow_circle",
    "\U0001f7e2": "large_green_circle",
    "\U0001f198": "sos",
}
"""The signs by which our own messages say how something stands: in the text of others they are shown by name."""
_SIGN = re.compile(f"[{''.join(_SIGNS)}]\ufe0f?")

_SLACK_REFERENCE = re.compile(r"<([^<>]*)>")


def one_line(text: str) -> str:
    """Return the text on one line, without control signs and without signs that cannot be seen."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Return the text as `one_line` does, with its blanks as they are: for columns on a terminal."""
    unified = _JOINER.sub(_joining, _UNSEEN.sub("", _BLANK.sub(" ", text)))
    seen = "".join(sign if sign.isprintable() or sign in "\u200c\u200d" else " " for sign in unified)
    return _MARKS.sub(r"\1", seen)


def said(text: str, longest: int = LONGEST) -> str:
    """Return what a person wrote, on one line in quotation marks, which nothing in it closes; not escaped yet.

    Its links are opened up, so that they can be read and not clicked. A text that is cut says so behind the quotation.

    :param longest: characters within the quotation marks.
    """
    line = one_line(text).translate(_QUOTES)
    cut = line if len(line) <= longest else f"{line[: longest - 1].rstrip()}\u2026"
    shown = _opened(_TWO_AS_ONE.sub(r"\1", cut))
    return f"\u201c{shown}\u201d" + (f" {SHORTENED}" if len(line) > longest else "")


def opened(text: str) -> str:
    """Return the text on one line with what is plainly a link opened up: ``https[:]//evil.example/x``; not escaped.

    Such links are those that any client makes links of: with a scheme, or beginning with www.
    """
    return _opened(one_line(text))


def slack(text: str, *, links: bool | Collection[str] = False) -> str:
    """Return the text for a Slack message: no line, mention, link, markup or sign can come out of it (F65, S5).

    :param links: which addresses in it are ours, or of the team's reviewed files; True for all. They become links.
    """
    line = one_line(text)
    return _with_links(line, links, _slack, lambda address: f"<{_entities(address)}>")


def slack_code(text: str) -> str:
    """Return the text as a span of code in a Slack message."""
    line = opened(_SIGN.sub(_by_name, text)).replace("`", "'")
    return f"`{_entities(_quiet(line)) or ' '}`"


def slack_link(address: str, label: str = "") -> str:
    """Return a link of ours for Slack; where the address could leave its brackets, the label alone.

    :param label: what is shown, escaped here; empty shows the address.
    """
    shown = _slack(one_line(label)).replace("|", "\u2223")
    if not is_address(address):
        return shown or slack(address)
    return f"<{_entities(address)}|{shown}>" if shown else f"<{_entities(address)}>"


def markdown(text: str, *, links: bool | Collection[str] = False) -> str:
    """Return the text for Markdown, on one line: no mention, reference, link, markup or tag can come out of it (F65).

    :param links: which addresses in it are ours, or of the team's reviewed files; True for all. They become links.
    """
    line = one_line(text)
    return _with_links(line, links, _markdown, lambda address: f"<{address}>")


def markdown_lines(text: str) -> str:
    """Return a longer text for Markdown as a quotation that keeps its lines; empty for an empty text.

    Each line of it stands behind ``>``, so that none can pass for ours.
    """
    lines = [markdown(line) for line in re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text.strip())]
    return "\n".join(f"> {line}".rstrip() for line in lines) if any(lines) else ""


def markdown_code(text: str) -> str:
    """Return the text as a span of code in Markdown."""
    return f"`{opened(text).replace('`', chr(39)).replace('|', chr(0x2223)) or ' '}`"


def markdown_link(address: str, label: str = "") -> str:
    """Return a link of ours for Markdown; where the address could leave its brackets, the label alone."""
    shown = label if _NUMBER.fullmatch(label) else markdown(label)
    if not is_address(address):
        return shown or markdown(address)
    target = address.replace("(", "%28").replace(")", "%29").replace("|", "%7C")
    return f"[{shown}]({target})" if shown else f"<{target}>"


def html(text: str) -> str:
    """Return the text for HTML, also for a quoted attribute: no tag, link or code fence can come out of it (F65)."""
    escaped = entities.escape(opened(text), quote=True)
    return _MENTION.sub(f"@{_GAP}", escaped.replace("`", "&#96;"))


def html_link(address: str, label: str) -> str:
    """Return a link of ours for HTML; where the address is none, the label alone."""
    shown = html(label)
    return f'<a href="{entities.escape(address, quote=True)}">{shown}</a>' if is_address(address) else shown


def heard(text: str) -> str:
    """Return a message as Slack hands it out as plain text: its references by what they show, its entities as signs."""
    shown = _SLACK_REFERENCE.sub(_shown, text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def addresses(text: str) -> tuple[str, ...]:
    """Return the addresses in a sentence of ours."""
    return tuple(_OURS.findall(text))


def is_address(address: str) -> bool:
    """Return whether a text is one http address that stays within the brackets of a link."""
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.username is None


def _with_links(
    line: str, ours: bool | Collection[str], escape: Callable[[str], str], linked: Callable[[str], str]
) -> str:
    pieces, position = [], 0
    for found in _OURS.finditer(line) if ours else ():
        if ours is not True and (isinstance(ours, bool) or found[0] not in ours):
            continue
        pieces += [escape(line[position : found.start()]), linked(found[0])]
        position = found.end()
    return "".join([*pieces, escape(line[position:])])


def _slack(text: str) -> str:
    line = _opened(_SIGN.sub(_by_name, text)).translate(_LOOKALIKES)
    plain = _EDGE.sub(lambda found: "\uff3f" * len(found[0]), line)
    if plain.startswith(">"):
        plain = "\u203a" + plain[1:].lstrip(">")  # it would begin a quotation
    return _entities(_quiet(plain))


def _markdown(text: str) -> str:
    line = _opened(_SIGN.sub(_by_name, text))
    quiet = _ISSUE.sub(lambda found: found.group() + _GAP, _quiet(line))
    escaped = _NUMBERED.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", quiet))
    return _entities(escaped if not escaped.startswith("=") else f"\\{escaped}")


def _opened(line: str) -> str:
    """Open the links of a line up. A bare name of a host is none: `hooks.chat` tells Slack to take it for a text."""
    return _WWW.sub(r"\1[.]", _SCHEME.sub("[:]", line))


def _quiet(line: str) -> str:
    """Return a line without mentions and without emoji by name."""
    return _EMOJI.sub(f":{_GAP}", _MENTION.sub(f"@{_GAP}", line))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _by_name(found: re.Match[str]) -> str:
    return f":{_SIGNS[found[0][0]]}:"


def _shown(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    if target.startswith(("@", "#")):
        return target[0] + (label.lstrip("@#") or target[1:])
    if target.startswith("!"):
        return label or f"@{target[1:]}"
    return f"{label} ({target})" if label and label not in target else label or target


def _joining(found: re.Match[str]) -> str:
    """Keep one joiner where it joins: within a script that needs it, or within an emoji."""
    text, before, after = found.string, found.start() - 1, found.end()
    left, right = text[before] if before >= 0 else " ", text[after] if after < len(text) else " "
    selector = "\ufe0f" if "\ufe0f" in found[0] and (_is_picture(left) or right == "\u20e3") else ""
    joiner = next((sign for sign in found[0] if sign in "\u200c\u200d"), "")
    both_pictures = _is_picture(left) and _is_picture(right)
    if joiner and not (both_pictures or (_is_joined(left) and _is_joined(right))):
        joiner = ""
    return selector + joiner


def _is_picture(sign: str) -> bool:
    return unicodedata.category(sign) in ("So", "Sk") and ord(sign) > 0x2000


def _is_joined(sign: str) -> bool:
    """Return whether a sign is a letter or mark of the scripts from Arabic to Khmer and Mongolian."""
    return 0x0600 <= ord(sign) <= 0x18AF and unicodedata.category(sign)[0] in "LM"
