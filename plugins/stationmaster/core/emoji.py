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
    "🖐": "raised_hand_with_fingers_splayed",
    "🤚": "raised_back_of_hand",
    "🙅": "no_good",
    "🆖": "ng",
    "⏹": "black_square_for_stop",
    "❌": "x",
    "✕": "x",
    "✗": "x",
    "✘": "x",
    "☒": "x",
    "🗙": "x",
    "🛇": "no_entry_sign",
    "❎": "negative_squared_cross_mark",
    "✖": "heavy_multiplication_x",
    "⛔": "no_entry",
    "🚫": "no_entry_sign",
    "👀": "eyes",
    "🎉": "tada",
    "🚀": "rocket",
    "🚂": "steam_locomotive",
    "🚢": "ship",
    "❤": "heart",
    "💚": "green_heart",
    "💯": "100",
    "👏": "clap",
    "🙌": "raised_hands",
    "🙏": "pray",
    "👌": "ok_hand",
    "💪": "muscle",
    "✨": "sparkles",
    "⭐": "star",
    "🥳": "partying_face",
    "🙂": "slightly_smiling_face",
    "😀": "grinning",
    "😃": "smiley",
    "😄": "smile",
    "😊": "blush",
    "🍾": "champagne",
    "⚠": "warning",
    "🔥": "fire",
    "💥": "boom",
    "🐛": "bug",
    "💀": "skull",
    "💩": "poop",
    "🖕": "middle_finger",
    "😠": "angry",
    "😡": "rage",
    "😕": "confused",
    "🤔": "thinking_face",
    "😢": "cry",
    "😭": "sob",
    "😞": "disappointed",
    "😟": "worried",
    "🤨": "face_with_raised_eyebrow",
    "🚧": "construction",
    "😬": "grimacing",
    "❓": "question",
    "🤣": "rolling_on_the_floor_laughing",
    "🤡": "clown_face",
    "🚨": "rotating_light",
    "🤮": "face_vomiting",
    "🤢": "nauseated_face",
    "💔": "broken_heart",
    "☠": "skull_and_crossbones",
    "🙃": "upside_down_face",
    "🥴": "woozy_face",
}
_WORD = re.compile(r":(?P<name>[a-z0-9_+'-]+(?:::skin-tone-[2-6](?:-[2-6])?)?):", re.IGNORECASE)
_SIGN = re.compile("[\u231a-\u23ff\u25a0-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001fbff]")

FRIENDLY = frozenset(
    {
        *(
            "+1",
            "white_check_mark",
            "tada",
            "rocket",
            "steam_locomotive",
            "train",
            "train2",
            "bullettrain_side",
            "ship",
        ),
        *(
            "shipit",
            "shipit_squirrel",
            "heart",
            "green_heart",
            "100",
            "clap",
            "raised_hands",
            "pray",
            "ok_hand",
            "muscle",
        ),
        *(
            "sparkles",
            "star",
            "star2",
            "partying_face",
            "slightly_smiling_face",
            "grinning",
            "smiley",
            "smile",
            "blush",
        ),
        *("champagne", "party_parrot", "partyparrot", "thumbsup_all", "ok", "heavy_plus_sign"),
    }
)
"""What may stand beside an approval and leaves it one."""

UNFRIENDLY = frozenset(
    {
        *("-1", "no_entry", "no_entry_sign", "octagonal_sign", "x", "negative_squared_cross_mark"),
        *("heavy_multiplication_x", "no_good", "man-gesturing-no", "woman-gesturing-no", "rotating_light"),
        *("ng", "black_square_for_stop"),
    }
)
"""What can hardly mean anything but no, whether or not a gate lists it as a veto."""

_SAYS_NO = re.compile(
    r"(?:^|[_-])(?:no|nope|nah|nay|nack|nak|veto\w*|reject\w*|stop|block(?:ed|er)?|den(?:y|ied)|thumbs?_?down|downvote"
    r"|minus_?(?:1|one))(?:$|[_-])|^-1"
)
"""Names of a workspace's own emoji that say no: ``nope``, ``vote-no``, ``thumbsdown_all``."""

DOUBTFUL = frozenset(
    {
        *("warning", "fire", "boom", "bug", "skull", "poop", "hankey", "middle_finger", "angry", "rage", "confused"),
        *("thinking_face", "cry", "sob", "disappointed", "worried", "face_with_raised_eyebrow", "construction"),
        *("raised_hand_with_fingers_splayed", "raised_back_of_hand", "face_vomiting", "nauseated_face", "broken_heart"),
        *("skull_and_crossbones", "upside_down_face", "woozy_face"),
        *("raised_hand", "grimacing", "question", "grey_question", "rolling_on_the_floor_laughing", "clown_face"),
    }
)
"""What makes an approval beside it unclear, and says nothing where it stands alone."""


def canonical_emoji(name: str) -> str:
    """Return the canonical name of an emoji: "+1::skin-tone-3", ":thumbsup:" and "👍🏽" are all "+1".

    Ticks (white_check_mark, heavy_check_mark, ballot_box_with_check) are one emoji: who clicks one means the others.
    Names that are not known, a workspace's own emoji among them, are returned as they are, in lower case.
    """
    bare = _TONE.sub("", name.strip().strip(":").translate(_INVISIBLE).lower())
    return _CANONICAL.get(bare, bare)


def says_no(name: str) -> bool:
    """Return whether an emoji, by its canonical name, can hardly mean anything but no."""
    return name in UNFRIENDLY or bool(_SAYS_NO.search(name))


def taken_out(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text with a space for each emoji in it, and the canonical names of these, in their order.

    Both ways of writing one count: ``:tada:`` and 🎉.
    """
    found: list[tuple[int, str]] = []

    def take(match: re.Match[str]) -> str:
        found.append((match.start(), canonical_emoji(match[0])))
        return " " * len(match[0])

    bare = _SIGN.sub(take, _WORD.sub(take, text).translate(dict.fromkeys(_INVISIBLE, " ")))
    return bare, tuple(name for _, name in sorted(found))
