"""Who wrote what is aboard: whom GitHub proves, and whom only a text names (F26)."""

from __future__ import annotations

from typing import Any

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


ROBOT = {"author": "renovate[bot]", "author_bot": True, "author_name": "renovate[bot]", "author_mail": "29@robots"}
OWN = {"committer": "Renovate[bot]", "committer_bot": True}
GITHUB = {"committer": "web-flow"}
ENTERPRISE = {"committer": None, "committer_name": "GitHub Enterprise", "committer_mail": "noreply@git.example"}
OTHER = {"committer": "queue[bot]", "committer_bot": True}


@pytest.mark.parametrize("committer", [OWN, GITHUB, ENTERPRISE, OTHER])
def test_f26_robots_are_no_authors_where_github_verified_the_signature(committer: dict[str, Any]) -> None:
    assert authors_of([Written(**ROBOT, **committer, verified=True)]) == authors_of([])


@pytest.mark.parametrize("committer", [OWN, GITHUB, ENTERPRISE])
def test_f26_nor_where_that_robot_opened_the_pull_request(committer: dict[str, Any]) -> None:
    assert authors_of([Written(**ROBOT, **committer, robots=("Renovate[bot]",))]) == authors_of([])


@pytest.mark.parametrize(
    "more",
    [OWN, GITHUB, ENTERPRISE, OTHER, {**OWN, "robots": ("else[bot]",)}, {**OTHER, "robots": ("renovate[bot]",)}],
)
def test_f26_a_robots_mail_address_alone_proves_no_robot(more: dict[str, Any]) -> None:
    """Not even where the same robot wrote another commit."""
    found = authors_of([Written(**ROBOT, **OWN, verified=True), Written(**ROBOT, **more)])
    assert (found.logins, found.unproved) == ((), (Named(name="renovate[bot]", mail="29@robots"),))


def test_f26_a_person_who_commits_a_robots_work_is_its_author() -> None:
    found = authors_of([Written(**ROBOT, committer="ada", committer_mail="ada@work.example")])
    assert (found.logins, found.unproved) == (("ada",), ())


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("author", ["web-flow", "Web-Flow"])
def test_f26_github_itself_writes_nothing(author: str, verified: bool) -> None:
    hidden = {"author": author, "author_name": "GitHub", "author_mail": "noreply@github.com", "verified": verified}
    found = authors_of([Written(**LINKED, committer="web-flow"), Written(**hidden, committer="web-flow")])
    assert (found.logins, found.unproved) == (("ada",), (Named(name="GitHub", mail="noreply@github.com"),))


@pytest.mark.parametrize(
    "commit",
    [
        Written(**UNLINKED),
        Written(**LINKED, message=trailer("Ben", "ben@home.example")),
        Written(**LINKED, message=trailer("Ben [bot]", "ben@home.example")),
        Written(**LINKED, message="Fix\n\nCo-authored-by : Ben <ben@home.example>"),
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
