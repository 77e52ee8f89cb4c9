"""Who is in which turn: members in their order, shared and empty slots, a new order for each cycle."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from pydantic import Field

from stationmaster.core.value import Value

Slot = tuple[str, ...]
"""The people of one turn. Several share it; none is a buffer, in which nobody is on call (R18, R19)."""


class Members(Value):
    """The slots of a rotation in the order of their turns.

    :param first: the place in the list of whoever has turn 0; counted modulo, so it may be negative (R23).
    :param shuffle: a seed: each time round the list has an order of its own (O-15).
    """

    slots: tuple[Slot, ...] = Field(min_length=1)
    first: int = 0
    shuffle: str | None = None

    def people(self, turn: int) -> Slot:
        """Return who has a turn; turns before 0 go round the list backwards."""
        place = turn + self.first
        if self.shuffle is None:
            return self.slots[place % len(self.slots)]
        cycle, position = divmod(place, len(self.slots))
        return shuffled(self.slots, self.shuffle, cycle)[position]

    @property
    def everybody(self) -> tuple[str, ...]:
        """Everybody who has a turn, each once, in the order of the list."""
        return tuple(dict.fromkeys(person for slot in self.slots for person in slot))


@lru_cache(maxsize=1024)
def shuffled(slots: tuple[Slot, ...], seed: str, cycle: int) -> tuple[Slot, ...]:
    """Return the order of one cycle: the same for ever, a permutation, and nobody twice in a row (O-15, O-16).

    Each slot is sorted by a hash of seed, cycle and people. Whoever would be first after having been last goes second.
    """
    order = _drawn(slots, seed, cycle)
    if len(slots) > 2 and order[0] == _drawn(slots, seed, cycle - 1)[-1]:
        order = (order[1], order[0], *order[2:])
    return order


def _drawn(slots: tuple[Slot, ...], seed: str, cycle: int) -> tuple[Slot, ...]:
    def lot(place: int) -> tuple[str, int]:
        text = "\x1f".join((seed, str(cycle), *slots[place]))
        return hashlib.sha256(text.encode()).hexdigest(), place

    return tuple(slots[place] for place in sorted(range(len(slots)), key=lot))
