"""What must hold before a promotion: soak, quorum, confirmation (C-10, C-14 … C-16)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Count, Emoji, Flag, PositiveDuration, RepositoryName, Slug
from stationmaster.config.train_rules import Label
from stationmaster.core.calendar import Soak
from stationmaster.core.quorum import QuorumPolicy

_APPROVING = frozenset({"approve", "approved", "accept", "allow", "lgtm", "pass", "promote", "go", "yes", "true"})


def _never_approves(value: Any) -> Any:
    if str(value).lower() in _APPROVING:
        raise refusal(
            "default_approves",
            f"the default answer {value!r} would approve when nobody answered",
            "Write wait (go on asking) or reject.",
        )
    return value


Default = Annotated[Literal["wait", "reject"], BeforeValidator(_never_approves)]
"""What silence means at a gate. It never means yes."""


class SoakGate(ConfigModel):
    """How long a manifest stays on staging before it may go on (C-10)."""

    days: Count
    count: Literal["calendar_days", "elapsed"] = "calendar_days"

    @property
    def soak(self) -> Soak:
        """The core's rule."""
        return Soak(days=self.days, count=self.count)


def _unclear(message: str, remedy: str, field: str) -> Exception:
    return refusal("quorum_unclear", message, remedy, field=field)


class QuorumGate(ConfigModel):
    """Who must have approved (C-15, C-16)."""

    mode: Literal["quorum", "all_roles", "any_of", "none"] = "quorum"
    needed: Count = Field(default=1, description="How many different people must approve")
    voters: Slug | None = Field(default=None, description="For mode quorum: the group whose members are eligible")
    roles: tuple[Slug, ...] = Field(default=(), description="For all_roles and any_of: groups of the team")
    authors_may_vote: Flag = Field(default=True, description="Whether the author of a commit aboard may approve")
    unknown_author: Literal["one_more", "wait"] = Field(
        default="one_more",
        description="Where authors may not approve and GitHub does not prove who they all are: one approval more from "
        "somebody else, or wait until it does",
    )
    veto: Flag = True
    decide: Literal["at_promotion", "latch"] = "at_promotion"
    expires_after: PositiveDuration | None = Field(default=None, description="How long an approval is good for")
    approve_emoji: tuple[Emoji, ...] = ("white_check_mark", "+1")
    veto_emoji: tuple[Emoji, ...] = ("no_entry", "-1")
    on_silence: Default = Field(
        default="wait",
        description="When the window closes without a quorum: wait for the next departure, or reject the manifest, too",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        by_roles = self.mode in ("all_roles", "any_of")
        if by_roles and not self.roles:
            raise _unclear(f"mode {self.mode} needs roles", "Name one or more groups of the team.", "roles")
        if self.mode == "quorum" and self.voters is None:
            raise _unclear("mode quorum needs a group of voters", "Write voters, or mode: none.", "voters")
        if self.mode == "quorum" and self.roles:
            raise _unclear("mode quorum counts voters, not roles", "Write mode: any_of, or take roles out.", "roles")
        if by_roles and self.voters is not None:
            raise _unclear(f"mode {self.mode} takes its voters from roles", "Take voters out.", "voters")
        if self.mode in ("quorum", "any_of") and self.needed < 1:
            raise _unclear("0 approvals would let anything pass", "Write 1 or more, or mode: none.", "needed")
        both = sorted(set(self.approve_emoji) & set(self.veto_emoji))
        if both:
            raise refusal(
                "emoji_says_both",
                f"the emoji {both[0]} would approve and veto",
                "Write it in one of the two lists.",
                field="veto_emoji",
            )
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups whose members are eligible."""
        return self.roles if self.voters is None else (self.voters,)

    @property
    def policy(self) -> QuorumPolicy:
        """The core's policy, for :func:`stationmaster.core.quorum.tally`."""
        return QuorumPolicy(
            mode=self.mode,
            needed=self.needed,
            roles=self.roles,
            authors_may_vote=self.authors_may_vote,
            unknown_author=self.unknown_author,
            veto=self.veto,
            decide=self.decide,
            expires_after=self.expires_after,
        )


class ConfirmGate(ConfigModel):
    """The last word of the person on call, after the quorum."""

    role: Slug = "primary"
    on_silence: Default = Field(
        default="wait",
        description="When nobody answers before the window closes: wait, or reject the manifest, too",
    )


class BlockingLabels(ConfigModel):
    """Open issues that keep a release back: no blockers on the environment before production (T-20)."""

    labels: tuple[Label, ...] = Field(min_length=1, description="An issue with any of them is in the way")
    repositories: tuple[RepositoryName, ...] = Field(min_length=1, description="Where such issues are looked for")
    quiet_for: PositiveDuration | None = Field(
        default=None, description="So long must have passed since the last of them was closed, such as 14d"
    )


class Gates(ConfigModel):
    """The gates of the promotion."""

    soak: SoakGate
    quorum: QuorumGate
    confirm: ConfirmGate | None = Field(default=None, description="null: no confirmation after the quorum")
    blocking_labels: BlockingLabels | None = Field(default=None, description="By default no issue is in the way")
