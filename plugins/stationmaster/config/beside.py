"""What leaves beside the train: hotfixes, security hotfixes and feature builds (D-13 … D-15)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Flag, Slug
from stationmaster.config.gates import QuorumGate


class Hotfix(ConfigModel):
    """A fix that goes onto production at once: what runs there, and the chosen commits on top (D-14)."""

    approvals: int = Field(
        default=1, ge=1, strict=True, description="How many must approve, besides the person who asks"
    )
    voters: Slug | None = Field(default=None, description="Group of those who may; by default the train's voters")
    checks: Literal["require", "skip"] = Field(
        default="require", description="Whether the picked commit's checks must be green before it goes"
    )
    restarts_soak: Flag = Field(
        default=False,
        description="Whether the train under way soaks anew once it has the fix; by default the vote alone is new",
    )

    def gate(self, quorum: QuorumGate) -> QuorumGate:
        """Return the gate that the approvals are counted by: the train's own, with these numbers.

        Neither the author of a commit nor the person who asks for the hotfix approves it.
        """
        changed = {"needed": self.approvals, "authors_may_vote": False, "expires_after": None}
        if self.voters is not None:
            return quorum.model_copy(update={**changed, "mode": "quorum", "voters": self.voters, "roles": ()})
        return quorum.model_copy(update={**changed, "mode": "quorum" if quorum.voters else "any_of"})


class SecurityHotfix(Hotfix):
    """A hotfix of which nothing is said in public until it is disclosed (D-15)."""

    approvals: int = Field(
        default=2, ge=2, strict=True, description="How many must approve, besides the person who asks"
    )
    channel: Slug = Field(description="A private channel of the team: the only one that hears of it")


class FeatureBuilds(ConfigModel):
    """Named variants of a departure, with features that are not on its branch (D-13)."""

    environment: Slug = Field(
        description="Where they are built or deployed: an environment of the train that is neither of its two stops"
    )
