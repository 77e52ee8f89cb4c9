"""What a person says in a Slack thread, or with an emoji, read as a vote.

Whoever says more than the plain words is not taken to approve: "LGTM, but wait for #12" is no ballot (F09). A veto
may be followed by anything, since it can only hold a train back.
"""

from __future__ import annotations

import re

from stationmaster.core.quorum import Choice
from stationmaster.core.value import Value

_LEADING_MENTION = re.compile(r"^(?:<@[A-Z0-9]+(?:\|[^>]*)?>[\s,:]*)+")
_MANIFEST = r"(?:[\s,:#(]+(?P<manifest>[0-9a-f]{8,64})\)?(?![0-9a-z]))?"
_KINDNESS = r"(?:thanks|thank you|thx|ship it|great work|good job|nice work|nice|great)"
_EMOJI = r":[a-z0-9_+-]+(?:::skin-tone-[2-6])?:"
_DECORATION = rf"(?:[\s.,!…\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]|{_EMOJI}|\b{_KINDNESS}\b)*"
_APPROVE = re.compile(
    rf"(?:lgtm|approved?|\+1|:\+1:(?::skin-tone-[2-6]:)?|:thumbsup:|👍[\U0001f3fb-\U0001f3ff]?){_MANIFEST}{_DECORATION}",
    re.IGNORECASE,
)
_VETO = re.compile(
    rf"(?:veto(?:ed)?\b|-1\b|:-1:(?::skin-tone-[2-6]:)?|:thumbsdown:|👎[\U0001f3fb-\U0001f3ff]?){_MANIFEST}(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_WHAT = r"(?:(?:my|the|this)\s+)?(?:vote|veto|approval|ballot|lgtm)"
_WITHDRAW = re.compile(
    rf"(?:i\s+)?(?:(?:withdraw|withdrawn|retract)(?:\s+{_WHAT})?|{_WHAT}\s+(?:is\s+)?(?:withdrawn|lifted))"
    rf"{_MANIFEST}(?P<rest>[\s.!]*|[\s]*(?:[,:;-]|because\b)[^?]*)",
    re.IGNORECASE | re.DOTALL,
)
_REASON_START = re.compile(r"^(?:[\s.,:;!()—–-]|because\b|since\b)+", re.IGNORECASE)


class SpokenVote(Value):
    """A vote read from a reply: the choice, the short manifest hash if it names one, and the reason if it gives one."""

    choice: Choice
    manifest: str | None = None
    reason: str | None = None


def votes(text: str) -> SpokenVote | None:
    """Return the vote that a reply says, or None where it says none, or none plainly (C-15, F09).

    Read are ``LGTM``, ``approve``, ``+1``, ``veto``, ``-1``, ``withdraw`` at the start of the reply, in any case,
    with a mention before and a short manifest hash (eight digits or more) after. A question, a quotation and an
    approval with a condition are no votes.

    :param text: as Slack sends it, with its entities.
    """
    plain = _LEADING_MENTION.sub("", text.strip()).strip().strip("*_").strip()
    withdrawn = _WITHDRAW.fullmatch(plain)
    if withdrawn:
        return _vote("withdraw", withdrawn)
    approved = _APPROVE.fullmatch(plain)
    if approved:
        return _vote("approve", approved)
    vetoed = _VETO.fullmatch(plain)
    return _vote("veto", vetoed) if vetoed else None


def _vote(choice: Choice, said: re.Match[str]) -> SpokenVote:
    manifest = said["manifest"]
    rest = _REASON_START.sub("", said.groupdict().get("rest") or "").strip()
    return SpokenVote(choice=choice, manifest=manifest.lower() if manifest else None, reason=rest or None)
