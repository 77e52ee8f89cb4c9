"""What must hold of a team's own work after a rehearsal: chores, incidents, watches, the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.invariants_chores import miscounted_chores, unclosed_chores, untold_doers
from stationmaster.rehearsal.invariants_incidents import paged_out_of_hours, unpaged, unreported
from stationmaster.rehearsal.invariants_watches import (
    told_out_of_hours,
    undecided_alerts,
    unlogged,
    unpublished,
    untagged_questions,
)
from stationmaster.rehearsal.programme_duty import area_of

CLOSED = "A chore is closed once, with what shows that it was done, by whoever was asked or is on call"
ASKED = "A chore is asked of whoever is on call, who is told once; so is each shift after"
COUNTED = "A chore that is carried over is counted, and one that is late is said to be, not before"
PAGED = "A page comes when its rung is due, to whoever is on call then, and none after the acknowledgement"
COVERED = "Nobody is paged out of hours for what is not critical, where the team says so"
TOLD_AT_WORK = "A watch tells nobody anything outside its hours"
REPORTED = "Every incident ends with one report, its tickets, and the postmortem that its policy asks for"
TAGGED = "A question that nobody answers is tagged once, when its minutes are over, to whoever is on call"
DECIDED = "An alert of the night is told once, when its watch opens, and whoever is on call decides about it"
LOGGED = "What happened stands in the log of its day"
PUBLISHED = "The log of each shift is published once when it ends, and holds what happened"
ABOUT_PEOPLE = frozenset({CLOSED, ASKED, PAGED, TAGGED, DECIDED})


def judge_duty(evidence: Evidence, teams: Mapping[str, TeamConfig]) -> dict[str, Iterator[str]]:
    """Return the invariants of the teams' own work with what breaks them; none where none of it was played."""
    if not any(area_of(run.dag_id) for run in evidence.runs):
        return {}
    return {
        CLOSED: unclosed_chores(evidence, teams),
        ASKED: untold_doers(evidence, teams),
        COUNTED: miscounted_chores(evidence, teams),
        PAGED: unpaged(evidence, teams),
        COVERED: paged_out_of_hours(evidence, teams),
        REPORTED: unreported(evidence, teams),
        TAGGED: untagged_questions(evidence, teams),
        DECIDED: undecided_alerts(evidence, teams),
        TOLD_AT_WORK: told_out_of_hours(evidence, teams),
        LOGGED: unlogged(evidence, teams),
        PUBLISHED: unpublished(evidence, teams),
    }
