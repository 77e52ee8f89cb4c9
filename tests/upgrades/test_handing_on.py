"""An upgrade that is open crosses the handoff: the package lists it (D-25, D-26)."""

from __future__ import annotations

from stationmaster.handoffs import packing
from stationmaster.handoffs.shift_desk import ShiftDesk
from stationmaster.upgrades import asking, deciding, waiting
from tests.upgrades.yard import HANDOFF, MAJOR, Yard


def package_of(yard: Yard) -> list[packing.OpenItem]:
    upgrades = yard.desk()
    desk = ShiftDesk(
        team=yard.team,
        rotation="oncall",
        ledger=yard.ledger,
        forge=upgrades.forge,
        chat=upgrades.chat,
        now=yard.clock,
    )
    found = packing.collect(desk, desk.handoff_at(HANDOFF))
    return [item for item in found if item.section == "Dependency upgrades"]


def open_question(yard: Yard) -> str:
    """Ask Enzo, and keep why it waits, as the task does."""
    yard.script(files=MAJOR)
    yard.checked()
    desk, upgrade = yard.desk(), yard.upgrade
    asking.ask(desk, upgrade, 0, desk.on_call)
    standing = waiting.look(desk, waiting.QUESTION, upgrade.id, {"place": 0, "last": False})
    yard.ledger.set_blockers(f"{upgrade.id}/merge_or_ask", standing.blockers, yard.clock())
    return upgrade.id


def test_d26_the_package_lists_an_open_upgrade_with_its_pull_request_and_why_it_waits(yard):
    open_question(yard)
    yard.clock.to(HANDOFF)
    (item,) = package_of(yard)
    assert item.title == f"#{max(yard.pulls)} chore: Update dependencies"
    assert item.url.endswith(f"/pull/{max(yard.pulls)}")
    assert "UPGRADE_OPEN" in item.context
    assert "a major upgrade" in item.context


def test_d26_a_settled_one_is_no_open_work(yard):
    upgrade = open_question(yard)
    deciding.settle(yard.desk(), yard.upgrade, "left", "next week", "enzo")
    yard.ledger.set_blockers(f"{upgrade}/merge_or_ask", (), yard.clock())
    assert package_of(yard) == []


def test_d26_one_before_its_pull_request_is_listed_by_its_name(yard):
    standing = waiting.look(yard.desk(), waiting.PULL, yard.upgrade.id, {})
    yard.ledger.set_blockers(f"{yard.upgrade.id}/find_the_pull_request", standing.blockers, yard.clock())
    (item,) = package_of(yard)
    assert (item.title, item.url) == (yard.upgrade.id, "")


def test_d26_only_the_rotation_of_the_role_hands_it_over(yard):
    open_question(yard)
    rules = yard.team.upgrades.model_copy(update={"role": "somebody"})
    yard.team = yard.team.model_copy(update={"upgrades": rules})
    assert package_of(yard) == []
