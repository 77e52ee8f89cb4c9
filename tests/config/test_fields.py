"""Times, durations and names as they are written."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from stationmaster.config.fields import (
    Duration,
    Emoji,
    GitHubLogin,
    PositiveDuration,
    RepositoryName,
    WallTime,
    ZoneName,
    in_words,
)

wall, duration, positive = TypeAdapter(WallTime), TypeAdapter(Duration), TypeAdapter(PositiveDuration)


@pytest.mark.parametrize(
    ("written", "meant"), [("09:00", time(9)), ("9:00", time(9)), ("00:00", time(0)), ("23:59", time(23, 59))]
)
def test_a_time_is_read_as_it_is_written(written, meant):
    assert wall.validate_python(written) == meant


@pytest.mark.parametrize("written", [540, 9, 9.0, "24:00", "9:5", "9", "9:00 PT", "09:00:30", "9am", "", None, True])
def test_anything_else_is_refused(written):
    with pytest.raises(ValidationError, match=r'Write hours and minutes in quotes, as "09:00"\.'):
        wall.validate_python(written)


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_a_time_survives_json(at):
    assert wall.validate_json(wall.dump_json(at)) == at


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
        ("0s", timedelta(0)),
    ],
)
def test_a_duration_is_read_with_its_units(written, meant):
    assert duration.validate_python(written) == meant


@pytest.mark.parametrize("written", [30, 1.5, "30", "m", "1.5h", "30 m", "30m2h", "-5m", "", None, "PT30M"])
def test_a_duration_without_a_unit_is_refused(written):
    with pytest.raises(ValidationError, match="Write a number with a unit, such as 90s, 30m, 2h, 1d or 1h30m"):
        duration.validate_python(written)


def test_a_wait_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="Write a duration above zero"):
        positive.validate_python("0h")


@given(st.integers(min_value=0, max_value=10**8).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_survives_json_and_its_words_mean_it(length):
    assert duration.validate_json(duration.dump_json(length)) == length
    assert duration.validate_python(in_words(length)) == length


@pytest.mark.parametrize("name", ["America/Los_Angeles", "Europe/Berlin", "UTC"])
def test_a_zone_is_one_of_the_database(name):
    assert TypeAdapter(ZoneName).validate_python(name) == name


@pytest.mark.parametrize("name", ["PST", "PT", "EST", "GMT+1", "America/Nowhere", "../etc/passwd", "", None, 8])
def test_c02_an_abbreviation_or_an_offset_is_no_zone(name):
    with pytest.raises(ValidationError, match="is not a time zone"):
        TypeAdapter(ZoneName).validate_python(name)


@pytest.mark.parametrize(
    ("written", "name"), [("+1", "+1"), (":+1:", "+1"), ("thumbsup", "+1"), (":+1::skin-tone-3:", "+1"), (-1, "-1")]
)
def test_f09_an_emoji_has_one_name(written, name):
    assert TypeAdapter(Emoji).validate_python(written) == name


@pytest.mark.parametrize("name", ["a/..", "a/b/c", "-a/b", "a b/c", "a/b;c", "owner", 7])
def test_f66_a_repository_is_owner_and_name(name):
    with pytest.raises(ValidationError, match="is not a repository"):
        TypeAdapter(RepositoryName).validate_python(name)


@pytest.mark.parametrize("name", ["LGTM!", "two words", "", 7, -2, True, None])
def test_anything_else_is_no_emoji(name):
    with pytest.raises(ValidationError, match="is not the name of an emoji"):
        TypeAdapter(Emoji).validate_python(name)


@pytest.mark.parametrize("login", ["octocat", "amara-osei", "amara_corp", "amara--osei", "amara-", "3", "a" * 39])
def test_a_github_login_as_github_allows_it(login):
    """`_` stands in managed users, `--` and a dash at the end in old ones."""
    assert TypeAdapter(GitHubLogin).validate_python(login) == login


@pytest.mark.parametrize(
    "login", ["", "-amara", "@amara", "a b", "amara/osei", "a" * 40, "amara.osei", "dependabot[bot]"]
)
def test_what_is_no_github_login(login):
    with pytest.raises(ValidationError):
        TypeAdapter(GitHubLogin).validate_python(login)
