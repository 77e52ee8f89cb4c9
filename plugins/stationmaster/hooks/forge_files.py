"""What stands at the root of a repository: the names of its files, never their contents."""

from stationmaster.hooks import forge_names
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_wire import ForgePart


class ForgeFiles(ForgePart):
    """Reads only."""

    def root_files(self, repo: str) -> dict[str, int]:
        """Return the files at the root of the default branch with their sizes in bytes; folders are left out.

        :raises ForgeUnreadable: GitHub answers something else than a list.
        """
        found = self._wire.read(f"{forge_names.repository(repo)}/contents/")
        if not isinstance(found, list):
            raise ForgeUnreadable(f"GitHub answers no list of the files of {repo}")
        try:
            return {str(each["name"]): int(each["size"]) for each in found if each["type"] == "file"}
        except (KeyError, TypeError, ValueError) as error:
            raise ForgeUnreadable(f"GitHub's list of the files of {repo} is not legible: {error!r}") from error
