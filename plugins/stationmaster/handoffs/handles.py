"""A Slack handle that is whoever is on call: one member, written only if another, and read back (D-05, D-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.value import Value
from stationmaster.work.effects import FREE, Receipt, perform

if TYPE_CHECKING:
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk


class HandleStuck(RuntimeError):
    """The handle cannot be moved; the message says who or what is in the way."""


class HandleMoved(Value):
    """Whose account the handle is; ``written`` is false where it was theirs already."""

    handle: str
    account: str
    written: bool


def move(desk: ShiftDesk, handoff: Handoff) -> HandleMoved | None:
    """Make the handle whoever comes on call; None where the rotation has no handle, or nobody comes.

    :raises HandleStuck: the person has no account, or one that cannot be in a group; the group does not read back so.
    :raises EffectRefused, EffectUnknown, EffectBusy: Slack refuses, or does not answer.
    """
    handle = desk.entry.handle
    if handle is None or handle.role not in handoff.shifts:
        return None
    person = desk.person(handoff, handle.role)
    account = _account_of(desk, person.name, person.slack)
    if desk.chat.group_members(handle.group) == (account,):
        return HandleMoved(handle=handle.name, account=account, written=False)

    def look_up() -> Receipt | None:
        return {"members": [account]} if desk.chat.group_members(handle.group) == (account,) else None

    def act() -> Receipt:
        desk.chat.set_group_members(handle.group, (account,))
        return {"members": [account]}

    intent = {"group": handle.group, "members": [account]}
    perform(desk, f"{handoff.id}/handle/{handle.name}/{account}", guard=FREE, intent=intent, act=act, look_up=look_up)
    found = desk.chat.group_members(handle.group)
    if found != (account,):
        raise HandleStuck(f"@{handle.name} was set to {account}, and reads back as {', '.join(found) or 'nobody'}")
    return HandleMoved(handle=handle.name, account=account, written=True)


def _account_of(desk: ShiftDesk, name: str, accounts: tuple[str, ...]) -> str:
    """Return the first account that may be in a group (F63)."""
    if not accounts:
        raise HandleStuck(f"{name} has no Slack account in the team's file")
    unfit = []
    for account in accounts:
        user = desk.chat.user(account)
        what = "a deactivated account" if user.deleted else "a robot" if user.bot else "a guest" if user.guest else ""
        if not what:
            return account
        unfit.append(f"{account} is {what}")
    raise HandleStuck(f"{name} cannot be in a user group: {'; '.join(unfit)}")
