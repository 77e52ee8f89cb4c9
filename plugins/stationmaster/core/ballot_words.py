"""What a person says in a Slack thread, read as a vote.

An approval is exactly one of the listed words, alone or with what is friendly: "LGTM, but wait for #12" is none, and
"LGTM :-1:" is none (F09). So is a withdrawal. A veto is whatever can only be meant as one, on any line of the reply and
however a phone types it, since it can only hold a train back. What holds a word or an emoji of a veto and is no plain
one is unclear, as is a withdrawal in other words: its author says which.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import NamedTuple

from stationmaster.core.emoji import DOUBTFUL, FRIENDLY, says_no, taken_out
from stationmaster.core.quorum import Choice
from stationmaster.core.value import Value

_MENTION = r"<@[A-Z0-9]+(?:\|[^>]*)?>"
_LEADING_MENTION = re.compile(rf"^(?:{_MENTION}[\s,:]*)+")
_HASH = r"(?:[\s,:#(]+(?P<manifest>[0-9a-f]{8,64})\)?(?![0-9a-z]))?"
_KINDNESS = r"(?:thanks|thank you|thx|ship it|great work|good job|nice work|nice|great)"
_APPROVE = re.compile(rf"(?:lgtm|approved?|\+1){_HASH}(?:[\s.,!…]|\b{_KINDNESS}\b)*", re.IGNORECASE)
_NO_WORD = re.compile(r"[\s.,!…]*")
_APPROVING = re.compile(r"\blgtm\b|\bapproved?\b|(?<!\w)\+1\b", re.IGNORECASE)

_SHIP = r"(?:ship|deploy|release|promote|merge|proceed|go\s+(?:live|out|ahead)|roll\s+(?:this|it)?\s*out)"
_SHIPPED = r"(?:shipped|deployed|released|promoted|merged|rolled\s+out)"
_NOT = r"(?:do\s+not|don't|dont|must\s+not|mustn't|should\s+not|shouldn't|can\s?not|can't|will\s+not|won't|wont|never)"
_MINUS_ONE = r"-+1(?!\w|[.,]\d)"
_FILLER = (
    r"(?:(?:no|nope|nah)\s*[,.;:!]+\s*|(?:sorry|please|pls|hey|hi|hmm+|ok|okay|wait|well|and|but|so|oh|also|still|all|team)"
    r"\b[\s,.:;!]*)*"
)
_I = (
    r"(?:(?:i|we)\s+(?:(?:hereby|must|have\s+to|need\s+to|will|am|are)\s+)*|i'm\s+|it's\s+a\s+|this\s+is\s+a\s+|my\s+)?"
)
_VETO = re.compile(
    rf"{_FILLER}(?:{_I}(?:veto(?:ed|ing)?|nack(?:ed|ing)?|nak|no[\s-]?go)\b"
    rf"|(?:i|we|you|this|it)?\s*{_NOT}\s+(?:yet\s+)?{_SHIP}\b"
    r"|stop(?=\s*(?:$|[.,:;!?-])|\s+(?:the|this|it|that|please|now|because|here|everything|deploy|release|promot|train))"
    r"|(?:i\s+object|objection|reject(?:ed)?|abort|halt)(?=\s*(?:$|[.,:;!?-])|\s+(?:because|since|to|the)\b)"
    rf"|{_I}{_MINUS_ONE}|-\s+1(?=[\s.!]*$))"
    rf"{_HASH}",
    re.IGNORECASE,
)
_BETWEEN = r"[\s.*_-]+"
_VETO_WORD = re.compile(
    rf"\bveto\w*|\bnack(?:ed|ing)?\b|\bnak\b|\bno[\s-]?go\b|\b{_NOT}\s+(?:yet\s+)?(?:{_SHIP}|be\s+{_SHIPPED}|approve)\b"
    r"|\bstop\b|\bobjection\b|\bi\s+(?:object|block|reject)\b"
    rf"|(?<![\w.+-]){_MINUS_ONE}|(?<!\w)-+\s*one\b|\bminus\s+(?:1|one)(?=\s*(?:$|[.,:;!?]))"
    rf"|\b{_BETWEEN.join('veto')}\b|\b{_BETWEEN.join('nack')}\b",
    re.IGNORECASE | re.MULTILINE,
)
_WHAT = r"(?:(?:my|the|this)\s+)?(?:vote|veto|approval|ballot|lgtm)"
_WITHDRAW = re.compile(
    rf"(?:i\s+)?(?:(?:withdraw|withdrawn|retract)(?:\s+{_WHAT})?|{_WHAT}\s+(?:is\s+)?(?:withdrawn|lifted))"
    rf"{_HASH}[\s.!]*",
    re.IGNORECASE,
)
_WITHDRAWING = re.compile(
    r"^\W*(?:withdraw|retract)|\bi\s+(?:\w+\s+){0,3}(?:withdraw|retract)"
    rf"|\b(?:withdraw|retract)\w*\s+{_WHAT}\b|\b{_WHAT}\s+(?:is\s+)?(?:withdrawn|retracted|lifted)\b",
    re.IGNORECASE | re.MULTILINE,
)
_AN_APPROVAL = re.compile(r"\b(?:approval|lgtm)\b", re.IGNORECASE)
_REASON_START = re.compile(r"^(?:[\s.,:;!()—–-]|because\b|since\b)+", re.IGNORECASE)
_PASS_OVER = re.compile(
    rf"pass(?:es|ing)?\s+over\s+(?P<whom>{_MENTION}(?:[\s,]*(?:and\s+)?{_MENTION})*)[\s.!]*", re.IGNORECASE
)
_MENTIONED = re.compile(r"<@([A-Z0-9]+)")

_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0501\u0261\u03bd\u03bf\u03c4\u03b1\u0442\u043a\u0475\u03b5\u00f8\u0131"
    "\u2212\u02d7\u2043\u2500\u2501\u2574\u23af\u268a\u2796\u30fc\u00af\u02c9\u2019\u2018",
    "aeopcyxisdgvotatkveoi------------''",
)
"""Letters of other scripts that look like ours, in lower case, and what looks like a dash or an apostrophe."""
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""What nobody sees, beside the marks and the signs of control."""
_IN_WORDS = ((re.compile(r":heavy_minus_sign:", re.IGNORECASE), "➖"), (re.compile(r":one:", re.IGNORECASE), "1"))
"""Emoji that are read as the sign they show."""


