"""Watches and checks by machine as teams write them: each mistake has its line and its way out (issue 5)."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from stationmaster.config.checks_by_machine import CheckConfig
from stationmaster.config.loader import load

WATCHES = "watches/cellxgene.yaml"
GOOD = """\
team: cellxgene
watches:
  good:
    title: Questions
    kind: questions
    role: primary
    channels: [ops]
"""
CHECK = TypeAdapter(CheckConfig)


@pytest.mark.parametrize(
    ("rest", "code", "line"),
    [
        ("    kind: question\n    role: primary\n    channels: [ops]\n", "not_a_choice", 10),
        ("    role: primary\n    channels: [ops]\n", "not_a_choice", 9),
        ("    kind: questions\n    role: nobody\n    channels: [ops]\n", "unknown_role", 11),
        ("    kind: questions\n    role: primary\n    channels: [opps]\n", "unknown_channel", 12),
        ("    kind: questions\n    role: primary\n    channels: []\n", "watch_empty", 12),
        ("    kind: questions\n    role: primary\n    channels: [ops]\n    within: soon\n", "not_a_duration", 13),
        ("    kind: questions\n    role: primary\n    channels: [ops]\n    wihtin: 1h\n", "unknown_field", 13),
        ("    kind: questions\n    role: primary\n    channels: [ops]\n    runbook: nothing\n", "unknown_runbook", 13),
        (
            "    kind: questions\n    role: primary\n    channels: [ops]\n"
            "    routes: [{topic: x, words: [x], owner: nobody}]\n",
            "unknown_person",
            13,
        ),
        (
            "    kind: questions\n    role: primary\n    channels: [ops]\n"
            '    hours: {opens: "18:00", closes: "09:00"}\n',
            "watch_hours_backwards",
            13,
        ),
        (
            "    kind: alerts\n    role: primary\n    channel: ops\n"
            "    sources: [{kind: webhook, connection: a}]\n    pages: [{words: [x], runbook: nothing}]\n",
            "unknown_runbook",
            14,
        ),
        ("    kind: issues\n    role: primary\n    channel: ops\n    priorities: []\n", "empty", 13),
        (
            "    kind: issues\n    role: primary\n    channel: ops\n    priorities: [{label: P1}, {label: p1}]\n",
            "listed_twice",
            13,
        ),
        (
            "    kind: issues\n    role: primary\n    channel: ops\n    repositories: [torvalds/linux]\n"
            "    priorities: [{label: P1}]\n",
            "unknown_repository",
            13,
        ),
        ("    kind: alerts\n    role: primary\n    channel: ops\n    sources: [{kind: jira}]\n", "no_connection", 13),
        (
            "    kind: spikes\n    role: primary\n    train: weakly\n    organization: x\n    projects: [y]\n",
            "unknown_train",
            12,
        ),
    ],
)
def test_a_broken_watch_is_named_with_its_line_and_hides_nothing(files, rest, code, line):
    files.write(WATCHES, f"{GOOD}  bad:\n    title: Bad\n{rest}")
    found = files.load(["cellxgene"])
    assert list(found.team("cellxgene").watches) == ["good"]
    assert found.team("cellxgene").trains
    (problem,) = found.problems
    assert (problem.code, problem.line, problem.file) == (code, line, "include/watches/cellxgene.yaml")
    assert problem.remedy


@pytest.mark.parametrize("team", ["cellxgene", "dre", "hausmeister", "operate-first", "threefold"])
def test_n08_the_shipped_watches_load_and_come_back_from_json(team):
    from stationmaster.config.team import TeamConfig
    from tests.departures.week import INCLUDE

    found = load(INCLUDE, [team])
    assert [problem for problem in found.problems if problem.entry.startswith("watches")] == []
    config = found.team(team)
    assert config.watches
    assert TeamConfig.model_validate_json(config.model_dump_json()).watches == config.watches


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "comand", "argv": ["/bin/true"]},
        {"kind": "command", "argv": ["true"]},
        {"kind": "command", "argv": []},
        {"kind": "command", "argv": ["/bin/true"], "timeout": "1h"},
        {"kind": "command", "argv": ["/bin/true"], "answer": {"at_most": 3}},
        {"kind": "command", "argv": ["/bin/true"], "answer": {"reads": "instant"}},
        {"kind": "command", "argv": ["/bin/true"], "answer": {"reads": "number", "at_least": 3, "at_most": 2}},
        {"kind": "command", "argv": ["/bin/true"], "shell": True},
        {"kind": "http", "url": "http://example.org/"},
        {"kind": "http", "url": "file:///etc/passwd"},
        {"kind": "http", "url": "https://user:secret@example.org/"},
        {"kind": "certificate", "host": "https://example.org"},
        {"kind": "workflows", "branch": "a branch"},
        {"kind": "capacity", "name": "x", "limit": 1, "measure": {"kind": "command", "argv": ["/bin/true"]}},
        {"kind": "capacity", "name": "x", "limit": 1, "measure": {"kind": "files"}},
    ],
)
def test_t16_a_check_that_cannot_be_or_would_be_unsafe_is_refused(check):
    with pytest.raises(ValidationError):
        CHECK.validate_python(check)


def test_t16_an_unknown_kind_of_check_is_told_with_those_that_there_are(files):
    head = "team: cellxgene\nchores:\n  x:\n    title: X\n    owner: engineers\n    schedule: {kind: each_handoff}\n"
    files.write(
        "chores/cellxgene.yaml", f"{head}    role: primary\n    runbook: on-call\n    check: {{kind: comand}}\n"
    )
    found = [problem for problem in files.load(["cellxgene"]).problems if problem.code == "unknown_check"]
    assert [(problem.line, "command" in problem.remedy) for problem in found] == [(9, True)]
