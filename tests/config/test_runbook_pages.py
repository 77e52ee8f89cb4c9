"""What a page under include/runbooks may hold, and what it owes (O-09, T-16, F65)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stationmaster.config.runbook_pages import markup_mistakes, page_debts, page_ids, read_runbook
from stationmaster.config.runbooks import PageMissing

INCLUDE = Path(__file__).resolve().parents[2] / "include"
HEAD = "---\nid: page\ntitle: A page\nowner: dre\nreviewed: 2026-01-10\n{more}---\n\n"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "include" / "runbooks"
    folder.mkdir(parents=True)

    def write(text: str, more: str = "") -> Path:
        (folder / "page.md").write_text(HEAD.format(more=more) + text, encoding="utf-8")
        (folder / "other.md").write_text("# Other\n", encoding="utf-8")
        return folder / "page.md"

    return write


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("<script>alert(1)</script>", "runbook_html"),
        ("see <img src=x onerror=alert(1)>", "runbook_html"),
        ("<!-- hidden -->", "runbook_html"),
        ("an <unclosed", "runbook_html"),
        ("call @channel", "runbook_mention"),
        ("call @Here now", "runbook_mention"),
        ("call <!channel>", "runbook_mention"),
        ("call <@U0123ABCD>", "runbook_mention"),
        ("[x](javascript:alert(1))", "runbook_link"),
        ("[x](data:text/html,x)", "runbook_link"),
        ("[x](http://example.org)", "runbook_link"),
        ("[x](gone.md)", "runbook_link"),
        ("[x](../../secrets.md)", "runbook_link"),
        ("[x]()", "runbook_link"),
        ("[x]: gone.md", "runbook_link"),
    ],
)
def test_f65_what_a_page_may_not_hold_is_named_with_its_line_and_the_way_out(page, line, code):
    found = list(markup_mistakes(page(f"# A page\n\n{line}\n")))
    assert (code, 10) in {(mistake.code, number) for number, mistake in found}
    assert all(mistake.remedy for _, mistake in found)


@pytest.mark.parametrize(
    "line",
    [
        "`<script>` in code",
        "five < six, a <= b and 3 > 2",
        "[x](https://example.org/a?b=c#d) and <https://example.org>",
        "[x](other.md) and [y](other.md#part) and [z](#here) and [m](mailto:ops@example.org)",
        "ask ops@here.example or @dr-dre",
        "```\n<script>\n@channel\n```",
    ],
)
def test_what_is_text_or_a_good_link_is_left_alone(page, line):
    assert list(markup_mistakes(page(f"# A page\n\n{line}\n"))) == []


def test_t16_the_steps_are_the_items_of_the_page_or_those_of_the_front_matter(page):
    path = page("# A page\n\n## First\n\n- [ ] Look\n- [ ] Act\n")
    assert [step.text for step in read_runbook(path.parents[1], "page").steps] == ["Look", "Act"]
    path = page("# A page\n\n- [ ] Look\n", more="steps: [Open it, Close it]\n")
    steps = read_runbook(path.parents[1], "page").steps
    assert [(step.id, step.text) for step in steps] == [("1-open-it", "Open it"), ("2-close-it", "Close it")]


def test_a_page_that_is_not_there_is_said_so(page):
    with pytest.raises(PageMissing, match=r"no page runbooks/gone\.md"):
        read_runbook(page("x").parents[1], "gone")


def test_o09_a_page_owes_steps_and_a_review_within_a_year(page):
    path = page("# A page\n\n- [ ] Look\n")
    runbook = read_runbook(path.parents[1], "page")
    assert list(page_debts(runbook, NOW)) == []
    later = [debt.code for debt in page_debts(runbook, datetime(2027, 1, 12, tzinfo=UTC))]
    assert later == ["runbook_stale"]
    runbook = read_runbook(page("# A page\n").parents[1], "page")
    assert [debt.code for debt in page_debts(runbook, NOW)] == ["runbook_without_steps"]


@pytest.mark.parametrize("name", page_ids(INCLUDE))
def test_every_page_that_ships_holds_only_what_it_may(name):
    assert list(markup_mistakes(INCLUDE / "runbooks" / f"{name}.md")) == []
