"""Every emoji that the station says is a picture in the stand-in Slack, too."""

from __future__ import annotations

import re
from pathlib import Path

import stationmaster
from stationmaster.rehearsal.slack.markup import EMOJI

_CODE = Path(str(stationmaster.__file__)).parent
_SAID = re.compile(r":([a-z][a-z0-9_]+):(?= |\")")
_NOT_SAID = frozenset({"class", "func", "meth", "data", "memory", "param", "return", "returns", "raises"})


def test_every_emoji_that_is_said_is_drawn() -> None:
    rooms = sorted(room for room in _CODE.iterdir() if room.is_dir() and room.name != "rehearsal")
    texts = [path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py")]
    said = {name for text in texts for name in _SAID.findall(text)} - _NOT_SAID
    assert {"ballot_box_with_ballot", "steam_locomotive", "telephone_receiver", "speech_balloon"} <= said
    assert said - EMOJI.keys() == set()
