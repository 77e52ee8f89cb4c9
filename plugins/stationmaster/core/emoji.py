"""One name for each emoji, whatever its skin tone and whichever of its names was used (F09)."""

from __future__ import annotations

import re

_TONE = re.compile(r"(::skin-tone-[2-6](-[2-6])?)+$")
_INVISIBLE = dict.fromkeys([0xFE0F, *range(0x1F3FB, 0x1F400)])
"""The variation selector and the five skin tones, as characters."""
_CANONICAL = {
    "thumbsup": "+1",
    "👍": "+1",
    "thumbsdown": "-1",
    "👎": "-1",
    "heavy_check_mark": "white_check_mark",
    "ballot_box_with_check": "white_check_mark",
    "✅": "white_check_mark",
    "✔": "white_check_mark",
    "☑": "white_check_mark",
    "stop_sign": "octagonal_sign",
    "🛑": "octagonal_sign",
    "hand": "raised_hand",
    "✋": "raised_hand",
    "❌": "x",
    "⛔": "no_entry",
    "🚫": "no_entry_sign",
    "👀": "eyes",
}


def canonical_emoji(name: str) -> str:
    """Return the canonical name of an emoji: "+1::skin-tone-3", ":thumbsup:" and "👍🏽" are all "+1".

    Ticks (white_check_mark, heavy_check_mark, ballot_box_with_check) are one emoji: who clicks one means the others.
    Names that are not known, a workspace's own emoji among them, are returned as they are, in lower case.
    """
    bare = _TONE.sub("", name.strip().strip(":").translate(_INVISIBLE).lower())
    return _CANONICAL.get(bare, bare)
