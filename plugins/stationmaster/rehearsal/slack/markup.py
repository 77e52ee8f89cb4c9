"""Slack's message markup as safe HTML: everything is escaped before anything is marked up (F65)."""

import html
import re
from collections.abc import Callable

EMOJI = {
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "white_check_mark": "✅",
    "heavy_check_mark": "✔️",
    "x": "❌",
    "grey_question": "❔",
    "octagonal_sign": "🛑",
    "no_entry": "⛔",
    "no_entry_sign": "🚫",
    "eyes": "👀",
    "raised_hand": "✋",
    "hand": "✋",
    "warning": "⚠️",
    "arrows_counterclockwise": "🔄",
    "bell": "🔔",
    "busts_in_silhouette": "👥",
    "calendar": "📅",
    "mag": "🔍",
    "sunrise": "🌅",
    "rotating_light": "🚨",
    "red_circle": "🔴",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "hourglass_flowing_sand": "⏳",
    "rocket": "🚀",
    "steam_locomotive": "🚂",
    "train": "🚋",
    "station": "🚉",
    "tada": "🎉",
    "package": "📦",
    "leftwards_arrow_with_hook": "↩️",
    "fast_forward": "⏩",
    "wave": "👋",
    "ballot_box_with_ballot": "🗳️",
    "hourglass": "⌛",
    "house": "🏠",
    "key": "🔑",
    "lock": "🔒",
    "adhesive_bandage": "🩹",
    "chart_with_upwards_trend": "📈",
    "clipboard": "📋",
    "fire": "🔥",
    "fire_engine": "🚒",
    "hammer_and_wrench": "🛠️",
    "heavy_minus_sign": "➖",
    "one": "1️⃣",
    "memo": "📝",
    "robot_face": "🤖",
    "see_no_evil": "🙈",
    "sos": "🆘",
    "ticket": "🎫",
    "raising_hand": "🙋",
    "scissors": "✂️",
    "telephone_receiver": "📞",
    "vertical_traffic_light": "🚦",
    "arrow_forward": "▶️",
    "turtle": "🐢",
    "double_vertical_bar": "⏸️",
    "loud_sound": "🔊",
    "railway_track": "🛤️",
    "speech_balloon": "💬",
    "arrow_up": "⬆️",
}

_ANGLE = re.compile(r"<([^<>]+)>")
_FENCE = re.compile(r"```(.+?)```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_ITALIC = re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])")
_STRIKE = re.compile(r"(?<![\w~])~([^~\n]+)~(?![\w~])")
_NAME = re.compile(r":([a-z0-9_+'-]+)(?:::skin-tone-[2-6])?:")
_BARE = re.compile(
    r"https?://[^\s<>|]*[^\s<>|.,;:!?)]"
    r"|(?<![\w@./:-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|io|dev|app|md|sh|py|rs|example)(?![\w.-])(?:/[^\s<>|]*)?",
    re.IGNORECASE,
)
"""What Slack takes for an address in a plain text: with a scheme, or a host of a domain that it knows."""
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def linked(text: str) -> str:
    """Return the text with links where Slack makes some of its own, unless ``parse`` is ``none`` (S5)."""
    pieces = re.split(r"(<[^<>]*>)", text)
    return "".join(piece if piece.startswith("<") else _BARE.sub(_as_link, piece) for piece in pieces)


def _as_link(found: re.Match[str]) -> str:
    bare = found[0]
    return f"<{bare}>" if "://" in bare else f"<http://{bare}|{bare}>"


def emoji(name: str) -> str:
    """Return the picture of an emoji name, or `:name:` where there is none here."""
    return EMOJI.get(name.partition("::")[0], f":{name}:")


def to_html(text: str, *, name_of: Callable[[str], str]) -> str:
    """Return HTML for `text` in Slack's markup.

    :param name_of: turns a user, channel or group id into the name to show.
    """
    pieces: list[str] = []
    position = 0
    for match in _ANGLE.finditer(text):
        pieces += [_plain(text[position : match.start()]), _reference(match.group(1), name_of)]
        position = match.end()
    pieces.append(_plain(text[position:]))
    return "".join(pieces).replace("\n", "<br>")


def _plain(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    safe = html.escape(text)
    safe = _FENCE.sub(r"<pre>\1</pre>", safe)
    safe = _CODE.sub(r"<code>\1</code>", safe)
    safe = _BOLD.sub(r"<strong>\1</strong>", safe)
    safe = _ITALIC.sub(r"<em>\1</em>", safe)
    safe = _STRIKE.sub(r"<s>\1</s>", safe)
    return _NAME.sub(lambda match: EMOJI.get(match.group(1), match.group(0)), safe)


def _reference(inside: str, name_of: Callable[[str], str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith(("http://", "https://", "mailto:")):
        shown = html.escape(label or target)
        return f'<a href="{html.escape(target)}" rel="noreferrer noopener" target="_blank">{shown}</a>'
    if target.startswith("@"):
        return _mention(f"@{name_of(target[1:])}")
    if target.startswith("#"):
        return _mention(f"#{label or name_of(target[1:])}")
    if target.startswith("!subteam^"):
        return _mention(label or f"@{name_of(target.removeprefix('!subteam^'))}")
    if target.startswith("!"):
        return _mention(label or f"@{target[1:]}")
    return html.escape(f"<{inside}>")


def _mention(text: str) -> str:
    return f'<span class="mention">{html.escape(text)}</span>'
