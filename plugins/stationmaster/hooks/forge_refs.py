"""Branches, tags, merges, releases: writes that adopt what is there already and never move what is not theirs."""

from typing import Any

from stationmaster.hooks import forge_answers, forge_names
from stationmaster.hooks.errors import ForgeConflict, ForgeNotFound, ForgeRejected, ForgeUnreadable
from stationmaster.hooks.forge_models import Merged, Moved, Release
from stationmaster.hooks.forge_wire import ForgePart


class ForgeRefs(ForgePart):
    """Every write here can be called again after a crash: the second call finds its own effect and adopts it."""

    def head(self, repo: str, ref: str) -> str:
        """Return the commit that `ref` points at: a branch name, or "tags/x" (annotated tags are followed)."""
        name = ref.removeprefix("refs/")
        name = name if name.startswith(("heads/", "tags/")) else f"heads/{name}"
        at = forge_names.repository(repo)
        return self._commit_of(at, self._wire.read(f"{at}/git/ref/{forge_names.branch(name)}"))

    def find_branch(self, repo: str, branch: str) -> str | None:
        """Return the head of a branch, or None when there is no such branch."""
        return self._find(repo, f"heads/{branch}")

    def find_tag(self, repo: str, tag: str) -> str | None:
        """Return the commit a tag stands for, annotated or not, or None (F19)."""
        return self._find(repo, f"tags/{tag}")

    def move_branch(self, repo: str, branch: str, sha: str, *, force: bool = False) -> Moved:
        """Create a branch at `sha` or fast-forward it there; adopt it when it stands there (F20).

        Raises ForgeConflict when the move is no fast-forward (and `force` is not set), ForgeForbidden for a protected
        branch, ForgeRejected for a commit the repository does not have.
        """
        at, sha, ref = forge_names.repository(repo), forge_names.commit(sha), f"heads/{branch}"
        present = self._find(repo, ref)
        if present == sha:
            return Moved(ref=ref, sha=sha, outcome="adopted")
        if present is None:
            return self._create(at, repo, ref, sha)
        try:
            answer = self._wire.write("PATCH", f"{at}/git/refs/{forge_names.branch(ref)}", {"sha": sha, "force": force})
        except ForgeRejected as error:
            if "fast forward" not in error.message.lower():
                raise
            raise ForgeConflict(
                f"{repo}: {branch} stands at {present} and cannot go forward to {sha}: it has commits that "
                f"{sha[:8]} lacks. Compare the two and decide by hand",
                request=error.request,
                status=error.status,
            ) from error
        return self._stands_at(ref, sha, answer.data, "moved")

    def create_tag(self, repo: str, tag: str, sha: str, *, message: str | None = None) -> Moved:
        """Tag a commit (annotated when `message` is given); an existing tag of that commit is adopted.

        Raises ForgeConflict when the tag stands for another commit: tags never move (F19).
        """
        at, sha, ref = forge_names.repository(repo), forge_names.commit(sha), f"tags/{tag}"
        present = self._find(repo, ref)
        if present is not None:
            return self._adopt(repo, ref, present, sha)
        target = sha
        if message is not None:
            body = {"tag": forge_names.branch(tag), "message": message, "object": sha, "type": "commit"}
            target = self._wire.write("POST", f"{at}/git/tags", body).data["sha"]
        return self._create(at, repo, ref, sha, target=target)

    def delete_branch(self, repo: str, branch: str) -> None:
        """Delete a branch; one that is gone already is done."""
        at = forge_names.repository(repo)
        try:
            self._wire.write("DELETE", f"{at}/git/refs/heads/{forge_names.branch(branch)}")
        except ForgeNotFound:
            return
        except ForgeRejected as error:
            if "does not exist" not in error.message:
                raise

    def merge(self, repo: str, base: str, head: str, message: str) -> Merged:
        """Merge the commit `head` into the branch `base`; 204 (it holds it already) is adopted.

        Raises ForgeConflict for a merge conflict. The look-up after a lost answer is relation(repo, base, head).
        """
        at = forge_names.repository(repo)
        body = {"base": base, "head": forge_names.commit(head), "commit_message": message}
        forge_names.branch(base)
        answer = self._wire.write("POST", f"{at}/merges", body)
        if answer.status == 204 or answer.data is None:
            return Merged(sha=None, outcome="adopted")
        return Merged(sha=answer.data["sha"], outcome="merged")

    def find_release(self, repo: str, tag: str) -> Release | None:
        """Return the published release of a tag, or None (drafts are not found by tag)."""
        data = self._wire.read_or_none(f"{forge_names.repository(repo)}/releases/tags/{forge_names.branch(tag)}")
        return None if data is None else forge_answers.release(data)

    def create_release(self, repo: str, tag: str, name: str, body: str, *, prerelease: bool = False) -> Release:
        """Publish a release of an existing tag, or adopt the one that is there.

        The tag comes first (create_tag): GitHub ignores the commit of a release whose tag exists. Raises ForgeNotFound
        without the tag.
        """
        at = forge_names.repository(repo)
        if self.find_tag(repo, tag) is None:
            raise ForgeNotFound(f"{repo} has no tag {tag}: create the tag at its commit before the release")
        present = self.find_release(repo, tag)
        if present is not None:
            return present
        try:
            content = {"tag_name": tag, "name": name, "body": body, "prerelease": prerelease}
            answer = self._wire.write("POST", f"{at}/releases", content)
        except ForgeRejected as error:
            adopted = self.find_release(repo, tag) if "already_exists" in error.codes else None
            if adopted is None:
                raise
            return adopted
        return forge_answers.release(answer.data)

    def _create(self, at: str, repo: str, ref: str, sha: str, *, target: str | None = None) -> Moved:
        forge_names.branch(ref)
        try:
            answer = self._wire.write("POST", f"{at}/git/refs", {"ref": f"refs/{ref}", "sha": target or sha})
        except ForgeRejected as error:
            present = self._find(repo, ref) if "already exists" in error.message else None
            if present is None:
                raise
            return self._adopt(repo, ref, present, sha)
        return self._stands_at(ref, target or sha, answer.data, "created", told=sha)

    def _adopt(self, repo: str, ref: str, present: str, sha: str) -> Moved:
        if present != sha:
            raise ForgeConflict(f"{repo}: {ref} exists and stands at {present}, not at {sha}. It was not moved")
        return Moved(ref=ref, sha=sha, outcome="adopted")

    def _stands_at(self, ref: str, sha: str, data: Any, outcome: Any, *, told: str | None = None) -> Moved:
        stands = data.get("object", {}).get("sha") if isinstance(data, dict) else None
        if stands != sha:
            raise ForgeUnreadable(f"GitHub accepted {ref} at {sha} and answered that it stands at {stands}")
        return Moved(ref=ref, sha=told or sha, outcome=outcome)

    def _find(self, repo: str, ref: str) -> str | None:
        at = forge_names.repository(repo)
        data = self._wire.read_or_none(f"{at}/git/ref/{forge_names.branch(ref)}")
        return None if data is None else self._commit_of(at, data)

    def _commit_of(self, at: str, ref: Any) -> str:
        try:
            target = ref["object"]
            while target["type"] == "tag":
                target = self._wire.read(f"{at}/git/tags/{target['sha']}")["object"]
            return str(target["sha"])
        except (KeyError, TypeError) as error:
            raise ForgeUnreadable(f"GitHub's answer for a ref of {at} is not legible: {error!r}") from error
