"""Pull requests: whose work is aboard, and the way a hotfix goes back to main."""

from typing import Literal

from stationmaster.hooks import forge_answers, forge_names
from stationmaster.hooks.errors import ForgeConflict, ForgeRejected
from stationmaster.hooks.forge_models import Merged, PullRequest
from stationmaster.hooks.forge_wire import ForgePart


def marker(key: str) -> str:
    """Return the hidden line by which a pull request of ours is recognised, whatever people do to its title (F21)."""
    return f"<!-- stationmaster: {key} -->"


class ForgePulls(ForgePart):
    """Reads pull requests, opens and merges our own."""

    def pull(self, repo: str, number: int) -> PullRequest:
        """Return one pull request. Raises ForgeNotFound."""
        path = f"{forge_names.repository(repo)}/pulls/{forge_names.number(number)}"
        return forge_answers.pull_request(self._wire.read(path))

    def pulls_of(self, repo: str, sha: str) -> list[PullRequest]:
        """Return the pull requests that brought a commit."""
        path = f"{forge_names.repository(repo)}/commits/{forge_names.commit(sha)}/pulls"
        return [forge_answers.pull_request(item) for item in self._wire.pages(path)]

    def find_pull(self, repo: str, head: str, base: str, key: str) -> PullRequest | None:
        """Return the pull request that carries `key`, open or closed, from the branch `head` into `base`; or None."""
        at, owner = forge_names.repository(repo), repo.partition("/")[0]
        query = {"head": f"{owner}:{head}", "base": base, "state": "all"}
        pulls = (forge_answers.pull_request(item) for item in self._wire.pages(f"{at}/pulls", query))
        return next((pull for pull in pulls if marker(key) in pull.body), None)

    def open_pull(self, repo: str, head: str, base: str, title: str, body: str, key: str) -> PullRequest:
        """Open a pull request that carries `key`, or adopt the one that is there.

        Raises ForgeRejected when there is nothing between the branches ("No commits between", F25), ForgeConflict when
        an open pull request from that branch is somebody else's.
        """
        present = self.find_pull(repo, head, base, key)
        if present is not None:
            return present
        content = {"title": title, "head": head, "base": base, "body": f"{body}\n\n{marker(key)}"}
        try:
            return forge_answers.pull_request(
                self._wire.write("POST", f"{forge_names.repository(repo)}/pulls", content).data
            )
        except ForgeRejected as error:
            if "already exists" not in error.message:
                raise
            adopted = self.find_pull(repo, head, base, key)
            if adopted is None:
                raise ForgeConflict(
                    f"{repo}: an open pull request from {head} into {base} exists and is not ours: it lacks the mark "
                    f"of {key}. Close it or put the mark into its description",
                    request=error.request,
                    status=error.status,
                ) from error
            return adopted

    def merge_pull(
        self, repo: str, number: int, sha: str, *, method: Literal["merge", "squash", "rebase"] = "merge"
    ) -> Merged:
        """Merge a pull request at exactly the head `sha`; one that is merged already is adopted (F22).

        Raises ForgeConflict: its head has moved (409, F07), or it cannot be merged and is not (405).
        """
        path = f"{forge_names.repository(repo)}/pulls/{forge_names.number(number)}"
        try:
            answer = self._wire.write("PUT", f"{path}/merge", {"sha": forge_names.commit(sha), "merge_method": method})
        except ForgeConflict as error:
            if error.status != 405:
                raise
            present = self.pull(repo, number)
            if not present.merged:
                raise
            if present.head_sha != sha:
                raise ForgeConflict(
                    f"{repo}: pull request {number} was merged at {present.head_sha}, not at the approved {sha} (F23)",
                    request=error.request,
                    status=error.status,
                ) from error
            return Merged(sha=None, outcome="adopted")
        return Merged(sha=answer.data["sha"], outcome="merged")
