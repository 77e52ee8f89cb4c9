from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chores.desk_of_chores import ChoreRun
from tests.departures.conftest import boards, ledger
from tests.work.conftest import office_of
from tests.work.office import Office

__all__ = ["boards", "ledger", "office_of"]


@pytest.fixture
def runs_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ChoreRun]:
    """Make DAG runs of an office's chores: ``runs_of(office, "backups", due=…)``."""
    asked: list[dict[str, Any]] = []

    def make(office: Office, chore: str, **how: Any) -> ChoreRun:
        monkeypatch.setattr(
            "stationmaster.operators.team_step.TeamOperator.team_config", property(lambda _: office.team)
        )

        def desk(*, team: Any) -> Any:
            found = office.desk()
            found.files = team
            return found

        monkeypatch.setattr("stationmaster.work.context.Desk", desk)
        monkeypatch.setattr("stationmaster.clock.now", office.clock)
        monkeypatch.setattr(
            "airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request)
        )
        return ChoreRun(office=office, chore=chore, asked=asked, **how)

    return make