class SpokenVote(Value):
    """A vote read from a reply: the choice, the short manifest hash if it names one, and the reason if it gives one."""

    choice: Choice
    manifest: str | None = None
    reason: str | None = None


def votes(
    text: str, *, approve_emoji: Collection[str] = ("+1",), veto_emoji: Collection[str] = ()
) -> SpokenVote | None:
    """Return the vote that a reply says, or None where it says none, or none plainly (C-15, F09).

    Read are ``LGTM``, ``approve``, ``+1`` and ``withdraw`` as the whole of the reply, with a mention before, a short
    manifest hash (eight digits or more) after, and friendly emoji; and ``veto``, ``I veto``, ``nack``, ``no go``,
    ``do not ship``, ``stop``, ``-1`` at the start of any line that is no quotation. A question, and an approval with a
    condition, are no votes.

    :param text: as Slack sends it, with its entities.
    :param approve_emoji: canonical names that approve.
    :param veto_emoji: canonical names that veto, beside ``-1``.
    """
    text = _in_words(text)
    bare, emoji = taken_out(_plain(text))
    if not {*emoji} & _vetoing(veto_emoji):
        withdrawn = _WITHDRAW.fullmatch(bare.strip())
        if withdrawn and {*emoji} <= FRIENDLY | {*approve_emoji}:
            return _vote("withdraw", withdrawn["manifest"], "")
        approved = _APPROVE.fullmatch(bare.strip())
        if approved and {*emoji} <= FRIENDLY | {*approve_emoji}:
            return _vote("approve", approved["manifest"], "")
        if (
            emoji
            and _NO_WORD.fullmatch(bare)
            and {*emoji} & {*approve_emoji}
            and {*emoji} <= FRIENDLY | {*approve_emoji}
        ):
            return SpokenVote(choice="approve")
    return _veto(text, veto_emoji)


