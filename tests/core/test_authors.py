"""Who wrote what is aboard: whom GitHub proves, and whom only a text names (F26)."""

from __future__ import annotations

import pytest

from stationmaster.core.authors import Named, Written, authors_of

LINKED = {"author": "ada", "author_name": "Ada", "author_mail": "ada@work.example"}
UNLINKED = {"author": None, "author_name": "Ada", "author_mail": "ada@home.example"}


def trailer(name: str, mail: str) -> str:
    return f"Fix\n\nCo-authored-by: {name} <{mail}>"


def test_author_committer_and_opener_are_proved_once_each() -> None:
    commit = Written(**LINKED, committer="Ben", committer_name="Ben", committer_mail="ben@work.example")
    assert authors_of([commit, commit], ["ADA", "cleo"]).logins == ("Ben", "ada", "cleo")
    assert authors_of([commit]).unproved == ()


@pytest.mark.parametrize("committer", ["web-flow", "Web-Flow"])
def test_github_itself_is_no_author(committer: str) -> None:
    found = authors_of([Written(**LINKED, committer=committer, committer_mail="noreply@github.com")])
    assert (found.logins, found.unproved) == (("ada",), ())


def test_robots_are_no_authors() -> None:
    robot = Written(author="renovate[bot]", author_bot=True, committer="x[bot]", committer_bot=True)
    assert authors_of([robot]) == authors_of([])


@pytest.mark.parametrize(
    "commit",
    [
        Written(**UNLINKED),
        Written(**LINKED, message=trailer("Ben", "ben@home.example")),
        Written(**LINKED, committer=None, committer_name="Ben", committer_mail="ben@home.example"),
    ],
)
def test_whom_github_does_not_know_is_not_proved(commit: Written) -> None:
    assert len(authors_of([commit]).unproved) == 1


@pytest.mark.parametrize(
    "message",
    [
        trailer("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"),
        trailer("Ada", "ADA@work.example"),
        trailer("Ada", "1234+ada@users.noreply.github.com"),
        "Fix\n\nReviewed-by: Ben <ben@home.example>",
        "Mention Co-authored-by: in the middle <of@a.line>",
    ],
)
def test_a_trailer_that_names_nobody_new_is_none(message: str) -> None:
    assert authors_of([Written(**LINKED, message=message)]).unproved == ()


def test_one_person_of_many_commits_and_spellings_is_named_once() -> None:
    twice = [Written(**UNLINKED), Written(**{**UNLINKED, "author_mail": "ADA@home.example"})]
    assert authors_of(twice).unproved == (Named(name="Ada", mail="ada@home.example"),)
    lower = Written(**LINKED, message="x\n\nco-authored-by: Ben <b@x.example>\nCO-AUTHORED-BY: Cleo <c@x.example>")
    assert [named.name for named in authors_of([lower]).unproved] == ["Ben", "Cleo"]
