"""Commits, comparisons and checks: what a cut reads."""

from itertools import islice
from typing import Any

from stationmaster.core.checks import Check
from stationmaster.hooks import forge_answers, forge_checks, forge_names
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_models import Commit, Comparison
from stationmaster.hooks.forge_wire import PAGE, ForgePart


class ForgeHistory(ForgePart):
    """Reads only; nothing here changes a repository."""

    def commit(self, repo: str, sha: str) -> Commit:
        """Return one commit. Raises ForgeNotFound, core's InvalidSha."""
        path = f"{forge_names.repository(repo)}/commits/{forge_names.commit(sha)}"
        return forge_answers.commit(self._wire.read(path))

    def commits(self, repo: str, sha: str, limit: int) -> list[Commit]:
        """Return at most `limit` commits, `sha` (or the branch of that name) first, newest to oldest."""
        query: dict[str, str | int] = {"sha": sha, "per_page": min(limit, PAGE)}
        found = self._wire.pages(f"{forge_names.repository(repo)}/commits", query)
        return [forge_answers.commit(item) for item in islice(found, limit)]

    def compare(self, repo: str, base: str, head: str) -> Comparison:
        """Compare two commits or refs, with every commit between them, oldest first (F26).

        Raises ForgeUnreadable when the pages do not add up to the total that GitHub states.
        """
        path = f"{forge_names.repository(repo)}/compare/{forge_names.branch(base)}...{forge_names.branch(head)}"
        first = self._wire.read(path, {"per_page": PAGE, "page": 1})
        return self._comparison(path, first)

    def relation(self, repo: str, base: str, head: str) -> str:
        """Return how `head` stands to `base`: ahead, behind, identical or diverged. No commit between them is read."""
        path = f"{forge_names.repository(repo)}/compare/{forge_names.branch(base)}...{forge_names.branch(head)}"
        answer = self._wire.read(path, {"per_page": 1, "page": 1})
        status = answer.get("status") if isinstance(answer, dict) else None
        if status not in ("ahead", "behind", "identical", "diverged"):
            raise ForgeUnreadable(f"GET {path} does not say how the two commits stand to each other")
        return str(status)

    def check_results(self, repo: str, sha: str) -> list[Check]:
        """Return the reports on a commit, from check runs and statuses, every page (F59).

        Raises ForgeUnreadable and ForgeUnreachable: a check that cannot be read is never a missing one.
        """
        at = f"{forge_names.repository(repo)}/commits/{forge_names.commit(sha)}"
        runs = self._wire.pages(f"{at}/check-runs", {"filter": "latest"}, field="check_runs")
        statuses = self._wire.pages(f"{at}/status", field="statuses")
        return [*map(forge_checks.check_run, runs), *map(forge_checks.commit_status, statuses)]

    def _comparison(self, path: str, first: Any) -> Comparison:
        try:
            total, items = int(first["total_commits"]), list(first["commits"])
            page = 1
            while len(items) < total:
                page += 1
                more = self._wire.read(path, {"per_page": PAGE, "page": page})["commits"]
                if not more:
                    raise ForgeUnreadable(f"GET {path} lists {len(items)} of {total} commits: an incomplete comparison")
                items.extend(more)
            return Comparison(
                status=first["status"],
                ahead_by=first["ahead_by"],
                behind_by=first["behind_by"],
                merge_base=first["merge_base_commit"]["sha"],
                commits=tuple(forge_answers.commit(item) for item in items),
                url=first.get("html_url", ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ForgeUnreadable(f"GET {path}: the comparison is not legible: {error!r}") from error
