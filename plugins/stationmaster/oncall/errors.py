"""Why an override or a swap is refused."""

from __future__ import annotations


class ChangeRefused(ValueError):
    """A change of a schedule that means nothing, comes too late, or is somebody else's to make."""

    def __init__(self, why: str, remedy: str) -> None:
        """Keep the reason and the way out."""
        super().__init__(why, remedy)
        self.why, self.remedy = why, remedy

    def __str__(self) -> str:
        """Join both."""
        return f"{self.why}. {self.remedy}"


class UnknownChange(LookupError):
    """There is no override or swap of that id."""
