"""The story of a team's own work: who was asked what, how it ended, and what stands in the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.evidence_duty import chore_runs, filed_by, happened, matters
from stationmaster.rehearsal.transcript_duty import duty_json, duty_stories
from tests.rehearsal.duty_week import (
    CARRIED,
    CHORE,
    INCIDENT,
    MONDAY,
    NIGHT,
    chores,
    fact,
    filed,
    incident,
    said,
    team,
    watched,
    written,
)

TEAMS = {"dre": team()}


def told(evidence: Evidence) -> str:
    return "\n".join(duty_stories(evidence, TEAMS))


def test_t16_each_chore_is_a_row_that_says_whom_it_was_asked_of_and_how_it_ended():
    story = told(chores())
    assert (
        "| Mon 11 Mar 09:30 | review | Anouk Favre (Mon 11 Mar 09:30) |".replace("(", "\\(").replace(")", "\\)")
        in story
    )
    assert "done by Anouk Favre, Mon 11 Mar 10:10" in story
    assert "said to be late once. carried over once" in story
    assert "https://board.example.org" in story.replace("\\", "")


def test_t16_what_went_as_it_should_is_counted_after_a_while():
    many = []
    for number in range(10):
        at = MONDAY + timedelta(days=number)
        name = f"dre.chores/daily/{at:%Y-%m-%d}T0930"
        due = (at + timedelta(hours=8)).isoformat()
        many.append(fact(name, "opened", at, title="Daily", opened_at=at.isoformat(), due_at=due))
        many.append(fact(name, "ended", at, "anouk", outcome="done", evidence=[], carried_over=0, late_by=0))
    story = told(Evidence(audit=tuple(many)))
    assert story.count("| daily |") == 9
    assert "2 more went as they should" in story


def test_c26_a_question_stands_with_its_tag_and_its_answers():
    question = watched().duty.questions[0]
    evidence = watched()._replace(
        messages=(
            *watched().messages,
            said("", question.at, question.text, question.channel)._replace(by_bot=False, author="A stranger"),
            said("", question.at + timedelta(hours=1), "It is there", question.channel)._replace(
                by_bot=False, author="Anouk Favre", thread=question.ts
            ),
        )
    )
    story = told(evidence)
    assert "A stranger in Slack | How do I?" in story
    assert "Anouk Favre: please answer" in story
    assert "Anouk Favre in Slack | It is there" in story


def test_c33_an_incident_is_told_in_its_order_with_what_was_written():
    story = told(incident()._replace(files=(filed(),)))
    order = [f"### {INCIDENT}", "opened: CI is red", "rung 1 is paged: Anouk Favre", "has it", "resolved: It is green"]
    places = [story.replace("\\", "").index(each) for each in order]
    assert places == sorted(places)
    assert "reports/1.md" in story


def test_c30_the_log_is_told_by_shifts_and_without_the_hosts_of_stand_ins():
    link = "http://127.0.0.1:4711/dfinity/dre/issues/7"
    line = written("2024-03-11", MONDAY, "An issue was opened")
    body = {**line.body, "value": {**line.body["value"], "links": [link]}}
    later = written("2024-03-19", MONDAY + timedelta(days=8), "All quiet")
    story = told(Evidence(audit=(line.model_copy(update={"body": body}), later)))
    assert story.count("#### From") == 2
    assert "127.0.0.1" not in story
    assert "dfinity/dre/issues/7" in story.replace("\\", "")


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "a | b", "[x](javascript:y)"])
def test_f65_what_people_wrote_never_becomes_markup(evil):
    opening = fact(INCIDENT, "opened", NIGHT, severity="major", impact="network", title=evil, key="k")
    story = told(Evidence(audit=(opening, written("2024-03-11", MONDAY, evil))))
    assert "<script" not in story
    assert "](javascript" not in story
    assert all(line.count(" | ") == 2 for line in story.splitlines() if line.startswith("| ") and "opened:" in line)


def test_the_json_holds_chores_incidents_and_the_log():
    body = duty_json(chores()._replace(audit=(*chores().audit, *incident().audit, *watched().audit)), TEAMS)
    assert [one["id"] for one in body["chores"]] == [CHORE, CARRIED]
    assert body["chores"][1]["asked"][1]["people"] == ["carlo"]
    assert [one["what"] for one in body["incidents"][0]["happenings"]][:2] == ["opened", "paged"]
    assert {one["team"] for one in body["log"]} == {"dre"}


def test_nothing_is_told_of_a_team_that_did_nothing():
    assert told(Evidence()) == ""


def test_facts_are_found_below_their_area_alone():
    of_all = fact("dre.chores/review", "opened", MONDAY, "x", CHORE)
    audit = (*chores().audit, fact("dre.choresque/x/1", "opened", MONDAY))
    assert {fact.about for fact in happened(audit, "dre.chores")} == {CHORE, CARRIED}
    assert set(matters(audit, "dre.chores", "opened")) == {CHORE, CARRIED}
    assert set(chore_runs((*audit, of_all), "dre")) == {CHORE, CARRIED}
    assert [fact.kind for fact in happened(audit, "dre.chores", "ended")] == ["ended", "ended"]


def test_a_file_that_was_committed_is_read_from_the_journal():
    import base64

    text = "# A report\n\n<!-- stationmaster: dre.incident/2024-03-12.1/report -->\n"
    entry = {
        "at": MONDAY.isoformat(),
        "path": "/repos/dfinity/dre/contents/reports/1.md",
        "body": {"content": base64.b64encode(text.encode()).decode()},
    }
    found = filed_by(entry)
    assert (found.repository, found.path, found.key) == ("dfinity/dre", "reports/1.md", f"{INCIDENT}/report")
    plain = {**entry, "body": {"content": base64.b64encode(b"# By hand").decode()}}
    assert filed_by(plain).key == ""
