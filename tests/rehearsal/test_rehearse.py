"""A rehearsal around its Airflow: which stops it plays, what it shows, how it ends, and whom it never speaks to."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from stationmaster import clock
from stationmaster.clock import CLOCK_FILE_VARIABLE
from stationmaster.config.loader import load
from stationmaster.core.blockers import blocker
from stationmaster.departures.station import Station
from stationmaster.hooks.chat_errors import ChatConnectionMissing
from stationmaster.hooks.errors import ForgeConnectionMissing
from stationmaster.hooks.forge import Forge
from stationmaster.rehearsal import playing
from stationmaster.rehearsal.airflow_answers import TaskInstance
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.forms import FORMS
from stationmaster.rehearsal.placing import Place
from stationmaster.rehearsal.playing import Play
from stationmaster.rehearsal.rehearse import NothingToRehearse, rehearse
from stationmaster.rehearsal.rehearse_picture import Picture
from stationmaster.rehearsal.troubles import OUTAGE, TROUBLES, Troubles, UnknownTrouble, checked
from tests.rehearsal.good_week import CUT, EXPLORER, ID, INCLUDE, PORTAL, PROMOTE, good_week, teams

OPTIONS = {"include": INCLUDE, "start": date(2021, 10, 25), "weeks": 1, "teams": ("cellxgene",), "seed": 1}


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=140)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch):
    """Let a play end with evidence, without an Airflow."""

    def put(evidence, stuck: tuple[str, ...] = ()) -> None:
        def perform(self: Play, include: Path, console: Console):
            (self._home / "logs").mkdir()
            (self._home / "logs" / "scheduler.log").write_text("it slept")
            return evidence, stuck

        monkeypatch.setattr(Play, "perform", perform)

    return put


def test_a_good_rehearsal_returns_zero_and_writes_the_story(played, console, tmp_path) -> None:
    played(good_week())
    assert rehearse(**OPTIONS, out=tmp_path / "out", console=console) == 0
    assert "All invariants hold." in (tmp_path / "out" / "transcript.md").read_text()
    assert json.loads((tmp_path / "out" / "transcript.json").read_text())["holds"] is True
    assert not (tmp_path / "out" / "logs").exists()
    assert "✓ The audit chain verifies" in console.file.getvalue()


def test_a_broken_invariant_returns_one_and_keeps_the_logs(played, console, tmp_path) -> None:
    played(good_week()._replace(breaks=("7: the line was changed",)))
    assert rehearse(**OPTIONS, out=tmp_path, console=console) == 1
    assert (tmp_path / "logs" / "scheduler.log").read_text() == "it slept"
    assert "7: the line was changed" in console.file.getvalue()


def test_a_run_that_never_ends_returns_one_with_a_sentence_and_the_story_so_far(played, console, tmp_path) -> None:
    played(good_week(), ("cellxgene.weekly.cut r1 has not ended 3 days after its start",))
    assert rehearse(**OPTIONS, out=tmp_path, console=console) == 1
    assert "has not ended 3 days after its start" in console.file.getvalue()
    assert "is opened" in (tmp_path / "transcript.md").read_text()


def test_a_failed_run_returns_one(played, console, tmp_path) -> None:
    week = good_week()
    played(week._replace(runs=(week.runs[0], week.runs[1]._replace(state="failed"))))
    assert rehearse(**OPTIONS, out=tmp_path, console=console) == 1
    assert "cellxgene.weekly.promote r2 ended as failed" in console.file.getvalue()


def test_with_json_standard_output_holds_the_object_and_nothing_else(played, console, tmp_path, capsys) -> None:
    played(good_week())
    rehearse(**OPTIONS, out=tmp_path, console=console, as_json_only=True)
    assert json.loads(capsys.readouterr().out)["departures"][0]["id"] == ID


def test_teams_without_a_train_are_refused(console, tmp_path) -> None:
    with pytest.raises(NothingToRehearse, match="night"):
        rehearse(**{**OPTIONS, "teams": ("night",)}, out=tmp_path, console=console)


def test_an_unknown_trouble_is_refused_before_anything_starts(console, tmp_path) -> None:
    with pytest.raises(UnknownTrouble, match="veto, red-tip, slack-outage"):
        rehearse(**OPTIONS, out=tmp_path, console=console, trouble=("earthquake",))
    assert checked(tuple(TROUBLES)) == tuple(TROUBLES)
    assert checked(("hotfix", "all")) == (*TROUBLES, *FORMS)


def test_nothing_is_left_when_airflow_does_not_start(monkeypatch, console, tmp_path) -> None:
    class NoAirflow(RuntimeError):
        pass

    homes = []

    def refuses(**options):
        homes.append(options["home"])
        raise NoAirflow

    monkeypatch.setattr(playing, "EmbeddedAirflow", refuses)
    with pytest.raises(NoAirflow):
        rehearse(**OPTIONS, out=tmp_path, console=console)
    assert not homes[0].exists()


def _play(tmp_path: Path) -> Play:
    return Play(teams=teams(), start=date(2021, 10, 25), weeks=1, seed=1, trouble=(), home=tmp_path)


def _task(task_id: str, *, name: str | None = None, dag_id: str = "cellxgene.weekly.promote") -> TaskInstance:
    return TaskInstance(
        id=task_id,
        dag_id=dag_id,
        dag_run_id="r",
        task_id=task_id,
        map_index=-1 if name is None else 0,
        rendered_map_index=name,
        state="deferred",
        try_number=1,
    )


@pytest.mark.parametrize(
    ("subject", "task", "explained"),
    [
        (f"{ID}/promote/wait_for_the_quorum", _task("wait_for_the_quorum"), True),
        (f"{ID}/promote/wait_for_the_quorum", _task("wait_for_the_soak"), False),
        (f"{ID}/cut/wait_for_the_window", _task("wait_for_the_window"), False),
        (f"{ID}/promote/ballot/amara", _task("ballot", name="Amara Osei"), True),
        (f"{ID}/promote/ballot/amara", _task("ballot", name="Ben Lindqvist"), False),
        ("other.weekly/2021-W43/promote/wait_for_the_quorum", _task("wait_for_the_quorum"), False),
    ],
)
def test_only_its_own_blockers_explain_a_waiting_task(tmp_path, console, subject, task, explained) -> None:
    play = _play(tmp_path)
    ledger = SimpleNamespace(blockers=lambda: {subject: (blocker("BALLOT_OPEN", manifest="5ab30a13"),)})
    with Picture(console, runs=2, zone="UTC") as picture:
        play._stands(picture, ledger, PROMOTE, (task,))
    assert [blind.task for blind in play._blind] == ([] if explained else [task.label])


@pytest.mark.parametrize(("name", "explained"), [("Amara Osei", True), ("Ben Lindqvist", False)])
def test_the_blocker_of_a_role_explains_the_task_of_whoever_holds_it(tmp_path, console, name, explained) -> None:
    play = _play(tmp_path)
    found = blocker("ACCESS_UNCONFIRMED", who=("amara",), person="Amara Osei", items="Sentry")
    subject = "cellxgene.oncall/2021-10-25T16:00Z/handoff/check_access/primary"
    ledger = SimpleNamespace(blockers=lambda: {subject: (found,)})
    task = _task("check_access", name=name, dag_id="cellxgene.oncall.handoff")
    play._stands(Picture(console, runs=2, zone="UTC"), ledger, PROMOTE, (task,))
    assert [blind.task for blind in play._blind] == ([] if explained else [task.label])


def test_empty_blockers_explain_nothing(tmp_path, console) -> None:
    play = _play(tmp_path)
    ledger = SimpleNamespace(blockers=lambda: {f"{ID}/promote/wait_for_the_quorum": ()})
    play._stands(Picture(console, runs=2, zone="UTC"), ledger, PROMOTE, (_task("wait_for_the_quorum"),))
    assert len(play._blind) == 1


def test_the_picture_shows_the_bar_the_clock_who_waits_and_what_happened() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    picture = Picture(console, runs=4, zone="America/Los_Angeles")
    picture.ended()
    picture.tell("Amara [red]Osei[/red] answers LGTM")
    picture.at(PROMOTE, [f"reason {number}" for number in range(9)])
    console.print(picture.render())
    shown = console.file.getvalue()
    assert "run 2 of 4" in shown
    assert "09:12 PDT" in shown
    assert "Amara [red]Osei[/red] answers LGTM" in shown
    assert "waits: reason 0" in shown
    assert "… and 3 more" in shown


def test_without_a_terminal_each_event_is_a_line(console) -> None:
    with Picture(console, runs=1, zone="UTC") as picture:
        picture.tell("Airflow is ready")
        picture.at(CUT, ["nothing"])
    assert console.file.getvalue() == "Airflow is ready\n"


class People:
    def act(self, scene: Scene) -> bool:
        return False

    def next_instant(self, scene: Scene) -> datetime | None:
        return scene.now + timedelta(hours=1)


@pytest.fixture
def sent(monkeypatch):
    requests: list[tuple] = []
    monkeypatch.setattr(Troubles, "_send", lambda self, *request: requests.append(request))
    return requests


def _troubles(*names: str) -> Troubles:
    return Troubles(names, People(), github_url="http://g", slack_url="http://s", tell=lambda _: None)


def test_the_outage_of_slack_begins_with_the_promotion_and_ends_on_the_clock(sent) -> None:
    trouble, train = _troubles("slack-outage"), teams()["cellxgene"].trains["weekly"]
    trouble.begin(train, "cut", CUT)
    assert sent == []
    trouble.begin(train, "promote", PROMOTE)
    trouble.begin(train, "promote", PROMOTE)
    assert [request[:2] for request in sent] == [("POST", "http://s/_control/faults")]
    scene = Scene(now=PROMOTE, actions=(), ledger=None)  # type: ignore[arg-type]
    assert trouble.next_instant(scene) == PROMOTE + OUTAGE
    assert not trouble.act(scene)
    assert trouble.act(Scene(now=PROMOTE + OUTAGE, actions=(), ledger=None))  # type: ignore[arg-type]
    assert sent[-1] == ("DELETE", "http://s/_control/faults")


def test_the_red_tip_is_the_commit_that_would_have_boarded(sent) -> None:
    trouble, train = _placed("red-tip", at=CUT, component="portal"), teams()["cellxgene"].trains["weekly"]
    trouble.begin(train, "promote", CUT)
    assert sent == []
    trouble.begin(train, "cut", CUT)
    ((method, url, body),) = sent
    assert (method, url, body["repo"], body["state"]) == ("POST", "http://g/_control/checks", PORTAL, "red")
    assert trouble.red == {(PORTAL, good_week().pins[0].commits[PORTAL])}


def _placed(trouble: str, voting=None, **fields) -> Troubles:
    place = Place(trouble, "cellxgene.weekly", departure=ID, **{"at": PROMOTE, **fields})
    told = {"github_url": "http://g", "slack_url": "http://s", "tell": lambda _: None}
    return Troubles((trouble,), People(), **told, teams=teams(), places=[place], voting=voting)


def test_f12_at_the_promotion_that_is_to_be_missed_nobody_votes(sent) -> None:
    away: list[str] = []
    trouble = _placed("missed", SimpleNamespace(stay_away=away.append))
    train = teams()["cellxgene"].trains["weekly"]
    for stop, at in (
        ("cut", PROMOTE),
        ("promote", PROMOTE - timedelta(weeks=1)),
        ("promote", PROMOTE + timedelta(weeks=1)),
    ):
        trouble.begin(train, stop, at)
    assert away == []
    trouble.begin(train, "promote", PROMOTE)
    assert away == [ID]
    assert sent == []


def test_f67_the_last_component_fails_from_the_promotion_until_it_is_mended(sent) -> None:
    trouble, train = _placed("partial", component="explorer", until=PROMOTE), teams()["cellxgene"].trains["weekly"]
    trouble.begin(train, "promote", PROMOTE)
    trouble.mend(trouble._places[0], train)
    bodies = [request[2] for request in sent]
    assert [body["conclusion"] for body in bodies] == ["failure", "success"]
    assert {(body["repo"], body["workflow"]) for body in bodies} == {(EXPLORER, "deploy.yml")}


def test_d09_a_waiting_batch_is_explained_by_its_own_label(tmp_path, console) -> None:
    team = load(INCLUDE, teams=["dre"]).team("dre")
    play = Play(teams={"dre": team}, start=date(2024, 10, 21), weeks=1, seed=1, trouble=(), home=tmp_path)
    label, name = "batch 2 · shefu, uzr34", "batch.wait_until_start_time"
    found = blocker("BATCH_NOT_DUE", batch=2, at="later")
    ledger = SimpleNamespace(blockers=lambda: {f"dre.weekly/2024-W43/rollout/{name}/{label}": (found,)})
    mine = _task(name, name=label, dag_id="dre.weekly.rollout")
    other = _task(name, name="batch 3 · pjljw", dag_id="dre.weekly.rollout")
    play._stands(Picture(console, runs=2, zone="UTC"), ledger, PROMOTE, (mine, other))
    assert [blind.task for blind in play._blind] == [other.label]
    assert {wait.code for wait in play._waits} == {"BATCH_NOT_DUE"}


def test_what_has_no_place_is_said(tmp_path, console) -> None:
    play = Play(teams=teams(), start=date(2021, 10, 25), weeks=1, seed=1, trouble=checked(("all",)), home=tmp_path)
    assert play._placeless() == ["red-tip", "missed", "partial", "freeze"]


@pytest.fixture
def elsewhere(monkeypatch, tmp_path) -> Station:
    """A station in a rehearsal whose connections lead somewhere else: to hosts that no name server can know."""
    clock.set_virtual(tmp_path / "clock.json", CUT)
    monkeypatch.setenv(CLOCK_FILE_VARIABLE, str(tmp_path / "clock.json"))
    github = {"conn_type": "github", "host": "https://github.invalid/api/v3", "password": "ghp_" + "x" * 36}
    slack = {"conn_type": "slack", "password": "xoxb-1-x", "extra": {"base_url": "https://slack.invalid/api/"}}
    monkeypatch.setenv("AIRFLOW_CONN_GITHUB_DEFAULT", json.dumps(github))
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps(slack))
    forge = Forge("github_default", sleep=lambda _: None)
    return Station(team=teams()["cellxgene"], train="weekly", forge=forge)


def test_a_rehearsal_refuses_a_slack_that_is_no_stand_in(elsewhere: Station) -> None:
    with pytest.raises(ChatConnectionMissing, match="stand-in"):
        elsewhere.chat.post("C0244PQK934", "hello", key="x")


def test_a_rehearsal_refuses_a_github_that_is_no_stand_in(elsewhere: Station) -> None:
    with pytest.raises(ForgeConnectionMissing, match="stand-in"):
        elsewhere.forge.head(PORTAL, "main")
