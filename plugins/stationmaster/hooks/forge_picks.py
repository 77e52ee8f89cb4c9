"""Cherry-picks through the REST API, which has none: two commits and a merge on a branch of our own (F39 … F42).

To put commit *c*, whose parent is *p*, on top of *h*: a commit with the tree of *h* and the parent *p* is merged with
*c*. Git's merge then has *p* as its base, and its result is the tree that a cherry-pick gives. A last commit with that
tree, the parent *h* and the message of *c* is the pick. Its author, message and instants are those of *c*, so that a
pick that is made twice is the same commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from stationmaster.hooks import forge_names
from stationmaster.hooks.errors import ForgeConflict, ForgeUnreadable
from stationmaster.hooks.forge_models import Picked
from stationmaster.hooks.forge_refs import ForgeRefs

MOST_PICKS = 20
"""More commits than these are no hotfix."""
MOST_FILES = 300
"""GitHub tells no more files of a commit at once."""


class PickConflict(ForgeConflict):
    """A commit that does not go on top of another without a person. ``sha`` names it."""

    def __init__(self, sha: str, base: str) -> None:
        super().__init__(
            f"{sha[:12]} does not go on top of {base[:12]}: they change the same lines. Make a branch at {base}, "
            "pick the commit there by hand, push it, and name its commit instead"
        )
        self.sha = sha


class ForgePicks(ForgeRefs):
    """Puts commits on top of another commit."""

    def pick(self, repo: str, base: str, commits: Sequence[str], *, scratch: str) -> Picked:
        """Return the commit that has ``commits`` on top of ``base``; no branch but ``scratch`` is touched.

        Calling it again gives the same commit. ``empty`` says that ``base`` has what they bring already.

        :param scratch: a branch of our own, which is made and deleted.
        :raises PickConflict: a person must resolve it.
        :raises ForgeUnreadable: a merge commit is to be picked: of its parents nobody said which.
        """
        at, head = forge_names.repository(repo), forge_names.commit(base)
        try:
            for sha in commits:
                head = self._pick_one(repo, at, head, forge_names.commit(sha), scratch)
        finally:
            self.delete_branch(repo, scratch)
        return Picked(sha=head, empty=head == base)

    def patch_id(self, repo: str, sha: str) -> str:
        """Return what a commit changes, as a digest that a pick of it shares, wherever its lines have moved to (F39).

        :raises ForgeUnreadable: GitHub does not tell all of its files.
        """
        data = self._wire.read(f"{forge_names.repository(repo)}/commits/{forge_names.commit(sha)}")
        files = data.get("files")
        if not isinstance(files, list) or len(files) >= MOST_FILES:
            raise ForgeUnreadable(f"{repo}: what {sha[:12]} changes is not told in full")
        told = sorted(_changed(each) for each in files)
        return hashlib.sha256("\0".join(told).encode()).hexdigest()

    def _pick_one(self, repo: str, at: str, head: str, sha: str, scratch: str) -> str:
        told, below = self._git_commit(at, sha), self._git_commit(at, head)
        parents = [parent["sha"] for parent in told["parents"]]
        if len(parents) != 1:
            raise ForgeUnreadable(
                f"{repo}: {sha[:12]} has {len(parents)} parents; name the commits that a merge brought instead of it"
            )
        beside = self._make(at, tree=below["tree"]["sha"], parent=parents[0], like=below)
        self.move_branch(repo, scratch, beside, force=True)
        merged = self._merged_tree(repo, at, scratch, sha, head)
        if merged == below["tree"]["sha"]:
            return head
        return self._make(at, tree=merged, parent=head, like=told)

    def _merged_tree(self, repo: str, at: str, scratch: str, sha: str, head: str) -> str:
        try:
            merged = self.merge(repo, scratch, sha, f"Merge {sha[:12]}")
        except ForgeConflict as error:
            if error.status == 409:
                raise PickConflict(sha, head) from error
            raise
        if merged.sha is None:
            raise ForgeUnreadable(f"{repo}: GitHub merged {sha[:12]} and did not say into which commit")
        return str(self._git_commit(at, merged.sha)["tree"]["sha"])

    def _git_commit(self, at: str, sha: str) -> Any:
        return self._wire.read(f"{at}/git/commits/{sha}")

    def _make(self, at: str, *, tree: str, parent: str, like: Any) -> str:
        body = {
            "message": like["message"],
            "tree": tree,
            "parents": [parent],
            "author": like["author"],
            "committer": like["committer"],
        }
        return str(self._wire.write("POST", f"{at}/git/commits", body).data["sha"])


def _changed(file: Any) -> str:
    """Return one file's change without the numbers of its lines."""
    patch = file.get("patch")
    lines = (line for line in str(patch).splitlines() if not line.startswith("@@"))
    what = "\n".join(lines) if patch is not None else str(file.get("sha"))
    return f"{file['filename']}\n{file['status']}\n{what}"
