"""Names of departures: each is read as it was written, and nothing else is read (F28, F66)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.departure_ids import DepartureId, DepartureKind, InvalidDepartureId, kind_of, week_of
from stationmaster.core.instants import IsoWeek

BESIDE = [kind for kind in DepartureKind if kind is not DepartureKind.TRAIN]
WEEKS = st.builds(lambda year, week: IsoWeek(year=year, week=week), st.integers(1970, 2100), st.integers(1, 52))


@given(
    st.one_of(
        st.builds(DepartureId, train=st.just("cellxgene.weekly"), week=WEEKS),
        st.builds(
            DepartureId,
            train=st.just("dre.weekly"),
            week=WEEKS,
            kind=st.sampled_from(BESIDE),
            number=st.integers(1, 500),
        ),
    )
)
def test_what_is_written_is_read_again(name: DepartureId) -> None:
    assert DepartureId.parse(str(name)) == name
    assert (week_of(str(name)), kind_of(str(name))) == (name.week, name.kind)


def test_the_names_as_people_see_them() -> None:
    week = IsoWeek(year=2026, week=34)
    assert str(DepartureId(train="cellxgene.weekly", week=week)) == "cellxgene.weekly/2026-W34"
    beside = DepartureId(train="cellxgene.weekly", week=week, kind=DepartureKind.SECURITY_HOTFIX, number=2)
    assert str(beside) == "cellxgene.weekly/2026-W34.security-hotfix-2"
    assert beside.kind.is_hotfix
    assert beside.kind.words == "security hotfix"
    assert not DepartureKind.FEATURE_BUILD.is_hotfix


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cellxgene.weekly",
        "cellxgene.weekly/2026-W54",
        "cellxgene.weekly/2026-W00",
        "cellxgene.weekly/2026-W34.",
        "cellxgene.weekly/2026-W34.hotfix",
        "cellxgene.weekly/2026-W34.hotfix-0",
        "cellxgene.weekly/2026-W34.train-1",
        "cellxgene.weekly/2026-W34.rollback-1",
        "cellxgene.weekly/2026-W34/cut",
        "a/b/2026-W34",
        "/2026-W34",
        "cellxgene.weekly/2026-W34\n",
        "cellxgene.weekly/2026-W34.hotfix-1 ",
        "cellxgene.weekly/２０２６-W34",
    ],
)
def test_f66_nothing_else_is_a_departure(text: str) -> None:
    with pytest.raises(InvalidDepartureId, match=r"team\.train/2026-W34"):
        DepartureId.parse(text)
