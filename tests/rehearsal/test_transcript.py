"""The story of a rehearsal: in the train's time, in words, in order, and with nothing that could ping or mark up."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from stationmaster.ledger.records import Effect, EffectState
from stationmaster.rehearsal.evidence import Evidence
from stationmaster.rehearsal.invariants import Finding
from stationmaster.rehearsal.transcript import as_json, as_markdown
from stationmaster.rehearsal.transcript_lines import lines
from stationmaster.rehearsal.transcript_slack import as_markdown as slack_markdown
from stationmaster.rehearsal.transcript_slack import as_text, without_notes
from tests.rehearsal.good_week import CUT, EXPLORER, HANDED_OVER, ID, PROMOTE, ballot, entry, good_week, said, teams

NAMES = {"U03AMARA0": "Amara Osei"}
HOLDS = (Finding("All is well", ()),)


def told(*entries, **changed) -> list[str]:
    evidence = good_week()._replace(audit=entries, **changed)
    return [f"{line.who}: {line.text}" for line in _lines(evidence)]


def _lines(evidence: Evidence):
    return lines(evidence, evidence.departures[0], teams()["cellxgene"])


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("<@U03AMARA0>: go", "Amara Osei: go"),
        ("<@U0NOBODY1>", "U0NOBODY1"),
        ("*Fixes* &amp; `a &lt; b`", "**Fixes** &amp; `a < b`"),
        ("(<http://127.0.0.1:1/o/r/pull/159|#159>)", "\\(\\#\u200b159\\)"),
        (":white_check_mark: done :nosuch_emoji:", "✅ done :\u200bnosuch\\_emoji:"),
        ("2 &lt; 3", "2 &lt; 3"),
        ("first\nsecond", "first<br>second"),
    ],
)
def test_slack_text_becomes_markdown_with_its_entities_undone_and_escaped_once(text: str, markdown: str) -> None:
    assert slack_markdown(text, NAMES) == markdown


@pytest.mark.parametrize("evil", ["&lt;script&gt;", "<script|<b>>", "a | b", "[x](javascript:y)", "&lt;!channel&gt;"])
def test_f65_nothing_from_slack_becomes_markup(evil: str) -> None:
    shown = slack_markdown(evil, NAMES)
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "](j" not in shown


def test_plain_text_names_people_and_labels() -> None:
    assert as_text("<@U03AMARA0> see <https://x.example|#3> &amp; go", NAMES) == "Amara Osei see #3 & go"


def test_release_notes_are_counted_and_left_out() -> None:
    assert without_notes("Deploy in progress.\n\n*Fixes*\n• one\n• two") == ("Deploy in progress.", 2)


def test_a_vote_says_who_how_and_on_what() -> None:
    vote = ballot("ben", channel="slack_reaction").model_dump(mode="json")
    assert told(entry(1, PROMOTE, "ballot.cast", actor="ben", **vote)) == [
        f"Ben Lindqvist: LGTM on manifest {vote['manifest'][:8]}, by a reaction in Slack"
    ]


def test_a_veto_says_why_and_a_strangers_vote_that_they_are_one() -> None:
    veto = ballot("hana", choice="veto", reason="search is slow").model_dump(mode="json")
    nobody = {**veto, "voter": None, "account": "U0NOBODY1", "choice": "approve", "reason": None}
    assert told(entry(1, PROMOTE, "ballot.cast", **veto), entry(2, PROMOTE, "ballot.cast", **nobody)) == [
        f"Hana Sato: A veto on manifest {veto['manifest'][:8]}, in Airflow: search is slow",
        f"U0NOBODY1 (nobody of the team): LGTM on manifest {veto['manifest'][:8]}, in Airflow",
    ]


def test_an_effect_is_told_in_words_and_its_technical_lines_are_not() -> None:
    key = f"cut/explorer/staging/{'a' * 40}/1"
    effect = (
        good_week()
        .effects[0]
        .model_copy(
            update={
                "key": f"{ID}/{key}",
                "intent": {
                    "repository": EXPLORER,
                    "workflow": "deploy.yml",
                    "inputs": {"sha": "a0beac87" + "0" * 32, "environment": "staging"},
                },
            }
        )
    )
    entries = [entry(n, CUT, f"effect.{what}", key) for n, what in enumerate(("intended", "acting", "done"), start=1)]
    assert told(*entries, effects=(effect,)) == [
        "Stationmaster: GitHub: deploy.yml started for explorer at a0beac870000, to staging"
    ]


def test_a_message_stands_where_the_ledger_says_that_it_was_said() -> None:
    opened = entry(1, CUT, "departure.opened", actor="admin")
    posted = entry(2, CUT, "effect.done", "tell/promote/complete")
    pinned = entry(3, CUT, "manifest.pinned", manifest=good_week().pins[0].manifest, number=1)
    assert [line.kind for line in _lines(good_week()._replace(audit=(opened, posted, pinned)))] == [
        "state",
        "slack",
        "manifest",
    ]


def test_what_people_write_in_the_thread_stands_before_what_it_caused() -> None:
    vote = ballot("emil", channel="slack_reply").model_dump(mode="json")
    thread = good_week().effects[0].model_copy(update={"key": f"{ID}/tell/headline"})
    words = said("", PROMOTE, "LGTM!", key="", by_bot=False, author="Emil Novak")
    other = said("", PROMOTE, "lunch?", key="", by_bot=False, author="Hana Sato", thread="2")
    found = told(entry(1, PROMOTE, "ballot.cast", **vote), effects=(thread,), messages=(words, other))
    assert found[0] == "Emil Novak in Slack: LGTM!"
    assert found[1].startswith("Emil Novak: LGTM on manifest")
    assert len(found) == 2


def test_a_wait_names_the_task_the_reason_and_the_people() -> None:
    sentence = "0 of 3 approvals are given."
    wait = entry(1, PROMOTE, "blockers.set", "promote/wait_for_the_quorum", blockers=["Q"], sentences=[sentence])
    assert told(wait) == [f"wait_for_the_quorum: {sentence} Waits for Amara Osei, Ben Lindqvist."]


def test_a_wait_names_no_address_that_is_gone_when_it_is_read() -> None:
    body = {"blockers": ["RUN_IN_PROGRESS"], "sentences": ["It runs: http://127.0.0.1:3857/o/r/actions/runs/7."]}
    (line,) = told(entry(1, CUT, "blockers.set", f"{ID}/cut/explorer.deploy_to_staging", **body))
    assert line.endswith("It runs: o/r/actions/runs/7.")


def test_a_wait_is_told_once_and_its_end_is_not() -> None:
    subject = "promote/wait_for_the_quorum"
    same = [entry(n, PROMOTE, "blockers.set", subject, blockers=["Q"], sentences=["It waits."]) for n in (1, 2)]
    assert told(*same, entry(3, PROMOTE, "blockers.set", subject, blockers=[], sentences=[])) == [
        "wait_for_the_quorum: It waits."
    ]


def waits(seq: int, *sentences: str, task: str = "batch.wait_until_start_time/batch 3"):
    return entry(seq, CUT + timedelta(minutes=seq), "blockers.set", f"rollout/{task}", sentences=list(sentences))


def test_d09_a_batch_says_once_for_which_one_it_waits_whatever_that_has_reached() -> None:
    due = "Batch 3 begins later."
    assert told(
        waits(1, due, "Batch 3 waits for batch 1: io67a is planned."),
        waits(2, due, "Batch 3 waits for batch 1: io67a is running."),
        waits(3, due, "Batch 3 waits for batch 2: shefu is planned."),
        waits(4, due, "Batch 3 waits for batch 2: shefu is running."),
        waits(5, "Batch 3 waits for batch 2: shefu is running."),
        waits(6, due),
    ) == [
        f"batch.wait_until_start_time: {due}",
        "batch.wait_until_start_time: Batch 3 waits for batch 2: shefu is planned.",
        f"batch.wait_until_start_time: {due}",
    ]


def recorded(seq: int, kind: str, subject: str, by: str = "stationmaster", **value):
    body = {"kind": kind, "subject": subject, "value": value}
    return entry(seq, CUT, "fact.recorded", f"fact/{seq}", actor=by, **body)


def test_f32_an_exception_is_told_from_the_request_to_its_use() -> None:
    asked = {"id": "fx-1", "freeze": "year-end", "why": "login is broken"}
    approved = {**asked, "approvals": [{"person": "amara"}, {"person": "ben"}]}
    assert told(
        recorded(1, "freeze-exception", "fx-1", "emil", **asked, approvals=[]),
        recorded(2, "freeze-exception", "fx-1", "ben", **approved),
        recorded(3, "freeze-exception-used", "fx-1", freeze="year-end"),
    ) == [
        "Emil Novak: Asks for an exception from year-end: login is broken",
        "Ben Lindqvist: The exception fx-1 from year-end is approved by Amara Osei and Ben Lindqvist",
        "Stationmaster: The exception fx-1 from year-end is used",
    ]


def test_what_a_fact_of_another_kind_keeps_under_the_same_names_is_not_put_into_these_words() -> None:
    """A hotfix keeps how many must approve it, where an exception keeps who did."""
    other = {"approvals": 2, "missing": 3, "end": 4, "step": ["x"], "person": None, "choice": {}, "version": 1}
    assert told(recorded(1, "hotfix", "", "emil", **other)) == []


def test_d11_each_step_of_a_target_is_told() -> None:
    version = "a" * 40
    steps = ("proposed", "accepted", "running", "done", "failed")
    entries = [
        recorded(number, "rollout_step", "io67a", step=step, version=version) for number, step in enumerate(steps)
    ]
    assert told(*entries) == [
        f"Stationmaster: io67a {said} aaaaaaaaaaaa"
        for said in ("is to get", "may get", "runs", "is quiet with", "failed with")
    ]


def test_the_ballots_of_one_instant_are_one_line() -> None:
    opened = [
        entry(n, PROMOTE, "blockers.set", f"promote/ballot/{who}", blockers=["B"], sentences=["Not answered."])
        for n, who in enumerate(("ben", "amara"), start=1)
    ]
    assert told(*opened) == ["ballot: Open ballots: Amara Osei, Ben Lindqvist."]


def test_a_fact_that_was_dated_back_is_told_when_it_was_written() -> None:
    late = entry(1, CUT + timedelta(minutes=9), "departure.state", **{"from": "OPEN", "to": "CUTTING", "why": "pinned"})
    fact = entry(
        2, CUT, "fact.recorded", kind="deployed", subject="portal/staging", value={"sha": "c5a9" * 10, "how": "seen"}
    )
    found = _lines(good_week()._replace(audit=(late, fact)))
    assert [line.at for line in found] == [CUT + timedelta(minutes=9)] * 2
    assert found[1].text == "portal c5a9c5a9c5a9 runs on staging since 09:04:00, seen"


def test_what_is_tried_again_and_again_is_told_once() -> None:
    refused = [entry(n, CUT, "effect.refused", "tell/cut/started", why="Slack is down") for n in range(1, 9)]
    assert told(*refused) == ["Stationmaster: tell/cut/started was refused: Slack is down"]


def test_the_page_has_the_trains_time_and_a_section_for_each_day() -> None:
    page = as_markdown(good_week(), HOLDS, teams())
    assert "All invariants hold." in page
    assert "### Thursday 28 October 2021 (PDT)" in page
    assert "### Wednesday 3 November 2021 (PDT)" in page
    assert "| 09:00:00 | Stationmaster | cellxgene.weekly/2021\\-W43 is opened |" in page


def test_a_handoff_has_a_section_of_its_own_before_the_departure_that_follows() -> None:
    def line(seq: int, action: str, about: str, **body):
        return entry(seq, HANDED_OVER.at, action).model_copy(update={"subject": about, "body": body})

    shift = {"person": "farah", "start": "2021-10-25T16:00:00+00:00", "end": "2021-11-01T16:00:00+00:00"}
    access = {"handoff": HANDED_OVER.id, "items": ["sentry"], "missing": ["Sentry <b>"], "note": ""}
    audit = (
        line(1, "fact.recorded", HANDED_OVER.id, kind="shift", subject="primary", value=shift),
        line(2, "fact.recorded", "cellxgene.access", kind="access", subject="farah", value=access),
        line(3, "fact.recorded", "cellxgene.access", kind="access", subject="hana", value={"handoff": "another"}),
        line(4, "effect.done", f"{HANDED_OVER.id}/tell/primary/farah/mail"),
    )
    mail = Effect(
        key=audit[3].subject,
        state=EffectState.DONE,
        intent={"to": "farah@x.example", "subject": "You are primary"},
        receipt={},
        attempts=1,
        intended_at=HANDED_OVER.at,
        changed_at=HANDED_OVER.at,
    )
    week = good_week()
    page = as_markdown(week._replace(audit=audit, effects=(mail,)), HOLDS, teams())
    assert page.index(f"## {HANDED_OVER.id}: cellxgene on call hands over") < page.index(f"## {ID}: DONE")
    assert "| 09:00:00 | Stationmaster | Farah Haddad is primary until Mon 01 Nov 09:00 |" in page
    assert "Farah Haddad lacks: Sentry &lt;b&gt;" in page
    assert "Hana Sato" not in page
    assert "Mail to farah" in page


def test_a_broken_invariant_is_seen_at_once() -> None:
    page = as_markdown(good_week(), (Finding("All is well", ("it <b>is</b> not",)), *HOLDS), teams())
    assert "**1 of 2 invariants are broken.**" in page
    assert "  - it &lt;b&gt;is&lt;/b&gt; not" in page


def test_a_pipe_in_a_title_does_not_open_another_column() -> None:
    posted = entry(1, CUT, "effect.done", "tell/promote/complete")
    messages = (said("promote/complete", PROMOTE, "a | b \\| c"),)
    page = as_markdown(good_week()._replace(audit=(posted,), messages=messages), HOLDS, teams())
    row = next(line for line in page.splitlines() if line.startswith("| 09:04"))
    assert row.replace("\\|", "").count("|") == 4


def test_the_json_holds_the_same_story() -> None:
    body = json.loads(as_json(good_week(), HOLDS, teams()))
    assert body["holds"] is True
    assert body["departures"][0]["id"] == ID
    assert body["departures"][0]["lines"][0] == {
        "at": "2021-10-28T16:00:00Z",
        "what": "state",
        "who": "Stationmaster",
        "text": f"{ID} is opened",
    }
    assert {run["state"] for run in body["runs"]} == {"success"}
