"""A release as its repository keeps it: a tag that never moves, and the notes, each made once (T-20, F19)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.blockers import blocker
from stationmaster.core.calendar import StopName
from stationmaster.core.changelog import changelog
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.core.instants import IsoWeek, local_text, to_local
from stationmaster.core.tagging import tag_of
from stationmaster.core.transitions import Act, allows
from stationmaster.core.value import Value
from stationmaster.departures import changes, ruling
from stationmaster.departures.acts import DepartureGuard
from stationmaster.departures.legs import Leg, deployed_at, legs_of
from stationmaster.departures.obstacles import conducted_by
from stationmaster.ledger.errors import EffectRefused
from stationmaster.work.effects import Receipt, perform
from stationmaster.work.obstacles import StepImpossible

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.config.releasing import ReleaseEntry
    from stationmaster.departures.station import Station

_SHOWN = 100
"""So many changes stand in the notes; the rest is counted."""
RELEASE_ACTS: Mapping[StopName, Act] = MappingProxyType({"cut": Act.RELEASE_CUT, "promote": Act.RELEASE})
"""What is done to a departure by releasing what a stop has brought; a promotion must be whole."""


class Released(Value):
    """One component's tag. ``url`` is the page of its notes, empty where there is none."""

    component: str
    repository: str
    tag: str
    sha: str
    url: str = ""


def publish(station: Station, departure: str, stop: StopName) -> tuple[Released, ...]:
    """Make the tags and the notes of what ``stop`` brought to its environment; nothing in any other state.

    :raises StepImpossible: a tag of that name stands at another commit, and is not moved (F19).
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    found = station.ledger.departure(departure)
    if found is None or not allows(found.state, RELEASE_ACTS[stop]):
        return ()
    released = []
    for leg in legs_of(station, departure, stop):
        entry, at = station.train.component(leg.component).release, deployed_at(station, leg)
        if entry is None or at is None or (stop == "cut" and entry.candidate is None):
            continue
        released.append(_release(station, leg, entry, at))
    return tuple(released)


def _release(station: Station, leg: Leg, entry: ReleaseEntry, at: datetime) -> Released:
    tag = _tag_of(station, leg, entry, at)
    _tag(station, leg, tag)
    url = _publish(station, leg, tag, at) if entry.notes else ""
    return Released(component=leg.component, repository=leg.repository, tag=tag, sha=leg.sha, url=url)


def versions(station: Station, departure: str) -> str:
    """Return, as TOML, the version of each component that the departure brought to production: tag and commit.

    ``version`` is the tag without its ``v``, as containers are tagged. A hotfix has its commit alone: nothing is tagged
    for it.
    """
    tables, tagged = [], kind_of(departure) is DepartureKind.TRAIN
    for leg in legs_of(station, departure, "promote"):
        entry, at = station.train.component(leg.component).release, deployed_at(station, leg)
        if at is None:
            continue
        lines = [f"[{leg.component}]"]
        if entry is not None and tagged:
            tag = _tag_of(station, leg, entry, at)
            lines += [f'version = "{tag.removeprefix("v")}"', f'tag = "{tag}"']
        tables.append("\n".join([*lines, f'commit = "{leg.sha}"']))
    return "\n\n".join(tables)


def _tag_of(station: Station, leg: Leg, entry: ReleaseEntry, at: datetime) -> str:
    """The day is that of the ledger, so that a retry past midnight makes no other tag."""
    return tag_of(
        entry.tag,
        component=leg.component,
        week=IsoWeek.parse(leg.departure.rpartition("/")[2]),
        day=to_local(at, station.train.zone).date(),
        sha=leg.sha,
        suffix=_candidate(station, leg, entry) if leg.stop == "cut" else "",
    )


def _candidate(station: Station, leg: Leg, entry: ReleaseEntry) -> str:
    """Return the suffix: a commit that comes to staging later in the same departure has a number, from 2 on."""
    manifests = (each.manifest for each in station.ledger.rounds(leg.departure))
    shas = [each.sha for manifest in manifests for each in manifest.passengers if each.component == leg.component]
    number = list(dict.fromkeys(shas)).index(leg.sha) + 1
    return f"{entry.candidate}{number if number > 1 else ''}"


def _tag(station: Station, leg: Leg, tag: str) -> None:
    from stationmaster.hooks.errors import ForgeConflict

    def act() -> Receipt:
        moved = station.forge.create_tag(leg.repository, tag, leg.sha, message=_title(station, leg))
        return {"ref": moved.ref, "sha": moved.sha}

    def look_up() -> Receipt | None:
        there = station.forge.find_tag(leg.repository, tag)
        return {"ref": f"tags/{tag}", "sha": there} if there == leg.sha else None

    intent = {"repository": leg.repository, "tag": tag, "sha": leg.sha}
    try:
        perform(station, f"{leg.key}/tag/{tag}", guard=_guard(station, leg), intent=intent, act=act, look_up=look_up)
    except EffectRefused as refused:
        if not isinstance(refused.__cause__, ForgeConflict):
            raise
        raise StepImpossible(
            blocker(
                "TAG_TAKEN",
                who=conducted_by(station),
                subject=leg.component,
                tag=tag,
                repository=leg.repository,
                found=(station.forge.find_tag(leg.repository, tag) or "another commit")[:12],
                sha=leg.sha[:12],
            )
        ) from refused


def _publish(station: Station, leg: Leg, tag: str, at: datetime) -> str:
    title, body = f"{_title(station, leg)} ({tag})", _notes(station, leg, at)

    def act() -> Receipt:
        release = station.forge.create_release(leg.repository, tag, title, body, prerelease=leg.stop == "cut")
        return {"tag": release.tag, "url": release.url}

    def look_up() -> Receipt | None:
        release = station.forge.find_release(leg.repository, tag)
        return None if release is None else {"tag": release.tag, "url": release.url}

    intent = {"repository": leg.repository, "tag": tag, "title": title}
    key, guard = f"{leg.key}/notes/{tag}", _guard(station, leg)
    return str(perform(station, key, guard=guard, intent=intent, act=act, look_up=look_up)["url"])


def _guard(station: Station, leg: Leg) -> DepartureGuard:
    return DepartureGuard(station, leg.departure, RELEASE_ACTS[leg.stop], why="releasing what it brought")


def _title(station: Station, leg: Leg) -> str:
    component = station.train.component(leg.component)
    return escaping.one_line(f"{component.title or component.id} {leg.departure.rpartition('/')[2]}")


def _notes(station: Station, leg: Leg, at: datetime) -> str:
    """Return the notes in Markdown: where it runs and since when, what is new, and under which issue (F65)."""
    own = (each for each in changes.aboard(station, leg.departure).changes if each.repository == leg.repository)
    when = escaping.markdown(local_text(at, station.train.zone))
    lines = [
        f"On {escaping.markdown(leg.environment)} since {when}, at `{leg.sha}`.",
        "",
        changelog(own).render_markdown(_SHOWN, logins_as_code=True),
    ]
    link = ruling.link_of(station, leg.departure)
    if link is not None:
        lines += ["", f"Logged as {link.repository}#{link.number}."]
    return "\n".join(lines)
