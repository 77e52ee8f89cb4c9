"""The request to vote, in Slack: once for each proposal; a silent Slack holds nothing up (D-11, F04, F60)."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from stationmaster.core.rollouts.progress import Progress
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.rollouts import records, wording
from stationmaster.rollouts.planning import rollout_of
from stationmaster.work.effects import FREE, Receipt, perform
from stationmaster.work.messages import UNSAID

if TYPE_CHECKING:
    from stationmaster.core.rollouts.plan import Batch
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import RolloutRecord

log = logging.getLogger(__name__)

ASKED = "rollout_asked"
_SHOWS_WITHIN = timedelta(seconds=10)


def ask(station: Station, record: RolloutRecord, batch: Batch) -> tuple[str, ...]:
    """Ask for votes on the proposals of a batch that nobody was asked about; return those that were asked about."""
    found = records.reached(station.ledger, record)
    done = {fact.subject for fact in station.ledger.facts(record.departure, kind=ASKED)}
    wanted = {
        way.target: found[way.target].proposal
        for way in batch.ways
        if found[way.target].progress is Progress.PROPOSED and found[way.target].proposal
    }
    new = {target: proposal for target, proposal in wanted.items() if proposal not in done}
    if new:
        try:
            _post(station, record, batch, new)
        except UNSAID as error:
            log.warning("%s: nobody can be asked to vote on batch %s: %s", record.departure, batch.number, error)
            return ()
        for proposal in new.values():
            value = {"batch": batch.number}
            station.ledger.record_once(record.departure, ASKED, proposal, value, station.now(), "stationmaster")
    return tuple(wanted.values())


def asked(station: Station) -> tuple[str, ...]:
    """Return the id of whoever is asked to vote now, nothing where nobody is on call."""
    try:
        return (station.on_call(rollout_of(station).vote.role).id,)
    except NobodyOnCall:
        return ()


def _post(station: Station, record: RolloutRecord, batch: Batch, proposals: dict[str, str]) -> None:
    channel = station.team.channels[rollout_of(station).vote.channel].id
    ids = hashlib.sha256(",".join(sorted(proposals.values())).encode()).hexdigest()[:12]
    key = f"{record.departure}/rollout/votes/{batch.number}/{ids}"
    mention = station.team.mentions(asked(station))
    text = wording.votes(station, record, batch, proposals, f"{mention}, " if mention else "")

    def act() -> Receipt:
        message = station.chat.post(channel, text, key=key)
        return {"channel": message.channel, "ts": message.ts}

    def look_up() -> Receipt | None:
        effect = station.ledger.effect(key)
        if effect is None or effect.attempts == 0:
            return None
        message = station.chat.find(channel, key, effect.intended_at - timedelta(seconds=5))
        return None if message is None else {"channel": message.channel, "ts": message.ts}

    intent = {"channel": channel, "proposals": sorted(proposals.values())}
    perform(station, key, guard=FREE, intent=intent, act=act, look_up=look_up, settles_after=_SHOWS_WITHIN)
