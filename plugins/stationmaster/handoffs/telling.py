"""Who comes on call is told so: in Slack and by mail, each once for ever (C-06, F04)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker
from stationmaster.core.value import Value
from stationmaster.handoffs import wording
from stationmaster.work.effects import FREE, Receipt, perform
from stationmaster.work.messages import say
from stationmaster.work.obstacles import hindrance

if TYPE_CHECKING:
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk

Links = Sequence[tuple[str, str]]
"""Titles and addresses."""


class Told(Value):
    """What has been said to one person. ``blockers`` are why the rest has not; None: there is nothing of that kind."""

    slack: Receipt | None = None
    mail: Receipt | None = None
    blockers: tuple[Blocker, ...] = ()


def tell(desk: ShiftDesk, handoff: Handoff, role: str, links: Links) -> Told:
    """Tell whoever comes on call in ``role`` by every way that the team's files name.

    What is said once is not said again, whoever calls this how often; a way that is out of order holds up no other.
    """
    notices = desk.entry.notices
    if notices is None:
        return Told()
    key = f"{handoff.id}/tell/{role}/{desk.person(handoff, role).id}"
    found: list[Blocker] = []

    def tried(way: Callable[[], Receipt]) -> Receipt | None:
        try:
            return way()
        except Exception as error:
            why = hindrance(desk, error, (desk.person(handoff, role).id,))
            if why is None:
                raise
            found.append(why)
            return None

    channel = desk.team.channels[notices.channel].id
    slack = tried(lambda: say(desk, f"{key}/slack", channel, wording.on_call_notice(desk, handoff, role, links)))
    mail = tried(lambda: _send(desk, f"{key}/mail", handoff, role, links)) if notices.mail else None
    return Told(slack=slack, mail=mail, blockers=tuple(found))


def _send(desk: ShiftDesk, key: str, handoff: Handoff, role: str, links: Links) -> Receipt:
    """Send the mail once. Nobody can look into a mailbox: a mail whose answer was lost is never sent again."""
    from stationmaster.hooks.mail_errors import MailConnectionMissing
    from stationmaster.ledger.errors import EffectRefused

    person, mail = desk.person(handoff, role), desk.mail
    if mail is None or person.email is None:
        missing = MailConnectionMissing("the team's file names no mail connection, or the person has no address")
        raise EffectRefused(str(missing)) from missing
    address = person.email
    subject, text = wording.on_call_mail(desk, handoff, role, links)

    def act() -> Receipt:
        mail.send(address, subject, text, key=key)
        return {"to": address}

    intent = {"to": address, "subject": subject}
    return perform(desk, key, guard=FREE, intent=intent, act=act, look_up=lambda: None, repeatable=False)
