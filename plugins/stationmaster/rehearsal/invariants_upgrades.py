"""What must hold after upgrades of dependencies, held against what the stand-in GitHub was asked for (D-24, D-25)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.invariants_people import counted_here, holder

_OF_OURS = {"merged": False, "merged_by_policy": True}
"""The endings by a merge of ours, and whether nobody was asked."""


def unruly_upgrades(evidence: Evidence, teams: Mapping[str, TeamConfig]) -> Iterator[str]:
    """Yield each upgrade that was started twice, and each merge that came twice, or that nobody who may answers for.

    What a policy of never would have merged by itself is one of them.
    """
    for key, times in Counter(one.key for one in evidence.started).items():
        if times > 1:
            yield f"{key} was started {times} times"
    for (repository, number), times in Counter((one.repository, one.number) for one in evidence.merged).items():
        if times > 1:
            yield f"{repository}#{number} was merged {times} times"
    for merge in evidence.merged:
        if not merge.sha:
            yield f"{merge.repository}#{merge.number} was merged at whatever head it had"
        ends = [
            fact
            for fact in evidence.settled
            if fact.value["outcome"] in _OF_OURS
            and fact.value["number"] == merge.number
            and fact.departure.split("/", 1)[1].rpartition("/")[0] == merge.repository
        ]
        if len(ends) != 1:
            yield f"{merge.repository}#{merge.number} was merged, and {len(ends)} upgrades say so"
            continue
        yield from _unanswered_for(ends[0].departure, ends[0].by, merge.repository, evidence, teams)


def _unanswered_for(
    upgrade: str, by: str, repository: str, evidence: Evidence, teams: Mapping[str, TeamConfig]
) -> Iterator[str]:
    team = teams[upgrade.split(".", 1)[0]]
    rules = team.upgrades
    entry = rules.entry(repository) if rules is not None else None
    ended = next(fact for fact in evidence.settled if fact.departure == upgrade)
    if rules is None or entry is None:
        yield f"{upgrade} is nobody's"
        return
    if _OF_OURS[str(ended.value["outcome"])]:
        if entry.merge == "never":
            yield f"{upgrade} was merged by a policy that merges nothing"
        return
    rotation = next(found for found in team.roster.values() if rules.role in found.roles)
    if counted_here(team, rotation) and by != holder(team, rotation, rules.role, ended.at):
        yield f"{upgrade} was merged by the word of {by}, who is not on call"
