from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.departures.conftest import boards, ledger
from tests.incidents.scene import Scene
from tests.work.conftest import office, office_of
from tests.work.office import Office

__all__ = ["boards", "ledger", "office", "office_of"]


@pytest.fixture
def scene_of(office_of: Callable[..., Office], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scene]:
    """Make a run of a team's incident DAG: ``scene_of("cellxgene", severity="minor")``."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))

    def make(
        team: str = "cellxgene", *, user: str | None = "amara", office: Office | None = None, **form: Any
    ) -> Scene:
        place = office or office_of(team, **({"at": form.pop("at")} if "at" in form else {}))
        form.pop("at", None)
        monkeypatch.setattr("stationmaster.work.context.Desk", lambda **_: place.desk())
        return Scene(office=place, asked=asked, user=user, form=form)

    return make


@pytest.fixture
def scene(scene_of: Callable[..., Scene]) -> Scene:
    return scene_of()
