"""Issues: the open work of a team, and the handoffs that are written as issues."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from stationmaster.hooks import forge_answers, forge_names
from stationmaster.hooks.errors import ForgeNotFound
from stationmaster.hooks.forge_models import Comment, Issue
from stationmaster.hooks.forge_pulls import marker
from stationmaster.hooks.forge_wire import ForgePart


class ForgeIssues(ForgePart):
    """Reads issues, and opens, closes and comments on our own."""

    def open_issues(self, repo: str, labels: Sequence[str] = ()) -> list[Issue]:
        """Return the open issues that bear every label, the oldest first; pull requests are none."""
        query = {"state": "open", "sort": "created", "direction": "asc"}
        if labels:
            query["labels"] = ",".join(labels)
        found = self._wire.pages(f"{forge_names.repository(repo)}/issues", query)
        issues = [forge_answers.issue(item) for item in found if "pull_request" not in item]
        return sorted(issues, key=lambda issue: issue.number)

    def issues_closed_since(self, repo: str, since: datetime, labels: Sequence[str] = ()) -> list[Issue]:
        """Return the issues that bear every label and were closed at `since` or later, the oldest first."""
        # GitHub's `since` is about the last change, and closing is one: nothing that was closed since is left out.
        query = {"state": "closed", "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        if labels:
            query["labels"] = ",".join(labels)
        found = self._wire.pages(f"{forge_names.repository(repo)}/issues", query)
        issues = [forge_answers.issue(item) for item in found if "pull_request" not in item]
        lately = [issue for issue in issues if issue.closed_at is not None and issue.closed_at >= since]
        return sorted(lately, key=lambda issue: issue.number)

    def find_issue(self, repo: str, key: str, labels: Sequence[str]) -> Issue | None:
        """Return the issue that carries `key`, open or closed, among those that bear every label; or None."""
        query = {"state": "all", "labels": ",".join(labels), "sort": "created", "direction": "desc"}
        found = self._wire.pages(f"{forge_names.repository(repo)}/issues", query)
        issues = (forge_answers.issue(item) for item in found)
        return next((issue for issue in issues if marker(key) in issue.body), None)

    def open_issue(
        self, repo: str, title: str, body: str, key: str, *, labels: Sequence[str], assignees: Sequence[str] = ()
    ) -> Issue:
        """Open an issue that carries `key`; whom GitHub cannot assign it leaves out without a word."""
        content = {
            "title": title,
            "body": f"{body}\n\n{marker(key)}",
            "labels": list(labels),
            "assignees": list(assignees),
        }
        return forge_answers.issue(self._wire.write("POST", f"{forge_names.repository(repo)}/issues", content).data)

    def issue(self, repo: str, number: int) -> Issue:
        """Return one issue. Raises ForgeNotFound."""
        return forge_answers.issue(
            self._wire.read(f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}")
        )

    def close_issue(self, repo: str, number: int) -> Issue:
        """Close an issue; one that is closed already stays so."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}"
        return forge_answers.issue(self._wire.write("PATCH", path, {"state": "closed"}).data)

    def find_issue_comment(self, repo: str, number: int, key: str) -> Comment | None:
        """Return the comment on an issue that carries `key`, or None."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/comments"
        comments = (forge_answers.comment(item) for item in self._wire.pages(path))
        return next((found for found in comments if marker(key) in found.body), None)

    def issue_comments(self, repo: str, number: int, since: datetime) -> list[Comment]:
        """Return the comments on an issue that were written or changed at `since` or later, the oldest first."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/comments"
        query = {"since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        return [forge_answers.comment(item) for item in self._wire.pages(path, query)]

    def comment_issue(self, repo: str, number: int, body: str, key: str) -> Comment:
        """Comment on an issue; the comment carries `key`."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/comments"
        return forge_answers.comment(self._wire.write("POST", path, {"body": f"{body}\n\n{marker(key)}"}).data)

    def label_issue(self, repo: str, number: int, labels: Sequence[str]) -> None:
        """Add labels to an issue; those that it bears already stay."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/labels"
        self._wire.write("POST", path, {"labels": list(labels)})

    def unlabel_issue(self, repo: str, number: int, label: str) -> None:
        """Take a label away from an issue; one that it does not bear is none to take."""
        path = f"{forge_names.repository(repo)}/issues/{forge_names.number(number)}/labels/{quote(label, safe='')}"
        try:
            self._wire.write("DELETE", path)
        except ForgeNotFound:
            return
