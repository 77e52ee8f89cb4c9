"""docs/rehearsal.md tells the shape of the JSON as it is, and the troubles as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from stationmaster.rehearsal.forms import FORMS
from stationmaster.rehearsal.transcript import as_json
from stationmaster.rehearsal.troubles import TROUBLES
from tests.rehearsal.duty_week import chores, incident, team, watched
from tests.rehearsal.good_week import good_week, teams
from tests.rehearsal.test_transcript import HOLDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rehearsal.md").read_text(encoding="utf-8")


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        keys = {key: _shape(found) for key, found in value.items()}
        return {"<repository>": "str"} if all("/" in key for key in value) else keys
    if isinstance(value, list):
        return [_shape(found) for found in value[:1]]
    return type(value).__name__


def test_the_json_on_the_page_has_the_shape_of_the_json_that_is_written() -> None:
    (shown,) = re.findall(r"```json\n(.+?)```", PAGE, flags=re.DOTALL)
    of_duty = tuple(line for week in (chores(), incident(), watched()) for line in week.audit)
    evidence = good_week()._replace(audit=(*good_week().audit, *of_duty))
    assert _shape(json.loads(shown)) == _shape(json.loads(as_json(evidence, HOLDS, {**teams(), "dre": team()})))


def test_every_trouble_is_on_the_page_in_the_same_words() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", PAGE, flags=re.MULTILINE))
    assert rows == {**TROUBLES, **FORMS}
