"""Stand-ins for PagerDuty and Jira Operations on loopback: each shows the teams' own plans, and what was changed there.

They answer as much as a reader of schedules asks for: PagerDuty's ``GET /schedules/{id}`` and ``GET /users/{id}``, and
Jira's ``GET /jsm/ops/api/{cloud}/v1/schedules/{id}/timeline``; and to a reader of alerts what fires (`matters`). Under
/_control/pager a test puts somebody else on call there, or makes a vendor fail.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from stationmaster.config.sourcing import SourceKind
from stationmaster.config.team import TeamConfig
from stationmaster.core.instants import utc
from stationmaster.oncall.sources import FileSource
from stationmaster.rehearsal.pager.matters import MatterEnds, Matters, PagerMatter
from stationmaster.rehearsal.same_origin import same_origin

STAND_IN_TOKEN = "stand-in-pager-token"  # noqa: S105 - known to everybody, and opens nothing but a stand-in
STAND_IN_LOGIN = "station@example.org"
CLOUD = "stand-in-cloud"
FaultKind = Literal["nothing", "unauthorised", "busy", "no_json"]


class PagerOverride(BaseModel):
    """POST /_control/pager/overrides: somebody is put on call at the vendor, and not in the files."""

    model_config = ConfigDict(extra="forbid")

    schedule: str
    person: str
    start: datetime
    end: datetime


class PagerFault(BaseModel):
    """POST /_control/pager/faults: how each of the next ``times`` answers fails."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    times: int = Field(default=1, ge=1)


class Held(NamedTuple):
    """A span of a schedule: the person's id in the team's file."""

    person: str
    start: datetime
    end: datetime


class PagerWorld:
    """The schedules of all teams, by the vendors' ids."""

    def __init__(self, teams: Iterable[TeamConfig]) -> None:
        self._schedules: dict[tuple[SourceKind, str], tuple[TeamConfig, str]] = {}
        self._people: dict[str, tuple[TeamConfig, str]] = {}
        self._overrides: list[PagerOverride] = []
        self._faults: list[PagerFault] = []
        self._lock = threading.Lock()
        self.matters = Matters()
        for team in teams:
            for entry in team.roster.values():
                if entry.source is not None:
                    for role, schedule in entry.source.schedules.items():
                        self._schedules[entry.source.kind, schedule] = team, role
            for name in team.people:
                self._people[self.user_of(team, name)] = team, name

    @staticmethod
    def user_of(team: TeamConfig, person: str) -> str:
        """Return a person's id at PagerDuty: the file's, or one that is made up."""
        return team.people[person].pagerduty or f"P{team.id}.{person}".upper()

    def override(self, change: PagerOverride) -> None:
        """Put somebody on call at the vendor."""
        with self._lock:
            self._overrides.append(change)

    def script(self, fault: PagerFault) -> None:
        """Let the next answers fail."""
        with self._lock:
            self._faults.append(fault)

    def fault(self) -> FaultKind | None:
        """Return what becomes of the next answer, and count it."""
        with self._lock:
            if not self._faults:
                return None
            first = self._faults[0]
            first.times -= 1
            if first.times == 0:
                self._faults.pop(0)
            return first.kind

    def team_of(self, kind: SourceKind, schedule: str) -> TeamConfig | None:
        """Return whose schedule it is."""
        found = self._schedules.get((kind, schedule))
        return found[0] if found else None

    def person(self, user: str) -> tuple[TeamConfig, str] | None:
        """Return the person of a PagerDuty user id."""
        return self._people.get(user)

    def held(self, kind: SourceKind, schedule: str, start: datetime, end: datetime) -> list[Held]:
        """Return who is on call by a schedule, its overrides taken in, in order."""
        team, role = self._schedules[kind, schedule]
        spans = [Held(*shift) for shift in FileSource(team, role).shifts(start, end)]
        with self._lock:
            changes = [each for each in self._overrides if each.schedule == schedule]
        for change in changes:
            begins, ends = max(utc(change.start), start), min(utc(change.end), end)
            if begins >= ends:
                continue
            left = [part for span in spans for part in _without(span, begins, ends)]
            spans = sorted([*left, Held(change.person, begins, ends)], key=lambda each: each.start)
        return spans


