"""The evidence of a team's own work in a week in which everything went well, for tests that spoil one thing of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from stationmaster.config.chores import Chore, ChoresHead
from stationmaster.config.incidents import IncidentRules
from stationmaster.config.loader import load
from stationmaster.config.oncall_log import LogRules
from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import QuestionsWatch
from stationmaster.ledger.records import Entry
from stationmaster.rehearsal.cast_questions import Noted, Written
from stationmaster.rehearsal.evidence import Evidence, HandedOver, Opened, Run, Said
from stationmaster.rehearsal.evidence_duty import DutyScript, Filed
from tests.rehearsal.good_week import INCLUDE

MONDAY = datetime(2024, 3, 11, 8, 30, tzinfo=UTC)
"""09:30 in Zurich; Anouk is on call since 09:00, the week after it is Bojan."""
NIGHT = datetime(2024, 3, 12, 21, 40, tzinfo=UTC)
"""Tuesday, 22:40 in Zurich."""
MORNING = datetime(2024, 3, 13, 8, 0, tzinfo=UTC)
"""Wednesday, 09:00 in Zurich: the hours of alerts begin."""
BEGAN, ENDED = datetime(2024, 3, 11, 8, 0, tzinfo=UTC), datetime(2024, 3, 18, 8, 0, tzinfo=UTC)
"""The two handoffs of the week."""
ASKED_AT = datetime(2024, 3, 11, 9, 5, tzinfo=UTC)
CHORE = "dre.chores/review/2024-03-11T0930"
CARRIED = "dre.chores/review/2024-03-18T0930"
INCIDENT = "dre.incident/2024-03-12.1"
REPOSITORY = "dfinity/dre"
TS = f"{ASKED_AT.timestamp():.6f}"
TAG = f"dre.watch/question/C0ASK/{TS}/tag"
REVIEW = Chore.model_validate(
    {
        "id": "review",
        "title": "Review the alerts",
        "owner": "anouk",
        "schedule": {"kind": "cron", "at": "30 9 * * mon"},
        "role": "ops",
        "due": "1d",
        "evidence": [
            {"id": "board", "kind": "link", "title": "The board"},
            {"id": "noisy", "kind": "number", "title": "Noisy alerts", "at_least": 0, "at_most": 10},
        ],
    }
)
HEAD = ChoresHead.model_validate({"team": "dre", "issues": {"repository": REPOSITORY}})
RULES = IncidentRules.model_validate(
    {
        "roles": ["alerts"],
        "ladder": [{"group": "engineers", "after": "30m"}],
        "channel": "eng-dre",
        "severities": {"critical": {"title": "Critical", "critical": True}, "major": {"title": "Major"}},
        "impacts": {"network": {"title": "the network", "large": True}},
        "services": ["ci"],
        "tickets": {"repository": REPOSITORY},
        "report": {"repository": REPOSITORY, "labels": ["report"]},
        "postmortem": {
            "severities": ["major"],
            "filing": {"repository": REPOSITORY, "labels": ["postmortem"], "template": "postmortem"},
        },
    }
)
WATCH = QuestionsWatch.model_validate(
    {
        "id": "questions",
        "title": "Questions",
        "kind": "questions",
        "role": "ops",
        "ids": ["C0ASK00001"],
        "within": "45m",
    }
)


@cache
def team() -> TeamConfig:
    dre = load(INCLUDE, teams=["dre"]).team("dre")
    return dre.model_copy(
        update={
            "chores": {"review": REVIEW},
            "chores_head": HEAD,
            "incidents": RULES,
            "watches": {"questions": WATCH},
            "log": LogRules.model_validate({"channels": ["eng-dre"], "repository": REPOSITORY, "labels": ["log"]}),
        }
    )


def account(person: str) -> str:
    return team().people[person].slack[0]


def fact(about: str, kind: str, at: datetime, by: str = "stationmaster", subject: str = "", /, **value: Any) -> Entry:
    body = {"kind": kind, "subject": subject, "value": value}
    return Entry(
        seq=int(at.timestamp()),
        at=at,
        actor=by,
        action="fact.recorded",
        subject=about,
        body=body,
        prev_hash="",
        hash="",
    )


def said(key: str, at: datetime, text: str = "", channel: str = "") -> Said:
    return Said(at, key, text, True, "Stationmaster", channel=channel)


def written(about: str, at: datetime, text: str, of: str = "") -> Entry:
    """An entry of the log."""
    return fact(f"dre.log/{about}", "entry", at, "stationmaster", of, at=at.isoformat(), text=text, links=[], about=of)


def opened(name: str, at: datetime, of: datetime | None = None) -> Entry:
    due, came = (at + timedelta(days=1)).isoformat(), (of or at).isoformat()
    return fact(name, "opened", at, title="Review the alerts", opened_at=at.isoformat(), due_at=due, of=came)


def asked(name: str, at: datetime, person: str, place: int = 0) -> Entry:
    return fact(name, "asked", at, "stationmaster", str(place), people=[person])


def ended(name: str, at: datetime, by: str, outcome: str = "done", carried: int = 0, number: str = "3") -> Entry:
    shown = [
        {"id": "board", "kind": "link", "text": "https://board.example.org", "url": "https://board.example.org"},
        {"id": "noisy", "kind": "number", "text": number, "url": ""},
    ]
    return fact(name, "ended", at, by, outcome=outcome, why="", evidence=shown, late_by=0, carried_over=carried)


def chores() -> Evidence:
    """One chore that was done at once, and one that was late and carried over."""
    done, late = MONDAY + timedelta(minutes=40), MONDAY + timedelta(days=14, hours=1)
    began, handed = MONDAY + timedelta(days=7), MONDAY + timedelta(days=13, hours=23, minutes=30)
    return Evidence(
        runs=(
            Run("dre.chores.review", "r1", "success", MONDAY, done),
            Run("dre.chores.review", "r2", "success", began, late),
        ),
        audit=(
            opened(CHORE, MONDAY),
            asked(CHORE, MONDAY, "anouk"),
            ended(CHORE, done, "anouk"),
            opened(CARRIED, began),
            asked(CARRIED, began, "bojan"),
            asked(CARRIED, handed, "carlo", place=1),
            ended(CARRIED, late, "carlo", carried=1),
        ),
        messages=(
            said(f"{CHORE}/ask/0", MONDAY, f"<@{account('anouk')}>: it is yours"),
            said(f"{CHORE}/ended", done),
            said(f"{CARRIED}/ask/0", began, f"<@{account('bojan')}>: it is yours"),
            said(f"{CARRIED}/late/1", began + timedelta(days=1)),
            said(f"{CARRIED}/ask/1", handed, f"<@{account('carlo')}>: it is yours"),
            said(f"{CARRIED}/ended", late),
        ),
        issues=tuple(Opened(MONDAY, REPOSITORY, f"{name}/issue", "A chore", ()) for name in (CHORE, CARRIED)),
    )


def incident() -> Evidence:
    """One that came at night and was not critical: paged in the morning, taken on the second rung."""
    taken = MORNING + timedelta(minutes=34)
    engineers = [name for name in team().groups["engineers"] if team().people[name].active]
    report = f"# {INCIDENT}\n\n| When | What |\n\n{team().people['bojan'].name}"
    return Evidence(
        runs=(Run("dre.incident", "r1", "success", NIGHT, taken),),
        audit=(
            fact(INCIDENT, "opened", NIGHT, severity="major", impact="network", title="CI is red", key="run/r1"),
            fact(INCIDENT, "paged", MORNING, "stationmaster", "0/0", place=0, round=0, people=["anouk"]),
            fact(INCIDENT, "paged", MORNING + timedelta(minutes=30), place=1, round=0, people=engineers),
            fact(INCIDENT, "acknowledged", taken, "bojan", way="airflow"),
            fact(INCIDENT, "resolved", taken + timedelta(hours=1), "bojan", text="It is green"),
            fact(
                INCIDENT,
                "examined",
                taken + timedelta(hours=2),
                "bojan",
                follow_ups=["Watch it"],
                root_cause="x",
                runbook="none fitted",
            ),
            fact(INCIDENT, "postmortem", taken + timedelta(hours=9), "bojan", url="https://example.org"),
        ),
        messages=(
            said(f"{INCIDENT}/tell/page/0/0", MORNING),
            said(f"{INCIDENT}/tell/page/0/1", MORNING + timedelta(minutes=30)),
        ),
        issues=(
            Opened(taken, REPOSITORY, f"{INCIDENT}/report", "Report", (), report),
            Opened(taken, REPOSITORY, f"{INCIDENT}/follow-up/0/0", "Watch it", ()),
        ),
    )


def filed() -> Filed:
    """The same report as a file."""
    return Filed(MORNING, REPOSITORY, "reports/1.md", f"{INCIDENT}/report", incident().issues[0].body)


def watched() -> Evidence:
    """A question that nobody answered in its 45 minutes, one that was answered at once, and a line for the log."""
    tagged = ASKED_AT + timedelta(minutes=45)
    quick = ASKED_AT + timedelta(days=1)
    questions = (
        Written("dre", "questions", "C0ASK", TS, ASKED_AT, "How do I?", answered=False),
        Written("dre", "questions", "C0ASK", f"{quick.timestamp():.6f}", quick, "Where?", answered=True),
    )
    log = "Anouk was tagged\\: How do I? A question had no answer; Anouk was tagged: How do I? All quiet"
    return Evidence(
        handoffs=(HandedOver.of("dre.oncall", BEGAN), HandedOver.of("dre.oncall", ENDED)),
        issues=tuple(
            Opened(at, REPOSITORY, f"{HandedOver.of('dre.oncall', at).id}/log", "Log", (), log) for at in (BEGAN, ENDED)
        ),
        runs=(Run("dre.watch", "r1", "success", ASKED_AT, tagged),),
        duty=DutyScript(questions, (Noted("dre", "anouk", ASKED_AT, "All quiet"),)),
        messages=(said(TAG, tagged, f"<@{account('anouk')}>: please answer", "C0ASK"),),
        audit=(
            written("2024-03-11", tagged, "A question had no answer; Anouk was tagged: How do I?", "question"),
            written("2024-03-11", ASKED_AT, "All quiet"),
        ),
    )
