"""Files of a repository: written one at a time, as a commit of their own, and never over somebody else's text."""

import base64
import binascii
from urllib.parse import quote

from stationmaster.hooks import forge_names
from stationmaster.hooks.errors import ForgeRejected, ForgeUnreadable
from stationmaster.hooks.forge_models import TextFile
from stationmaster.hooks.forge_wire import ForgePart

_LONGEST = 300


class ForgeContents(ForgePart):
    """Reads and adds small text files."""

    def file(self, repo: str, path: str, branch: str | None = None) -> TextFile | None:
        """Return a file on a branch, by default the repository's own, or None when it is not there.

        :raises ForgeUnreadable: it is a folder, or GitHub sends no content.
        """
        data = self._wire.read_or_none(_path(repo, path), {"ref": branch} if branch is not None else None)
        if data is None:
            return None
        if not isinstance(data, dict) or data.get("encoding") != "base64":
            raise ForgeUnreadable(f"{repo}: {path} is no file that can be read")
        try:
            text = base64.b64decode(str(data["content"])).decode()
        except (KeyError, binascii.Error, UnicodeDecodeError) as error:
            raise ForgeUnreadable(f"{repo}: {path} is no text that can be read") from error
        return TextFile(path=path, text=text, url=str(data.get("html_url") or ""))

    def add_file(self, repo: str, path: str, text: str, *, message: str, branch: str | None = None) -> TextFile:
        """Commit a new file, by default to the repository's own branch. One that is there is never overwritten.

        :raises ForgeRejected: the file is there, or a rule of the repository protects the branch.
        """
        body = {"message": message, "content": base64.b64encode(text.encode()).decode()}
        if branch is not None:
            body["branch"] = branch
        data = self._wire.write("PUT", _path(repo, path), body).data
        content = data.get("content") if isinstance(data, dict) else None
        url = str(content.get("html_url") or "") if isinstance(content, dict) else ""
        return TextFile(path=path, text=text, url=url)


def _path(repo: str, path: str) -> str:
    parts = path.split("/")
    if len(path) > _LONGEST or any(not part or part in (".", "..") or part.startswith(".") for part in parts):
        raise ForgeRejected(f"{path!r} is no path of a file: write it as folder/name.md")
    return f"{forge_names.repository(repo)}/contents/{quote(path, safe='/')}"
