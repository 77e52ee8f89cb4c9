"""What a watch does about one matter, kept apart from the others: what is in the way of one holds up none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stationmaster.work.obstacles import hindrance

if TYPE_CHECKING:
    from stationmaster.core.blockers import Blocker
    from stationmaster.work.context import Desk


def guarded(desk: Desk, subject: str, do: Callable[[], Blocker | None]) -> Blocker | None:
    """Return the blocker of one matter, or the one of what keeps it from being looked at.

    :param subject: what the matter is, as its blocker says.
    """
    try:
        return do()
    except Exception as error:
        found = hindrance(desk, error, ())
        if found is None:
            raise
        return found.model_copy(update={"subject": subject})
