"""Tags of releases, from patterns."""

from __future__ import annotations

from datetime import date

import pytest

from stationmaster.core.changelog import Change, changelog
from stationmaster.core.instants import IsoWeek
from stationmaster.core.tagging import BadTagPattern, proven, tag_of

SHA = "1a2b3c4d" + "0" * 32


def tag(pattern: str, suffix: str = "", week: str = "2026-W07") -> str:
    return tag_of(pattern, component="grid", week=IsoWeek.parse(week), day=date(2026, 2, 11), sha=SHA, suffix=suffix)


@pytest.mark.parametrize(
    ("pattern", "suffix", "expected"),
    [
        ("v{version}", "", "v2026.7.0"),
        ("v{version}", "-rc", "v2026.7.0-rc"),
        ("v{year}.{week}", "", "v2026.07"),
        ("{component}/{date}-{short}", "", "grid/2026-02-11-1a2b3c4d"),
    ],
)
def test_t20_a_tag_is_made_from_its_pattern(pattern: str, suffix: str, expected: str) -> None:
    assert tag(pattern, suffix) == expected


def test_f28_t20_the_year_is_that_of_the_week() -> None:
    assert tag("v{version}", week="2026-W53") == "v2026.53.0"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("v{sha}", "names {sha}; there are {version}"),
        ("v{version!r}", "names {version}"),
        ("v{week:>9}", "names {week}"),
        ("v{version.real}", "names {version.real}"),
        ("v{}", "names {}"),
        ("v{version", "has a brace that is not closed"),
        ("-v{version}", "which is no tag"),
        ("v {version}", "which is no tag"),
        ("v{version}..", "which is no tag"),
        ("latest", "gives two departures the same tag"),
        ("v{week}", "gives two departures the same tag"),
        ("v{year}", "gives two departures the same tag"),
    ],
)
def test_f66_t20_a_pattern_that_is_no_tag_or_repeats_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(BadTagPattern, match="the pattern") as refused:
        proven(pattern)
    assert why in str(refused.value)


@pytest.mark.parametrize("pattern", ["v{version}", "v{year}.{week}", "{date}", "build-{short}"])
def test_t20_each_departure_has_a_tag_of_its_own(pattern: str) -> None:
    assert proven(pattern) == pattern


def test_f65_t20_authors_in_the_notes_are_code_and_notify_nobody() -> None:
    changes = [
        Change(number=1, title="feat: `x` @everybody", author="dev-12", sha=""),
        Change(number=2, title="fix: y", author="renovate[bot]", sha=""),
        Change(number=3, title="z", author="a`b\n@c", sha=""),
    ]
    text = changelog(changes).render_markdown(logins_as_code=True)
    assert ", `dev-12`" in text
    assert ", `renovate[bot]`" in text
    assert ", `abc`" in text
    assert "@everybody" not in text
    assert "`dev-12`" not in changelog(changes).render_markdown()
