"""Where the on-call log of a team is published, and from where its people write into it (D-26, O-10)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.components import Ref
from stationmaster.config.fields import Flag, RepositoryName, Slug, Text
from stationmaster.config.incidents import Folder


class LogRules(ConfigModel):
    """The section ``log`` of a team's file. The log itself stands in the ledger, whatever is written here."""

    roles: tuple[Slug, ...] = Field(default=(), description="Whose shifts it is kept by; by default every rotation's")
    channels: tuple[Slug, ...] = Field(
        default=(), description='Channels in which a line that begins with "log:" is an entry'
    )
    word: Text = Field(default="log:", description="How such a line begins, in any case of letters")
    at_handoff: Flag = Field(default=True, description="The package of a handoff shows the shift's log")
    repository: RepositoryName | None = Field(default=None, description="Where it is published at the handoff")
    labels: tuple[Text, ...] = Field(default=(), description="Published as an issue with these labels ...")
    folder: Folder | None = Field(default=None, description="... or as a file in this folder, one for each shift")
    branch: Ref | None = Field(default=None, description="Of a file: the branch; by default the repository's own")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("labels", "folder") if getattr(self, name)]
        if self.repository is None and ways:
            raise refusal("log_unclear", "it names no repository", "Write repository.", field=ways[0])
        if self.repository is not None and len(ways) != 1:
            what = "it names both labels and folder" if ways else "it names neither labels nor folder"
            raise refusal("log_unclear", what, "Write labels for an issue, or folder for a file.")
        return self