def create_app(world: PagerWorld) -> Starlette:
    """Return both services and their control."""

    def schedule(request: Request) -> Response:
        if (failed := _failed(world, request, f"Token token={STAND_IN_TOKEN}")) is not None:
            return failed
        name = request.path_params["schedule"]
        team = world.team_of(SourceKind.PAGERDUTY, name)
        if team is None:
            return JSONResponse({"error": {"message": "Not Found", "code": 2100}}, status_code=404)
        since, until = (datetime.fromisoformat(request.query_params[each]) for each in ("since", "until"))
        entries = [
            {
                "start": held.start.isoformat(),
                "end": held.end.isoformat(),
                "user": {
                    "id": world.user_of(team, held.person),
                    "type": "user_reference",
                    "summary": team.people[held.person].name,
                },
            }
            for held in world.held(SourceKind.PAGERDUTY, name, utc(since), utc(until))
        ]
        final = {"name": "Final Schedule", "rendered_schedule_entries": entries}
        return JSONResponse({"schedule": {"id": name, "type": "schedule", "final_schedule": final}})

    def user(request: Request) -> Response:
        if (failed := _failed(world, request, f"Token token={STAND_IN_TOKEN}")) is not None:
            return failed
        found = world.person(request.path_params["user"])
        if found is None:
            return JSONResponse({"error": {"message": "Not Found", "code": 2100}}, status_code=404)
        person = found[0].people[found[1]]
        name = request.path_params["user"]
        return JSONResponse({"user": {"id": name, "type": "user", "name": person.name, "email": person.email}})

    def timeline(request: Request) -> Response:
        login = base64.b64encode(f"{STAND_IN_LOGIN}:{STAND_IN_TOKEN}".encode()).decode()
        if (failed := _failed(world, request, f"Basic {login}")) is not None:
            return failed
        name = request.path_params["schedule"]
        team = world.team_of(SourceKind.JIRA, name)
        if team is None or request.path_params["cloud"] != CLOUD:
            return JSONResponse({"message": "Schedule not found"}, status_code=404)
        start = utc(datetime.fromisoformat(request.query_params["date"]))
        end = start + timedelta(days=int(request.query_params["interval"]))
        periods = [
            {
                "startDate": held.start.isoformat(),
                "endDate": held.end.isoformat(),
                "type": "default",
                "responder": {"type": "user", "id": team.people[held.person].jira or held.person},
            }
            for held in world.held(SourceKind.JIRA, name, start, end)
        ]
        final = {"rotations": [{"id": name, "name": "Rotation", "order": 1, "periods": periods}]}
        return JSONResponse({"startDate": start.isoformat(), "endDate": end.isoformat(), "finalTimeline": final})

    return Starlette(
        routes=[
            Route("/schedules/{schedule}", schedule),
            Route("/users/{user}", user),
            *_matters(world),
            Route("/jsm/ops/api/{cloud}/v1/schedules/{schedule}/timeline", timeline),
            Mount("/_control", routes=_control(world)),
        ]
    )


def _matters(world: PagerWorld) -> list[Route]:
    def incidents(request: Request) -> Response:
        if (failed := _failed(world, request, f"Token token={STAND_IN_TOKEN}")) is not None:
            return failed
        return JSONResponse(world.matters.incidents(request.query_params))

    def jira_alerts(request: Request) -> Response:
        login = base64.b64encode(f"{STAND_IN_LOGIN}:{STAND_IN_TOKEN}".encode()).decode()
        if (failed := _failed(world, request, f"Basic {login}")) is not None:
            return failed
        return JSONResponse(world.matters.alerts(request.query_params))

    return [Route("/incidents", incidents), Route("/jsm/ops/api/{cloud}/v1/alerts", jira_alerts)]


def _control(world: PagerWorld) -> list[Route]:
    async def override(request: Request) -> Response:
        return await _taken(request, PagerOverride, world.override)

    async def script(request: Request) -> Response:
        return await _taken(request, PagerFault, world.script)

    async def opens(request: Request) -> Response:
        return await _taken(request, PagerMatter, world.matters.begin)

    async def ends(request: Request) -> Response:
        return await _taken(request, MatterEnds, world.matters.end)

    return [
        Route("/pager/matters", opens, methods=["POST"]),
        Route("/pager/matters/end", ends, methods=["POST"]),
        Route("/pager/overrides", override, methods=["POST"]),
        Route("/pager/faults", script, methods=["POST"]),
    ]


async def _taken(request: Request, model: type[BaseModel], take: object) -> Response:
    if not same_origin(request):
        return JSONResponse({"error": "cross_origin"}, status_code=403)
    try:
        found = model.model_validate_json(await request.body())
    except ValidationError as error:
        return JSONResponse({"error": "invalid_body", "messages": [str(error)]}, status_code=422)
    take(found)  # type: ignore[operator]
    return JSONResponse({"ok": True})


def _failed(world: PagerWorld, request: Request, expected: str) -> Response | None:
    kind = world.fault()
    if kind == "nothing":
        return JSONResponse({})
    if kind == "busy":
        return JSONResponse({"message": "later"}, status_code=503)
    if kind == "no_json":
        return Response("<html>Sign in</html>", media_type="text/html")
    if kind == "unauthorised" or request.headers.get("authorization") != expected:
        return JSONResponse({"error": {"message": "Unauthorized"}}, status_code=401)
    return None


def _without(span: Held, start: datetime, end: datetime) -> list[Held]:
    parts = [span._replace(end=min(span.end, start)), span._replace(start=max(span.start, end))]
    return [part for part in parts if part.start < part.end]
