"""How a role finds its people: by turn, one for ever, as another role, or the next in line who is fit."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from stationmaster.core.rotations.members import Members, Slot
from stationmaster.core.value import Value


class RoleImpossible(ValueError):
    """A role has nobody who may hold it, or two roles would fall on one person: a mistake of the plan (C-05, N-04)."""

    def __init__(self, roles: tuple[str, ...], why: str) -> None:
        """Keep the roles and the reason."""
        super().__init__(roles, why)
        self.roles, self.why = roles, why

    def __str__(self) -> str:
        """Name the roles, the reason and the way out."""
        return f"{' and '.join(self.roles)}: {self.why}. Add members, or change the roles."


class RoleRule(Value):
    """One of four rules (C-03, C-05, D-03, N-04).

    :param turn: so many places after whoever has the turn: the primary 0, the secondary 1.
    :param person: always this one.
    :param like: whoever holds this other role: two schedules of one rotation always agree.
    :param backs: the next in line after whoever holds this other role, who holds no role yet and is fit:
    :param more_experience: has more experience than everybody whom they back;
    :param experience: has at least so much.
    :param also: people who take no turn and may back, if no member can.
    """

    turn: int | None = Field(default=None, ge=0)
    person: str | None = Field(default=None, min_length=1)
    like: str | None = Field(default=None, min_length=1)
    backs: str | None = Field(default=None, min_length=1)
    more_experience: bool = False
    experience: int = Field(default=0, ge=0)
    also: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_rule(self) -> RoleRule:
        if sum(found is not None for found in (self.turn, self.person, self.like, self.backs)) != 1:
            raise ValueError("a role has a turn, a person, or a role that it is like or backs: give exactly one")
        if self.backs is None and (self.more_experience or self.experience or self.also):
            raise ValueError("only a role that backs another one asks for experience, or names others")
        return self

    @property
    def leans_on(self) -> str | None:
        """The other role that it needs to know."""
        return self.like or self.backs


Roles = Mapping[str, RoleRule]


class Casting:
    """The roles of a rotation made ready: who is fixed, who takes turns, and in which order roles find their people."""

    def __init__(self, members: Members, roles: Roles, experience: Mapping[str, int]) -> None:
        self._roles = tuple(roles)
        self._fixed = {rule.person: role for role, rule in roles.items() if rule.person is not None}
        self._turning = _turning(members, frozenset(self._fixed))
        self._ordered = _in_order(roles)
        self._experience = experience
        (first, only), *others = roles.items()
        self._lonely = (first, only.turn) if not others and only.turn is not None else None

    def holders(self, turn: int) -> dict[str, Slot]:
        """Return who holds each role in a turn; all are different people (C-05), but for roles that are like another.

        Whoever is fixed in a role takes no turn in the others.

        :raises RoleImpossible: there is nobody for a role, or one person for two.
        """
        if self._lonely is not None:
            role, offset = self._lonely
            return {role: _by_turn(role, self._turning, turn + offset)}
        found: dict[str, Slot] = {}
        role_of = dict(self._fixed)
        for role, rule in self._ordered:
            people: Slot = ()
            if rule.like is not None:
                found[role] = found[rule.like]
                continue
            if rule.person is not None:
                people = (rule.person,)
            elif rule.turn is not None:
                people = _by_turn(role, self._turning, turn + rule.turn)
            elif found[str(rule.backs)]:
                backed = found[str(rule.backs)]
                people = (_fit(role, rule, self._turning, backed, role_of, self._experience, turn),)
            for person in people:
                if role_of.setdefault(person, role) != role:
                    raise RoleImpossible((role_of[person], role), f"both would fall on {person}")
            found[role] = people
        return {role: found[role] for role in self._roles}


def _turning(members: Members, fixed: frozenset[str]) -> Members | None:
    """Return the members without those who are fixed in a role; None where nobody is left."""
    if not fixed & set(members.everybody):
        return members
    slots = [(slot, tuple(person for person in slot if person not in fixed)) for slot in members.slots]
    left = tuple(kept for slot, kept in slots if kept or not slot)
    return members.model_copy(update={"slots": left}) if any(left) else None


def _in_order(roles: Roles) -> list[tuple[str, RoleRule]]:
    """Return the roles so that each stands after the one that it leans on.

    :raises RoleImpossible: it leans on an unknown role, or on itself by a detour.
    """
    ordered: dict[str, RoleRule] = {}
    waiting = dict(roles)
    while waiting:
        ready = {role: rule for role, rule in waiting.items() if rule.leans_on is None or rule.leans_on in ordered}
        if not ready:
            raise RoleImpossible(tuple(waiting), "the role that it leans on does not exist, or leans on it")
        ordered.update(ready)
        waiting = {role: rule for role, rule in waiting.items() if role not in ready}
    return list(ordered.items())


def _by_turn(role: str, turning: Members | None, turn: int) -> Slot:
    if turning is None:
        raise RoleImpossible((role,), "every member is fixed in another role")
    return turning.people(turn)


def _fit(
    role: str,
    rule: RoleRule,
    turning: Members | None,
    backed: Slot,
    taken: Mapping[str, str],
    experience: Mapping[str, int],
    turn: int,
) -> str:
    least = max(rule.experience, *(experience.get(person, 0) + 1 for person in backed if rule.more_experience), 0)
    in_line = range(1, len(turning.slots) if turning is not None else 0)
    candidates = (person for step in in_line for person in _by_turn(role, turning, turn + step))
    for person in (*candidates, *rule.also):
        if person not in taken and experience.get(person, 0) >= least:
            return person
    wanted = f" with an experience of {least} or more" if least else ""
    raise RoleImpossible((role,), f"nobody{wanted} is left to back {', '.join(backed)}")
