"""A number that is measured each time, and the day on which it may reach its limit (T-16)."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from stationmaster.checks import capacity, run
from stationmaster.config.checks_by_machine import CapacityCheck
from stationmaster.core.forecast import TooFewPoints
from stationmaster.rehearsal.serving import serve


class Gauge:
    value = "50"


@pytest.fixture
def gauge():
    return Gauge()


@pytest.fixture
def check(gauge):
    app = Starlette(routes=[Route("/disk", lambda _: PlainTextResponse(gauge.value))])
    with serve(app) as url:
        yield CapacityCheck.model_validate(
            {
                "kind": "capacity",
                "name": "disk",
                "measure": {"kind": "http", "url": f"{url}/disk", "answer": {"reads": "number"}},
                "limit": 90,
                "within": "30d",
            }
        )


def _measure(office, check, gauge, *values: float):
    for number, value in enumerate(values):
        gauge.value = str(value)
        found = run(office.desk(), check, f"chore/{number}/{office.clock().isoformat()}")
        office.clock.move(days=7)
    return found


def test_t16_a_trend_that_stays_below_is_fine_and_drawn(office, check, gauge) -> None:
    found = _measure(office, check, gauge, 50, 50.4, 49.8, 50.2, 50.1)
    assert found.ok is True
    assert "5 measurements" in found.evidence
    ElementTree.fromstring(capacity.drawn(office.desk(), check))


def test_t16_a_trend_that_reaches_the_limit_is_somebodys_work_weeks_before(office, check, gauge) -> None:
    found = _measure(office, check, gauge, 50, 57, 65, 71, 78)
    assert found.ok is False
    assert "may reach 90 %" in found.sentence
    assert found.evidence.startswith("▁▂▄▅▆→▇███ 5 measurements")


def test_t16_few_measurements_make_no_trend_and_the_limit_itself_needs_none(office, check, gauge) -> None:
    assert "2 of 4" in _measure(office, check, gauge, 50, 70).sentence
    assert _measure(office, check, gauge, 91).ok is False


def test_t16_the_same_chore_measures_once_however_often_it_is_tried(office, check, gauge) -> None:
    for _ in range(3):
        run(office.desk(), check, "chore/1")
    assert len(office.ledger.facts("threefold.measures")) == 1


def test_t16_old_measurements_do_not_count(office, check, gauge) -> None:
    _measure(office, check, gauge, 80, 60, 40, 20)
    office.clock.move(days=90)
    assert "1 of 4" in _measure(office, check, gauge, 50).sentence


@pytest.mark.parametrize("value", ["", "much", "inf"])
def test_t16_what_is_no_number_is_never_fine_and_never_kept(office, check, gauge, value) -> None:
    gauge.value = value
    assert run(office.desk(), check, "chore/1").ok is None
    assert office.ledger.facts("threefold.measures") == ()


def test_t16_without_a_trend_nothing_is_drawn(office, check, gauge) -> None:
    _measure(office, check, gauge, 50, 51)
    with pytest.raises(TooFewPoints, match="2 of 4"):
        capacity.drawn(office.desk(), check)
