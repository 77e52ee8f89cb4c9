"""What is gathered: from the journal of the stand-in GitHub, the state of the stand-in Slack, and Airflow's XComs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster.core.instants import IsoWeek
from stationmaster.ledger import Ledger
from stationmaster.rehearsal.airflow_api import AirflowNotFound
from stationmaster.rehearsal.evidence import Blind, HandedOver, Run
from stationmaster.rehearsal.gathering import Seen, dispatch_of, gather, is_dispatch, messages_of, named_by, opened_in
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.journal_tail import newest_request
from stationmaster.rehearsal.github.specs import RepositorySpec, WorkflowSpec
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN, GithubWorld
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.governance.world import GovernanceWorld
from stationmaster.rehearsal.mail.standin import Mailbox
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.models import SlackChannel, SlackUser
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackMessage, SlackWorld
from tests.rehearsal.good_week import CUT, EXPLORER, HANDOFF, ID, PORTAL, PROMOTE, ballot, commits, manifest

CHANNEL = "C0244PQK934"
DISPATCH = {
    "at": CUT.isoformat(),
    "method": "POST",
    "path": f"/repos/{EXPLORER}/actions/workflows/deploy.yml/dispatches",
    "applied": True,
    "body": {
        "ref": "main",
        "inputs": {"environment": "prod", "sha": "a" * 40, "key": f"{ID}/promote/explorer/prod/x/1"},
    },
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(CUT)
    ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W43"), CUT, "timetable")
    yield ledger
    ledger.close()


@pytest.fixture
def github() -> Iterator[tuple[GithubWorld, str]]:
    spec = RepositorySpec(name=EXPLORER, workflows=(WorkflowSpec(file="deploy.yml", environment="{environment}"),))
    world = GithubWorld(repositories=[spec], clock=lambda: CUT)
    with serve(github_standin.create_app(world)) as url:
        yield world, url


@pytest.fixture
def slack() -> Iterator[tuple[SlackWorld, str]]:
    amara = SlackUser(id="U03AMARA0", name="amara", real_name="Amara Osei")
    world = SlackWorld(clock=lambda: CUT, users=[amara], channels=[SlackChannel(id=CHANNEL, name="ops")])
    with serve(slack_standin.create_app(world, mailbox=Mailbox(clock=lambda: CUT))) as url:
        yield world, url


def test_a_dispatch_knows_its_departure_and_its_stop() -> None:
    found = dispatch_of(DISPATCH)
    assert (found.departure, found.stop, found.repository, found.environment) == (ID, "promote", EXPLORER, "prod")
    assert found.at == CUT


@pytest.mark.parametrize("changed", [{"applied": False}, {"method": "GET"}, {"path": f"/repos/{EXPLORER}/git/refs"}])
def test_what_was_refused_read_or_something_else_is_no_deploy(changed: dict) -> None:
    assert is_dispatch(DISPATCH)
    assert not is_dispatch({**DISPATCH, **changed})


def test_a_message_keeps_its_key_its_author_its_thread_and_its_first_text() -> None:
    key = f"{ID}/tell/headline"
    slack = {
        "users": [
            {"id": "U1", "name": "amara", "real_name": "Amara Osei"},
            {"id": BOT_USER_ID, "name": "b", "real_name": ""},
        ],
        "messages": {
            CHANNEL: [
                {"ts": "1635437100.000002", "user": "U1", "text": "LGTM", "thread_ts": "1635437100.000001"},
                {
                    "ts": "1635437100.000001",
                    "user": BOT_USER_ID,
                    "text": "is on production",
                    "metadata": {"event_type": "stationmaster", "event_payload": {"key": key}},
                },
            ]
        },
    }
    headline, vote = messages_of(slack, {key: "is open"})
    assert (headline.key, headline.text, headline.posted, headline.by_bot) == (key, "is on production", "is open", True)
    assert (vote.author, vote.posted, vote.by_bot, vote.thread) == ("Amara Osei", "LGTM", False, "1635437100.000001")


def test_everything_is_gathered_from_where_it_really_happened(ledger, github, slack) -> None:
    world, github_url = github
    sha = world.push(EXPLORER, title="fix: a thing").sha
    _dispatch(github_url, sha)
    slack[0].add_message(SlackMessage(ts=slack[0].stamp(), channel=CHANNEL, user="U03AMARA0", text="LGTM"))
    ledger.pin(ID, manifest(), CUT, "timetable")
    ledger.cast(ID, 1, ballot("amara"), PROMOTE)
    blind = Blind(CUT, "cellxgene.weekly.cut", "x")
    seen = Seen(blind=(blind, blind), red=[(PORTAL, "a" * 40)], red_share=0.1)
    found = gather(ledger=ledger, github_url=github_url, slack_url=slack[1], trains=["cellxgene.weekly"], seen=seen)
    assert [one.sha for one in found.dispatches] == [sha]
    assert [one.text for one in found.messages] == ["LGTM"]
    assert [one.voter for one in found.ballots[ID]] == ["amara"]
    assert (found.blind, found.red, found.red_share, found.breaks) == ((blind,), {(PORTAL, "a" * 40)}, 0.1, ())
    assert [entry.action for entry in found.audit][-2:] == ["manifest.pinned", "ballot.cast"]


def test_the_effects_of_a_handoff_are_gathered_too(ledger, github, slack) -> None:
    handoff = HandedOver.of("cellxgene.oncall", HANDOFF)
    key = f"{handoff.id}/tell/primary/amara/slack"
    ledger.perform(key, intent={"text": "you are"}, now=lambda: HANDOFF, look_up=None, act=lambda: {"ts": "1"})
    urls = {"github_url": github[1], "slack_url": slack[1]}
    found = gather(ledger=ledger, **urls, trains=["cellxgene.weekly"], handoffs=[handoff], seen=Seen())
    assert [effect.key for effect in found.effects] == [key]
    assert (handoff.id, handoff.team, handoff.rotation) == ("cellxgene.oncall/2021-10-25T16:00Z", "cellxgene", "oncall")
    assert found.handoffs == (handoff,)
    assert found.mails == ()


def test_the_manifest_aboard_is_that_of_the_instant(ledger, github, slack) -> None:
    ledger.pin(ID, manifest(), CUT, "timetable")
    newer = manifest().model_copy(update={"passengers": manifest().passengers[:1]})
    ledger.pin(ID, newer, PROMOTE, "timetable")
    found = gather(ledger=ledger, github_url=github[1], slack_url=slack[1], trains=["cellxgene.weekly"], seen=Seen())
    assert found.aboard(ID, CUT - timedelta(seconds=1)) is None
    assert found.aboard(ID, PROMOTE - timedelta(seconds=1)).commits == commits()
    assert found.aboard(ID).manifest == newer.hash


def test_the_newest_request_to_github_is_told_by_its_virtual_instant(github) -> None:
    world, url = github
    asked = newest_request(url)
    assert asked() is None
    _dispatch(url, world.push(EXPLORER, title="x").sha)
    assert asked() == CUT
    assert asked() == CUT


def test_who_is_named_stands_in_the_xcoms_of_a_run() -> None:
    values = {
        "open_departure": {"departure": ID, "person": "farah", "name": "Farah Haddad"},
        "explorer.deploy_to_staging": {"person": "farah", "sha": "a" * 40},
        "pin_the_manifest": {"manifest": "5ab30a13"},
    }

    class Api:
        def task_instances(self, dag: str, run: str):
            names = {
                **dict.fromkeys(values, "success"),
                "ask_whom_to_wait_for": "skipped",
                "tell_the_outcome": "success",
            }
            return [
                SimpleNamespace(task_id=name, label=name, state=state, map_index=-1) for name, state in names.items()
            ]

        def xcom(self, dag: str, run: str, task: str, *, map_index: int):
            if task not in values:
                raise AirflowNotFound("GET", 404, "no such XCom")
            return values[task]

    run = Run("cellxgene.weekly.cut", "r", "success", CUT, PROMOTE)
    found = named_by(Api(), run)  # type: ignore[arg-type]
    assert [(one.task, one.person, one.departure) for one in found] == [
        ("open_departure", "farah", ID),
        ("explorer.deploy_to_staging", "farah", ID),
    ]
    assert {(one.began, one.ended) for one in found} == {(CUT, PROMOTE)}


def _dispatch(github_url: str, sha: str) -> None:
    import httpx

    inputs = {"environment": "prod", "sha": sha, "key": f"{ID}/promote/explorer/prod/{sha}/1"}
    httpx.post(
        f"{github_url}/api/v3/repos/{EXPLORER}/actions/workflows/deploy.yml/dispatches",
        json={"ref": "main", "inputs": inputs},
        headers={"Authorization": f"token {STAND_IN_TOKEN}"},
        trust_env=False,
    ).raise_for_status()


def test_d30_an_election_is_the_deploy_that_it_is(ledger, github, slack) -> None:
    world = GovernanceWorld({"io67a": "0" * 40}, clock=lambda: PROMOTE)
    world.create("elect", "", "a" * 40, "t", f"{ID}/promote/portal/prod/{'a' * 40}/1")
    world.create("update", "io67a", "0" * 40, "t", f"{ID}/rollout/io67a/{'0' * 40}/proposal")
    with serve(Starlette(routes=[Mount("/governance", app=governance_standin.create_app(world))])) as url:
        found = gather(
            ledger=ledger,
            github_url=github[1],
            slack_url=slack[1],
            trains=["cellxgene.weekly"],
            governance_url=f"{url}/governance",
            repositories={"cellxgene.weekly/portal": PORTAL},
            seen=Seen(),
        )
    (dispatch,) = found.dispatches[-1:]
    assert (dispatch.at, dispatch.repository, dispatch.environment, dispatch.sha) == (PROMOTE, PORTAL, "prod", "a" * 40)
    assert (dispatch.departure, dispatch.stop) == (ID, "promote")
    assert [(one.kind, one.target) for one in found.proposals] == [("elect", ""), ("update", "io67a")]
    assert found.targets == {"io67a": "0" * 40}


def test_a_run_names_the_departure_that_it_opened() -> None:
    def xcom(dag_id: str, run_id: str, task_id: str) -> dict[str, str]:
        if run_id == "r2":
            raise AirflowNotFound("GET", 404, "no such XCom")
        return {"departure": ID} if task_id == "open_departure" else {}

    api = SimpleNamespace(xcom=xcom)
    run = Run("cellxgene.weekly.promote", "r1", "failed", CUT, PROMOTE)
    assert opened_in(api, run) == ID
    assert opened_in(api, run._replace(run_id="r2")) == ""
