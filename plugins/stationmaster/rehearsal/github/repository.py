"""One repository of the stand-in: its commits and refs, and the history that lands on its main as the clock goes on."""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github.history import RECORDED, HistoricCommit, History, load, made_up
from stationmaster.rehearsal.github.specs import RepositorySpec
from stationmaster.rehearsal.github.state import CommitRecord, IssueRecord, PullRecord, RefMove, RepositoryRecord

OPEN_BEFORE_LANDING = timedelta(days=3)
"""How long before it landed a historic pull request is open."""


class UnknownCommit(LookupError):
    """The repository has no such commit, or not yet."""


class Repository:
    """A repository's record with what moves it. Call `settle` before reading: the clock may have gone on."""

    def __init__(self, *, spec: RepositorySpec, identifier: int, begins: datetime, next_id: Callable[[], int]) -> None:
        self.spec = spec
        self.next_id = next_id
        name = spec.history or RECORDED.get(spec.name)
        made = made_up(spec.name) if spec.lively else History()
        self.history = load(name, shift=spec.shift) if name else made
        self.begins = begins
        first = self.history.commits[0].committed_at if self.history.commits else begins
        self.record = RepositoryRecord(
            id=identifier,
            name=spec.name,
            default_branch=spec.default_branch,
            private=spec.private,
            created_at=min(first, begins),
            next_number=1 + max((commit.pull_request or 0 for commit in self.history.commits), default=0),
        )
        self._landed = 0
        self._made_tags: set[str] = set()
        self._merged_early: set[int] = set()
        self._begin()
        for issue in spec.issues:
            number, opened = self.record.next_number, begins - issue.before
            self.record.next_number += 1
            self.record.issues[number] = IssueRecord(
                number=number,
                title=issue.title,
                body="",
                author="somebody",
                created_at=opened,
                updated_at=opened,
                labels=list(issue.labels),
                assignees=list(issue.assignees),
            )

    @property
    def main(self) -> str:
        """The ref of the default branch, such as heads/main."""
        return f"heads/{self.record.default_branch}"

    def settle(self, now: datetime) -> None:
        """Let everything land that had landed by `now`."""
        count = self.history.landed(now)
        while self._landed < count:
            self._land(self.history.commits[self._landed])
            self._landed += 1
        self._open_pulls(now)
        self._tag(now)

    def commit(self, sha: str) -> CommitRecord:
        """Return a commit. Raises UnknownCommit."""
        try:
            return self.record.commits[sha]
        except KeyError:
            raise UnknownCommit(f"{self.record.name} has no commit {sha}") from None

    def resolve(self, name: str) -> str | None:
        """Return the commit that a branch, a tag, a qualified ref or a sha (short ones too) stands for, or None."""
        refs = self.record.refs
        plain = name.removeprefix("refs/")
        found = next((refs[ref] for ref in (plain, f"heads/{plain}", f"tags/{plain}") if ref in refs), None)
        while found in self.record.tag_objects:
            found = self.record.tag_objects[found].target
        if found is None and re.fullmatch(r"[0-9a-f]{7,40}", name):
            found = next((sha for sha in self.record.commits if sha.startswith(name)), None)
        return found

    def move(self, ref: str, sha: str | None, at: datetime) -> None:
        """Point a ref at a commit or a tag object; None deletes it."""
        if sha is None:
            self.record.refs.pop(ref, None)
        else:
            self.record.refs[ref] = sha
        self.record.moves.append(RefMove(at=at, ref=ref, sha=sha))

    def add_commit(
        self,
        *,
        parents: Iterable[str],
        message: str,
        author: str,
        at: datetime,
        pull: int | None = None,
        **written: Any,
    ) -> CommitRecord:
        """Make a commit that the history does not have, with a sha of its own."""
        known = tuple(parents)
        seed = f"{self.record.name}\0{self.next_id()}\0{known}\0{message}\0{author}"
        return self._keep(
            CommitRecord(
                sha=hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(),
                parents=known,
                message=message,
                author=author,
                committed_at=at,
                landed_at=at,
                depth=0,
                pull=pull,
                **written,
            )
        )

    def merge_pull(self, pull: PullRecord, *, sha: str, by: str, at: datetime) -> None:
        """Mark a pull request as merged by the commit `sha`; its historic commit will not land again."""
        pull.state, pull.merged_at, pull.merged_by, pull.merge_sha, pull.updated_at = "closed", at, by, sha, at
        self._merged_early.add(pull.number)

    def pull_head(self, pull: PullRecord) -> CommitRecord:
        """Return the head commit of a pull request, made when asked for: the history does not hold those."""
        if pull.head_sha not in self.record.commits:
            self._keep(
                CommitRecord(
                    sha=pull.head_sha,
                    parents=(pull.base_sha,) if pull.base_sha in self.record.commits else (),
                    message=pull.title,
                    author=pull.author,
                    committed_at=pull.created_at,
                    landed_at=pull.created_at,
                    depth=0,
                    pull=pull.number,
                )
            )
        return self.record.commits[pull.head_sha]

    def is_fast_forward(self, present: str, sha: str) -> bool:
        """Whether a branch at `present` can go to `sha` without losing a commit."""
        return github_graph.contains(self.record.commits, sha, present)

    def _begin(self) -> None:
        self.settle(self.begins)
        if self.main not in self.record.refs:
            root = self.add_commit(parents=(), message="Initial commit", author="dev-01", at=self.begins)
            self.move(self.main, root.sha, self.begins)
        for branch, sha in self.spec.branches.items():
            self.move(f"heads/{branch}", self.commit(sha).sha, self.begins)
        self.record.moves.clear()

    def _keep(self, commit: CommitRecord) -> CommitRecord:
        depths = (self.record.commits[parent].depth for parent in commit.parents if parent in self.record.commits)
        commit.depth = 1 + max(depths, default=-1)
        self.record.commits[commit.sha] = commit
        return commit

    def _land(self, historic: HistoricCommit) -> None:
        if historic.pull_request in self._merged_early:
            return
        head = self.record.refs.get(self.main)
        commit = self._keep(
            CommitRecord(
                sha=historic.sha,
                parents=(head,) if head else (),
                message=historic.title,
                author=historic.author,
                committed_at=historic.committed_at,
                landed_at=historic.landed_at,
                depth=0,
                pull=historic.pull_request,
                verified=historic.author.startswith("bot-"),
            )
        )
        self.move(self.main, commit.sha, historic.landed_at)
        if historic.pull_request is not None:
            pull = self._historic_pull(historic, base=head or commit.sha)
            pull.state, pull.merged_at, pull.merge_sha = "closed", historic.landed_at, commit.sha
            pull.merged_by, pull.updated_at = historic.author, historic.landed_at

    def _open_pulls(self, now: datetime) -> None:
        for historic in self.history.commits[self._landed : self.history.landed(now + OPEN_BEFORE_LANDING)]:
            if historic.pull_request is not None and historic.pull_request not in self.record.pulls:
                self._historic_pull(historic, base=self.record.refs.get(self.main, historic.sha))

    def _historic_pull(self, historic: HistoricCommit, *, base: str) -> PullRecord:
        number = historic.pull_request or 0
        present = self.record.pulls.get(number)
        if present is not None and present.merged_at is None:
            return present
        branch = re.search(r"from [\w.-]+/(\S+)", historic.title)
        title = historic.title.removesuffix(f"(#{number})").rstrip()
        if branch:
            title = re.sub(r"[-_/]+", " ", branch[1]).strip()
        pull = PullRecord(
            number=number,
            title=title or historic.title,
            body="",
            author=historic.author,
            head_ref=branch[1] if branch else f"change-{number}",
            head_sha=hashlib.sha1(f"{self.record.name}#{number}".encode(), usedforsecurity=False).hexdigest(),
            base_ref=self.record.default_branch,
            base_sha=base,
            created_at=historic.landed_at - OPEN_BEFORE_LANDING,
        )
        self.record.pulls[number] = pull
        return pull

    def _tag(self, now: datetime) -> None:
        for tag in self.history.tags:
            ref = f"tags/{tag.tag}"
            if tag.tagged_at <= now and tag.sha in self.record.commits and tag.tag not in self._made_tags:
                self._made_tags.add(tag.tag)
                self.record.refs[ref] = tag.sha
