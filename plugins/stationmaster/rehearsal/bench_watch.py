"""Fifty channels that are watched: what is asked of Slack in a minute, how soon each is read, and what a look costs.

The stand-in counts every call and answers 429 above Slack's published tiers, on a clock that is moved a look at a time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from slack_sdk import WebClient

from stationmaster.config.people import Channel
from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import QuestionsWatch
from stationmaster.hooks.chat import Chat
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin
from stationmaster.rehearsal.slack.models import SlackChannel, SlackEntry, SlackUser
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN, SlackWorld
from stationmaster.watches import questions
from stationmaster.work.context import Desk

CHANNELS = 50
TIER_3 = 50
"""Calls of conversations.history that Slack takes in a minute."""
SLOWEST = timedelta(minutes=3)
"""After so long each channel must have been read again."""
LOOK = timedelta(seconds=60)
_STRANGER = "U00STRANGER"


class Watched(NamedTuple):
    """What so many looks at so many channels came to.

    :param most: calls of conversations.history in the fullest minute.
    :param limited: answers that said: later.
    :param slowest: the longest time between two readings of one channel.
    :param look: seconds of a look, the median; no worker waits meanwhile, for looks are taken in a trigger.
    :param tagged: how many of the questions that nobody answered were tagged.
    """

    channels: int
    asked: int
    tagged: int
    most: int
    limited: int
    slowest: timedelta
    look: float


class _Hand:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def measure(folder: Path, team: TeamConfig, *, channels: int = CHANNELS, looks: int = 40) -> Watched:
    """Watch so many channels, a question in each, for so many looks.

    :param folder: where a ledger may stand.
    :param team: any team with a role; its files are not changed.
    """
    hand = _Hand(datetime(2021, 10, 20, 17, 0, tzinfo=UTC))
    ids = [f"C{number:09}" for number in range(channels)]
    world = SlackWorld(
        users=[SlackUser(id=_STRANGER, name="stranger")],
        channels=[SlackChannel(id=each, name=f"channel-{number}") for number, each in enumerate(ids)],
        clock=hand,
        enforce_limits=True,
    )
    named = {f"bench-{number}": Channel(id=each, name=f"channel-{number}") for number, each in enumerate(ids)}
    watch = QuestionsWatch(
        id="bench",
        title="Bench",
        kind="questions",
        role="primary",
        channels=tuple(named),
        within=timedelta(minutes=10),
    )
    team = team.model_copy(update={"channels": named, "watches": {"bench": watch}, "log": None})
    ledger = Ledger.at(f"sqlite:///{folder / 'watch.db'}")
    ledger.migrate(hand())
    for each in ids:
        world.post_as(_STRANGER, each, "How do I get access?")
    began, took = hand(), []
    with serve(standin.create_app(world)) as url:
        for _ in range(looks):
            begun = time.perf_counter()
            client = WebClient(token=STAND_IN_TOKEN, base_url=f"{url}/api/", timeout=10)
            questions.look(Desk(team=team, ledger=ledger, chat=Chat.from_client(client), now=hand), watch)
            took.append(time.perf_counter() - begun)
            hand.at += LOOK
    ledger.close()
    histories = [entry for entry in world.journal if entry.method == "conversations.history"]
    minutes = Counter(entry.at[:16] for entry in histories)
    posted = [entry for entry in world.journal if entry.method == "chat.postMessage" and entry.applied]
    limited = sum(entry.error == "ratelimited" for entry in world.journal)
    slowest = max(_longest(began, histories, each) for each in ids)
    return Watched(channels, channels, len(posted), max(minutes.values()), limited, slowest, median(took))


def _longest(began: datetime, histories: Sequence[SlackEntry], channel: str) -> timedelta:
    """Return the longest time between two readings of a channel."""
    read = [datetime.fromisoformat(each.at) for each in histories if each.args["channel"] == channel and not each.error]
    return max((after - before for before, after in pairwise([began, *read])), default=timedelta.max)
