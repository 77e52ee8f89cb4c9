"""Who wrote what is aboard: whom GitHub proves, and whom only a text names (F26).

GitHub proves an account by the mail address of a commit's author and committer, and by who opened a pull request. A
trailer proves nobody, and neither does an address that belongs to no account. Robots are no authors, and neither is
``web-flow``, by which GitHub itself commits what somebody merges on its pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stationmaster.core.value import Value

WEB_FLOW = "web-flow"
_TRAILER = re.compile(
    r"^[ \t]*co-authored-by:[ \t]*(?P<name>[^<\n]*?)[ \t]*<(?P<mail>[^>\n]*)>", re.IGNORECASE | re.MULTILINE
)
_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[A-Za-z0-9_-]+(?:\[bot\])?)@users\.noreply\.[\w.-]+", re.IGNORECASE)


class Written(Value):
    """A commit as far as its authors go; logins are None where the mail address belongs to no account."""

    author: str | None
    author_bot: bool = False
    author_name: str = ""
    author_mail: str = ""
    committer: str | None = None
    committer_bot: bool = False
    committer_name: str = ""
    committer_mail: str = ""
    message: str = ""


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
            if login and login.lower() != WEB_FLOW:
                mails.add(mail.casefold())
                if not bot:
                    logins[login.lower()] = login
    unproved: dict[str, Named] = {}
    for named in (each for commit in every for each in _only_named(commit)):
        known = named.mail.casefold() in mails or (named.login or "").lower() in logins
        if not known:
            unproved.setdefault(named.mail.casefold() or named.name.casefold(), named)
    return Authors(
        logins=tuple(sorted(logins.values())),
        unproved=tuple(sorted(unproved.values(), key=lambda one: (one.mail, one.name))),
    )


def _only_named(commit: Written) -> Iterable[Named]:
    author = Named(name=commit.author_name, mail=commit.author_mail)
    if commit.author is None:
        yield author
    committer = Named(name=commit.committer_name, mail=commit.committer_mail)
    by_github = committer.name.startswith("GitHub") and committer.mail.startswith("noreply@")
    if commit.committer is None and committer not in (author, Named(name="", mail="")) and not by_github:
        yield committer
    for trailer in _TRAILER.finditer(commit.message):
        named = Named(name=trailer["name"], mail=trailer["mail"])
        if not (named.login or named.name).lower().endswith("[bot]"):
            yield named
