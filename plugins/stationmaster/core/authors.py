"""Who wrote what is aboard: whom GitHub proves, and whom only a text names (F26).

GitHub proves an account by the mail address of a commit's author and committer, and by who opened a pull request. A
trailer proves nobody, and neither does an address that belongs to no account. Robots are no authors, and neither is
``web-flow``, by which GitHub itself commits what somebody merges on its pages: as a committer it is nobody, and as an
author somebody who hides, for GitHub never writes anything.

Anybody may write a robot's mail address into a commit, and GitHub then shows the robot's login. So a commit that no
person is shown for is a robot's only where GitHub verified the signature, which is the committer's, or where that robot
opened the pull request which brought it. Otherwise nobody proves who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stationmaster.core.value import Value

WEB_FLOW = "web-flow"
_TRAILER = re.compile(
    r"^[ \t]*co-authored-by[ \t]*:[ \t]*(?P<name>[^<\n]*?)[ \t]*<(?P<mail>[^>\n]*)>", re.IGNORECASE | re.MULTILINE
)
_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[A-Za-z0-9_-]+(?:\[bot\])?)@users\.noreply\.[\w.-]+", re.IGNORECASE)


class Written(Value):
    """A commit as far as its authors go; logins are None where the mail address belongs to no account.

    ``verified`` says that GitHub verified its signature, ``robots`` which robots opened a pull request that brought it.
    """

    author: str | None
    author_bot: bool = False
    author_name: str = ""
    author_mail: str = ""
    committer: str | None = None
    committer_bot: bool = False
    committer_name: str = ""
    committer_mail: str = ""
    message: str = ""
    verified: bool = False
    robots: tuple[str, ...] = ()


class Named(Value):
    """Somebody whom only a text names."""

    name: str
    mail: str

    @property
    def login(self) -> str | None:
        """The login in an address that GitHub made, None in any other."""
        found = _NOREPLY.fullmatch(self.mail.strip())
        return found["login"] if found else None


class Authors(Value):
    """Who wrote some commits: logins that GitHub proves, and whom it does not prove, each sorted and once."""

    logins: tuple[str, ...] = ()
    unproved: tuple[Named, ...] = ()


def authors_of(commits: Iterable[Written], openers: Iterable[str] = ()) -> Authors:
    """Return who wrote commits.

    :param openers: the logins of the people who opened their pull requests.
    """
    every = tuple(commits)
    logins = {opener.lower(): opener for opener in openers}
    mails: set[str] = set()
    for commit in every:
        for login, bot, mail in (
            (commit.author, commit.author_bot, commit.author_mail),
            (commit.committer, commit.committer_bot, commit.committer_mail),
        ):
            if login and not _is_web_flow(login):
                mails.add(mail.casefold())
                if not bot:
                    logins[login.lower()] = login
    named = [each for commit in every for each in _only_named(commit)]
    strange = [each for each in named if each.mail.casefold() not in mails and (each.login or "").lower() not in logins]
    hidden = [Named(name=commit.author_name, mail=commit.author_mail) for commit in every if _hides(commit)]
    unproved: dict[str, Named] = {}
    for each in (*strange, *hidden):
        unproved.setdefault(each.mail.casefold() or each.name.casefold(), each)
    return Authors(
        logins=tuple(sorted(logins.values())),
        unproved=tuple(sorted(unproved.values(), key=lambda one: (one.mail, one.name))),
    )


def is_by_robot(commit: Written) -> bool:
    """Return whether GitHub proves that a robot, and no person, wrote a commit."""
    if commit.author is None or not commit.author_bot:
        return False
    own = (commit.committer or "").lower() == commit.author.lower()
    if not (own or _by_github(commit) or (commit.verified and commit.committer_bot)):
        return False
    return commit.verified or commit.author.lower() in (robot.lower() for robot in commit.robots)


def _hides(commit: Written) -> bool:
    """Return whether the accounts that GitHub shows for a commit tell of nobody who wrote it."""
    if not commit.author:
        return False  # a name is all that there is, and it is counted as one
    if _is_web_flow(commit.author):
        return True
    by_a_person = commit.committer is not None and not commit.committer_bot and not _is_web_flow(commit.committer)
    return commit.author_bot and not by_a_person and not is_by_robot(commit)


def _is_web_flow(login: str) -> bool:
    return login.lower() == WEB_FLOW


def _by_github(commit: Written) -> bool:
    """Return whether GitHub itself committed it, or somebody says so; an Enterprise server has no such account."""
    if commit.committer is not None:
        return _is_web_flow(commit.committer)
    return commit.committer_name.startswith("GitHub") and commit.committer_mail.startswith("noreply@")


def _only_named(commit: Written) -> Iterable[Named]:
    author = Named(name=commit.author_name, mail=commit.author_mail)
    if commit.author is None:
        yield author
    committer = Named(name=commit.committer_name, mail=commit.committer_mail)
    if commit.committer is None and committer not in (author, Named(name="", mail="")) and not _by_github(commit):
        yield committer
    for trailer in _TRAILER.finditer(commit.message):
        named = Named(name=trailer["name"], mail=trailer["mail"])
        if not (named.login or "").lower().endswith("[bot]"):
            yield named
