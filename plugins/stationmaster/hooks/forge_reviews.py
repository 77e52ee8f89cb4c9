"""Pull requests that somebody else opens, as a reviewer sees them: what is aboard, and a word at their end."""

from stationmaster.core.upgrade_diffs import ChangedFile
from stationmaster.hooks import forge_answers, forge_names
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_models import Commit, PullRequest
from stationmaster.hooks.forge_pulls import marker
from stationmaster.hooks.forge_wire import ForgePart

MOST_COMMITS = 250
"""GitHub lists no more commits of a pull request than these, and does not say that it leaves some out."""


class ForgeReviews(ForgePart):
    """Reads the open pull requests of a branch, and closes them with a comment that carries a key."""

    def open_pulls(self, repo: str, base: str) -> list[PullRequest]:
        """Return the open pull requests into a branch, the oldest first."""
        forge_names.branch(base)
        query = {"state": "open", "base": base, "sort": "created", "direction": "asc"}
        found = self._wire.pages(f"{forge_names.repository(repo)}/pulls", query)
        return sorted((forge_answers.pull_request(item) for item in found), key=lambda pull: pull.number)

    def pull_commits(self, repo: str, number: int) -> list[Commit]:
        """Return every commit of a pull request, the oldest first.

        Raises ForgeUnreadable where GitHub may have left some out: whose commits are aboard must be known for all.
        """
        path = f"{forge_names.repository(repo)}/pulls/{forge_names.number(number)}/commits"
        found = [forge_answers.commit(item) for item in self._wire.pages(path)]
        if len(found) >= MOST_COMMITS:
            raise ForgeUnreadable(f"GET {path} lists {len(found)} commits, and GitHub lists no more than that")
        return found

    def pull_files(self, repo: str, number: int) -> list[ChangedFile]:
        """Return every file that a pull request changes, with its patch where GitHub shows one."""
        path = f"{forge_names.repository(repo)}/pulls/{forge_names.number(number)}/files"
        return [forge_answers.changed_file(item) for item in self._wire.pages(path)]

    def has_comment(self, repo: str, number: int, key: str) -> bool:
        """Whether a comment that carries `key` stands there: the look-up after a comment whose answer was lost."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/comments"
        return any(marker(key) in str(item.get("body") or "") for item in self._wire.pages(path))

    def comment(self, repo: str, number: int, body: str, key: str) -> None:
        """Comment on a pull request or an issue; the comment carries `key`."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/comments"
        self._wire.write("POST", path, {"body": f"{body}\n\n{marker(key)}"})

    def close_pull(self, repo: str, number: int) -> PullRequest:
        """Close a pull request without merging it; one that is closed already stays so."""
        path = f"{forge_names.repository(repo)}/pulls/{forge_names.number(number)}"
        return forge_answers.pull_request(self._wire.write("PATCH", path, {"state": "closed"}).data)