def unclear(text: str, *, veto_emoji: Collection[str] = ()) -> bool:
    """Return whether a reply that says no vote plainly holds a word or an emoji of a veto, its own or in a quotation.

    So is one that withdraws in other words than the listed ones, and an approval beside an emoji that doubts it.
    """
    text = _in_words(text)
    own = "\n".join(line for line in text.splitlines() if not _quoted(line))
    if _holds_an_objection(text, veto_emoji) or _WITHDRAWING.search(_Folded.of(own).text):
        return True
    return bool(_APPROVING.search(own)) and bool({*taken_out(own)[1]} & DOUBTFUL)


def takes_back_an_approval(text: str) -> bool:
    """Return whether a withdrawal names an approval as what it takes back: it lifts no veto."""
    withdrawn = _WITHDRAW.fullmatch(taken_out(_plain(text))[0].strip())
    return withdrawn is not None and bool(_AN_APPROVAL.search(withdrawn[0]))


def passes_over(text: str) -> tuple[str, ...]:
    """Return the Slack accounts whose unclear words a reply passes over: ``pass over @name``; empty for none."""
    found = _PASS_OVER.fullmatch(_plain(text))
    return tuple(_MENTIONED.findall(found["whom"])) if found else ()


def _plain(text: str) -> str:
    return _LEADING_MENTION.sub("", text.strip()).strip().strip("*_").strip()


def _in_words(text: str) -> str:
    for emoji, sign in _IN_WORDS:
        text = emoji.sub(sign, text)
    return text


def _quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "&gt;"))


def _vetoing(veto_emoji: Collection[str]) -> frozenset[str]:
    return frozenset({"-1", *veto_emoji})


def _veto(text: str, veto_emoji: Collection[str]) -> SpokenVote | None:
    lines = [line for line in text.strip().splitlines() if not _quoted(line)]
    for number, line in enumerate(lines):
        said = _plain(line)
        rest = "\n".join(lines[number + 1 :])
        folded = _Folded.of(said)
        word = _VETO.match(folded.text)
        if word:
            return _vote("veto", word["manifest"], "\n".join([said[folded.origin[word.end()] :], rest]))
        bare, emoji = taken_out(said)
        first = said.split(maxsplit=1)[:1]
        leads = taken_out(first[0])[1] if first and not taken_out(first[0])[0].strip() else ()
        if (
            leads
            and {*leads} <= _vetoing(veto_emoji)
            and not _APPROVING.search(bare)
            and {*emoji} <= _vetoing(veto_emoji)
        ):
            return _vote("veto", *_named(said.removeprefix(first[0])), rest)
    return None


def _named(rest: str) -> tuple[str | None, str]:
    named = re.compile(_HASH, re.IGNORECASE).match(rest)
    return (named["manifest"], rest[named.end() :]) if named else (None, rest)


def _holds_an_objection(text: str, veto_emoji: Collection[str]) -> bool:
    bare, emoji = taken_out(text)
    said = any(_VETO_WORD.search(_Folded.of(each).text) for each in (text, bare))
    return said or any(says_no(name) or name in _vetoing(veto_emoji) for name in emoji)


def _vote(choice: Choice, manifest: str | None, *rest: str) -> SpokenVote:
    reason = _REASON_START.sub("", "\n".join(rest)).strip()
    return SpokenVote(choice=choice, manifest=manifest.lower() if manifest else None, reason=reason or None)


class _Folded(NamedTuple):
    """A text as it looks: without what nobody sees, in our letters. ``origin`` says where each sign stood."""

    text: str
    origin: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> _Folded:
        kept = [*_signs(text)]
        return cls("".join(sign for sign, _ in kept), (*(place for _, place in kept), len(text)))


def _signs(text: str) -> Iterator[tuple[str, int]]:
    for place, sign in enumerate(text):
        for each in unicodedata.normalize("NFKD", sign).casefold().translate(_LOOKALIKES):
            kind = unicodedata.category(each)
            if kind not in ("Mn", "Me", "Cf") and each not in _UNSEEN:
                yield ("-" if kind == "Pd" else each), place
