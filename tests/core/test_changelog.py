"""The notes for those who test: grouped, without doubles, short enough, harmless."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.changelog import Change, changelog

URL = "https://github.com/acme/explorer/pull/12"


def change(number: int | None, title: str, *labels: str, **fields: str) -> Change:
    return Change.model_validate({"number": number, "title": title, "labels": labels} | fields)


@pytest.mark.parametrize(
    ("title", "labels", "group"),
    [
        ("feat: add dark mode", (), "Features"),
        ("feat(ui)!: add dark mode", (), "Features"),
        ("fix: mend the search", (), "Fixes"),
        ("Fix(api): mend the search", (), "Fixes"),
        ("revert: feat: add dark mode", (), "Fixes"),
        ("chore(deps): bump x", (), "Maintenance"),
        ("docs: say more", ("enhancement",), "Maintenance"),
        ("Mend the search", ("bug",), "Fixes"),
        ("Mend the search", ("P1", "type: bug"), "Fixes"),
        ("Add dark mode", ("kind/feature",), "Features"),
        ("Bump x", ("dependencies",), "Maintenance"),
        ("Add dark mode", (), "Other"),
        ("fixture: not a kind", (), "Other"),
        ("fix the search", (), "Other"),
        ("", (), "Other"),
    ],
)
def test_c17_changes_are_grouped_by_prefix_then_by_label(title: str, labels: tuple[str, ...], group: str) -> None:
    (found,) = changelog([change(1, title, *labels)]).groups
    assert found.title == group


def test_c17_features_come_first_then_fixes() -> None:
    notes = changelog([change(1, "misc"), change(2, "chore: x"), change(3, "fix: y"), change(4, "feat: z")])
    assert [group.title for group in notes.groups] == ["Features", "Fixes", "Maintenance", "Other"]


def test_c17_a_pull_request_is_told_once() -> None:
    twice = [change(12, "feat: a", sha="1" * 40), change(12, "feat: a", sha="2" * 40)]
    own = change(None, "feat: a (#12)", sha="2" * 40)
    loose = change(None, "a commit without a pull request", sha="3" * 40)
    assert [one.sha[:1] for one in changelog([*twice, own, loose, loose]).changes] == ["1", "3"]
    assert len(changelog([change(12, "a", repository="acme/x"), change(12, "b", repository="acme/y")]).changes) == 2
    assert len(changelog([change(None, "a"), change(None, "b")]).changes) == 2


def test_c17_rendered_for_both_places() -> None:
    notes = changelog([change(12, "feat: dark mode", author="ada", url=URL), change(None, "tidy", sha="ab" * 20)])
    assert notes.render_slack() == f"*Features*\n• feat: dark mode (<{URL}|#12>), ada\n*Other*\n• tidy (abababab)"
    expected = f"### Features\n\n- feat: dark mode ([#12]({URL})), ada\n\n### Other\n\n- tidy (abababab)"
    assert notes.render_markdown() == expected
    assert changelog([]).render_slack() == changelog([]).render_markdown() == "No changes."


@pytest.mark.parametrize("count", [300, 600])
def test_f64_f26_a_long_changelog_is_cut_at_a_line_and_counted_in_full(count: int) -> None:
    notes = changelog(
        [change(n, f"feat: change number {n} & more", author=f"p{n}", url=URL) for n in range(1, count + 1)]
    )
    text = notes.render_slack()
    assert 2700 < len(text) <= 2900
    lines = text.split("\n")
    shown = sum(line.startswith("•") for line in lines)
    assert all(line.endswith(f", p{place}") for place, line in enumerate(lines[1:-1], 1))
    assert lines[-1] == f"… and {count - shown} more"
    assert len(notes.authors) == count
    markdown = notes.render_markdown(limit=50)
    assert markdown.count("\n- ") == 50
    assert markdown.endswith(f"… and {count - 50} more")
    assert notes.render_markdown().count("\n- ") == count


CHANGES = st.lists(
    st.builds(
        Change,
        number=st.one_of(st.none(), st.integers(1, 9)),
        title=st.one_of(st.text(max_size=220), st.sampled_from(["feat: <!channel> `x`", "fix: &" * 90])),
        author=st.one_of(st.none(), st.text(max_size=9)),
        sha=st.sampled_from(["", "a" * 40, "b" * 40]),
        url=st.sampled_from([None, URL, "javascript:alert(1)", "https://x/|<!channel>"]),
    ),
    max_size=12,
)


@given(CHANGES, st.integers(0, 3000))
def test_f64_f65_no_changelog_is_too_long_or_mentions_anybody(changes: list[Change], limit: int) -> None:
    notes = changelog(changes)
    text = notes.render_slack(limit)
    assert len(text) <= limit
    without_links = re.sub(rf"<{re.escape(URL)}\|[#\w]+>", "", text)
    assert not re.search(r"@\w", text)
    markdown = notes.render_markdown()
    assert not re.search(r"[<>]", markdown)
    assert not re.search(rf"(?<!\\)\]\((?!{re.escape(URL)}\))", markdown)
    if limit > 20:
        assert not re.search(r"[<>`]", without_links)


@given(CHANGES)
def test_no_change_is_lost_and_none_told_twice(changes: list[Change]) -> None:
    found = changelog(changes).changes
    assert set(found) <= set(changes)
    numbers = [one.number for one in found if one.number is not None]
    assert sorted(numbers) == sorted({one.number for one in changes if one.number is not None})
    brought = {one.sha for one in changes if one.number is not None}
    loose = [one.sha for one in found if one.number is None]
    expected = {one.sha for one in changes if one.number is None and one.sha} - brought
    assert sorted(filter(None, loose)) == sorted(expected)
    assert loose.count("") == sum(one.number is None and not one.sha for one in changes)
