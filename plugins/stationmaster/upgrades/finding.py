"""The pull request that the workflow opened, told from everybody else's (D-24, F21)."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.authors import WEB_FLOW
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.hooks.forge_pulls import marker
from stationmaster.upgrades import starting
from stationmaster.work.open_upgrades import PULL

if TYPE_CHECKING:
    from stationmaster.hooks.forge_models import Commit, PullRequest, Run
    from stationmaster.ledger.records import Fact
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

SHOWS_WITHIN = timedelta(minutes=3)
"""How long GitHub may take to list a pull request that a run has opened."""
_CLOCK_SKEW = timedelta(minutes=2)


class Search(NamedTuple):
    """How the search stands: it goes on for ``blocker``, or it has ended."""

    state: Literal["searching", "found", "nothing", "failed"]
    pull: PullRequest | None = None
    blocker: Blocker | None = None
    run: str = ""
    why: str = ""


def search(desk: UpgradeDesk, upgrade: Upgrade) -> Search:
    """Look for the pull request of this week's run, once its run has ended.

    It carries the dispatch's key in its description; or it was opened after the run was asked for; or the run has
    pushed its branch anew. Of several the newest counts.
    """
    run = starting.run_of(desk, upgrade)
    if run is None:
        return Search("searching", blocker=_unseen(desk, upgrade))
    if not run.finished:
        running = blocker("UPGRADE_RUNNING", since=run.created_at, repository=desk.repository, run=run.url)
        return Search("searching", blocker=running, run=run.url)
    if run.conclusion != "success":
        return Search(
            "failed", run=run.url, why=f"The workflow ended as {escaping.opened(str(run.conclusion))}: {run.url}."
        )
    found = _of_this_week(desk, upgrade)
    if found is not None:
        return Search("found", pull=found, run=run.url)
    shows_by = (run.updated_at or run.created_at) + SHOWS_WITHIN
    if desk.now() < shows_by:
        return Search("searching", blocker=_awaited(desk, run, shows_by), run=run.url)
    alike = _alike(desk, upgrade)
    if alike is not None:
        author = escaping.opened(alike.author or "nobody")
        why = (
            f"#{alike.number} stands where the workflow's pull request should, but it is {author}'s: "
            "if that is the workflow's account, write it as author under pull in the team's file."
        )
        return Search("failed", run=run.url, why=why)
    return Search("nothing", run=run.url, why="The workflow ended, and no pull request of it is open.")


def remember(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest) -> Fact:
    """Keep which pull request it is; the first one stays."""
    value = {"number": pull.number, "url": pull.url, "title": pull.title, "head": pull.head_sha}
    return desk.ledger.record_once(upgrade.id, PULL, desk.repository, value, desk.now(), "stationmaster")


def known(desk: UpgradeDesk, upgrade: Upgrade) -> Fact | None:
    """Return the pull request that was found, None before."""
    return desk.ledger.fact(upgrade.id, PULL)


def own_pulls(desk: UpgradeDesk) -> list[PullRequest]:
    """Return the open pull requests that are the workflow's own, the oldest first."""
    return [pull for pull in desk.forge.open_pulls(desk.repository, desk.entry.ref) if is_own(desk, pull)]


def is_own(desk: UpgradeDesk, pull: PullRequest) -> bool:
    """Return whether a pull request is the workflow's: from this repository, by its account, with every mark.

    A fork may give its branch any name, and anybody may set words or labels: neither alone is enough.
    """
    mark = desk.entry.pull
    if not _is_marked(desk, pull):
        return False
    return pull.bot if mark.author is None else (pull.author or "").lower() == mark.author.lower()


def _is_marked(desk: UpgradeDesk, pull: PullRequest) -> bool:
    mark, entry = desk.entry.pull, desk.entry
    if (pull.head_repository or "").lower() != entry.repository.lower() or pull.base_ref != entry.ref:
        return False
    if mark.branch is not None and not fnmatchcase(pull.head_ref, mark.branch):
        return False
    return mark.label is None or mark.label in pull.labels


def strangers(desk: UpgradeDesk, pull: PullRequest) -> tuple[str, ...]:
    """Return who else has commits aboard, beside the account that opened it; a commit of nobody is a stranger's.

    A commit is the account's if it both wrote and committed it, or GitHub's own with a signature that it has verified.
    Anybody may write its mail address: where it signs what it writes, all that bears no signature is a stranger's, too.
    A merge does not tell: GitHub signs those that it makes for people who never sign.
    """
    account = (pull.author or "").lower()
    commits = desk.forge.pull_commits(desk.repository, pull.number)
    signs = any(each.verified and len(each.parents) < 2 and _is_its_own(each, account, signs=False) for each in commits)
    return tuple(sorted({_stranger(each, account) for each in commits if not _is_its_own(each, account, signs=signs)}))


def _is_its_own(commit: Commit, account: str, *, signs: bool) -> bool:
    if (commit.committer or "").lower() == WEB_FLOW:
        return commit.verified and (commit.author or "").lower() == account
    return _is_by(commit, account) and (commit.verified or not signs)


def _is_by(commit: Commit, account: str) -> bool:
    return bool(account) and {(commit.author or "").lower(), (commit.committer or "").lower()} == {account}


def _stranger(commit: Commit, account: str) -> str:
    """Return whose a commit is that is not the account's: whom GitHub shows, or that it shows nobody."""
    shown = [login for login in (commit.author, commit.committer) if login and login.lower() not in (account, WEB_FLOW)]
    if shown:
        return shown[0]
    if (commit.author or "").lower() == account:
        return f"somebody who may only bear the name of {commit.author}"
    return "somebody whom GitHub does not know"


def _of_this_week(desk: UpgradeDesk, upgrade: Upgrade) -> PullRequest | None:
    own = own_pulls(desk)
    key, since = starting.dispatch_key(upgrade), starting.started_at(desk, upgrade) - _CLOCK_SKEW
    marked = [pull for pull in own if marker(key) in pull.body]
    opened = [pull for pull in own if pull.created_at is not None and pull.created_at >= since]
    for several in (marked, opened):
        if several:
            return several[-1]
    return next((pull for pull in reversed(own) if _pushed_since(desk, pull, since)), None)


def _alike(desk: UpgradeDesk, upgrade: Upgrade) -> PullRequest | None:
    """Return what has every mark but the account, and moved since the run was asked for: perhaps the file is wrong."""
    since = starting.started_at(desk, upgrade) - _CLOCK_SKEW
    found = [pull for pull in desk.forge.open_pulls(desk.repository, desk.entry.ref) if _is_marked(desk, pull)]
    return next((pull for pull in reversed(found) if _pushed_since(desk, pull, since)), None)


def _pushed_since(desk: UpgradeDesk, pull: PullRequest, since: datetime) -> bool:
    return desk.forge.commit(desk.repository, pull.head_sha).committed_at >= since


def _unseen(desk: UpgradeDesk, upgrade: Upgrade) -> Blocker:
    since = starting.started_at(desk, upgrade)
    return blocker("UPGRADE_RUN_NOT_FOUND", since=since, repository=desk.repository, workflow=desk.entry.workflow)


def _awaited(desk: UpgradeDesk, run: Run, shows_by: datetime) -> Blocker:
    since = run.updated_at or run.created_at
    return blocker("UPGRADE_PULL_AWAITED", since=since, clears_at=shows_by, repository=desk.repository)
