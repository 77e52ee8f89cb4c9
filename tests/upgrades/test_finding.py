"""The workflow is started once, and its own pull request is told from everybody else's (D-24, F02, F21, F51)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.hooks.forge_pulls import marker
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.rehearsal.github.state import PullRecord
from stationmaster.upgrades import finding, starting
from stationmaster.upgrades.upgrade_desk import NotAnUpgrade, NotUpgraded, UpgradeDesk
from tests.upgrades.yard import MONDAY, REPO, Yard


def person_opens(yard: Yard, **changes) -> PullRecord:
    """A person's pull request, from a branch of any name."""
    record = yard.github.repository(REPO).record
    branch = changes.pop("head_ref", "bot-update-deps")
    commit = yard.github.push(REPO, branch=branch, title="mine", author=changes.get("author", "dre-anouk"))
    fields = {
        "number": record.next_number,
        "title": "chore: Update dependencies",
        "body": "",
        "author": "dre-anouk",
        "head_ref": branch,
        "head_sha": commit.sha,
        "base_ref": "main",
        "base_sha": record.refs["heads/main"],
        "created_at": yard.clock(),
        **changes,
    }
    pull = PullRecord(**fields)
    record.next_number += 1
    record.pulls[pull.number] = pull
    return pull


def test_f28_an_upgrade_is_named_by_the_week_of_the_timetables_zone(yard):
    assert yard.upgrade.id == "dre.dependencies/dfinity/dre/2024-W11"
    assert yard.upgrade.start == MONDAY
    assert yard.upgrade.end == MONDAY + timedelta(days=7)
    assert yard.desk().upgrade(yard.upgrade.id) == yard.upgrade
    for wrong in ("dre.dependencies/dfinity/other/2024-W11", "2024-W11", "dre.dependencies/dfinity/dre/2024-W99"):
        with pytest.raises(NotAnUpgrade):
            yard.desk().upgrade(wrong)
    with pytest.raises(NotUpgraded):
        UpgradeDesk(team=yard.team, repository="dfinity/other", ledger=yard.ledger)


def test_f01_the_workflow_is_started_once_a_week(yard):
    first = starting.start(yard.desk(), yard.upgrade)
    assert starting.start(yard.desk(), yard.upgrade) == first
    yard.clock.move(days=3)
    assert starting.start(yard.desk(), yard.upgrade) == first
    assert yard.dispatches() == 1
    yard.clock.move(days=4)
    assert starting.start(yard.desk(), yard.upgrade)["run_id"] != first["run_id"]
    assert yard.dispatches() == 2


def test_f02_a_dispatch_whose_answer_was_lost_is_found_by_its_key(yard):
    yard.fault("dropped_after", "dispatches", method="POST")
    receipt = starting.start(yard.desk(), yard.upgrade)
    assert receipt["run_id"] is not None
    assert yard.dispatches() == 1


def test_f51_a_run_that_shows_late_is_waited_for_and_not_started_again(yard):
    yard.fault("dropped_after", "dispatches", method="POST")
    yard.fault("garbled", "/runs", times=1)
    with pytest.raises(EffectUnknown):
        starting.start(yard.desk(), yard.upgrade)
    yard.clock.move(minutes=3)
    assert starting.start(yard.desk(), yard.upgrade)["run_id"] is not None
    assert yard.dispatches() == 1


def test_d24_the_search_says_what_it_waits_for(yard):
    upgrade = yard.upgrade
    assert finding.search(yard.desk(), upgrade).blocker.code == "UPGRADE_RUN_NOT_FOUND"
    starting.start(yard.desk(), upgrade)
    assert finding.search(yard.desk(), upgrade).blocker.code == "UPGRADE_RUNNING"
    yard.clock.move(minutes=8)
    found = finding.search(yard.desk(), upgrade)
    assert (found.state, found.pull.head_ref) == ("found", "bot-update-deps")


def test_d24_a_workflow_that_opens_nothing_had_nothing_to_upgrade(yard):
    yard.script(outcome="nothing")
    upgrade = yard.upgrade
    starting.start(yard.desk(), upgrade)
    yard.clock.move(minutes=7)
    assert finding.search(yard.desk(), upgrade).blocker.code == "UPGRADE_PULL_AWAITED"
    yard.clock.move(minutes=4)
    assert finding.search(yard.desk(), upgrade).state == "nothing"


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_d24_a_workflow_that_failed_is_a_persons_matter(yard, conclusion):
    yard.github.script_runs(REPO, "update-dependencies.yaml", conclusion=conclusion)
    upgrade = yard.upgrade
    starting.start(yard.desk(), upgrade)
    yard.clock.move(minutes=8)
    found = finding.search(yard.desk(), upgrade)
    assert found.state == "failed"
    assert conclusion in found.why


def test_f21_a_persons_pull_request_is_never_taken_for_the_workflows(yard):
    upgrade = yard.upgrade
    yard.script(outcome="nothing")
    starting.start(yard.desk(), upgrade)
    yard.clock.move(minutes=8)
    mine = person_opens(yard, body=marker(starting.dispatch_key(upgrade)))
    person_opens(yard, head_ref="bot-update-deps-2")
    person_opens(yard, head_ref="mine", author="upgrade-bot[bot]")
    person_opens(yard, author="upgrade-bot[bot]", base_ref="release")
    yard.clock.move(minutes=4)
    assert finding.own_pulls(yard.desk()) == []
    found = finding.search(yard.desk(), upgrade)
    assert (found.state, found.pull) == ("failed", None)
    assert f"#{mine.number} stands where" in found.why
    mine.state = "closed"
    assert finding.search(yard.desk(), upgrade).state == "nothing"


def test_f21_a_forks_branch_of_that_name_is_never_taken_for_the_workflows(yard):
    pull = yard.desk().forge.pull(REPO, yard.found().number)
    assert finding.is_own(yard.desk(), pull)
    for fork in ("mallory/dre", None):
        assert not finding.is_own(yard.desk(), pull.model_copy(update={"head_repository": fork}))


def test_d24_a_file_that_does_not_name_the_workflows_account_is_noticed(yard):
    """Otherwise every week would end as if there had been nothing to upgrade."""
    yard.script(author="dre-machine")
    upgrade = yard.upgrade
    starting.start(yard.desk(), upgrade)
    yard.clock.move(minutes=12)
    found = finding.search(yard.desk(), upgrade)
    assert found.state == "failed"
    assert "it is dre-machine's" in found.why
    yard.edit(pull=yard.desk().entry.pull.model_copy(update={"author": "dre-machine"}))
    assert finding.search(yard.desk(), upgrade).state == "found"


def test_d24_the_mark_may_be_a_label_and_an_account(yard):
    pull = yard.desk().forge.pull(REPO, yard.found().number)
    mark = yard.desk().entry.pull
    yard.edit(pull=mark.model_copy(update={"label": "dependencies"}))
    assert not finding.is_own(yard.desk(), pull)
    assert finding.is_own(yard.desk(), pull.model_copy(update={"labels": ("dependencies",)}))
    yard.edit(pull=mark.model_copy(update={"author": "dre-machine"}))
    assert not finding.is_own(yard.desk(), pull)
    assert finding.is_own(yard.desk(), pull.model_copy(update={"author": "DRE-Machine", "bot": False}))


def test_d24_a_pull_request_that_the_run_pushed_anew_is_this_weeks(yard):
    before = yard.found()
    yard.clock.to(MONDAY + timedelta(days=7))
    again = yard.found()
    assert again.number == before.number


def test_d24_an_old_pull_request_that_the_run_did_not_touch_is_not_this_weeks(yard):
    yard.found()
    yard.clock.to(MONDAY + timedelta(days=7))
    yard.script(outcome="nothing")
    upgrade = yard.upgrade
    starting.start(yard.desk(), upgrade)
    yard.clock.move(minutes=12)
    assert finding.search(yard.desk(), upgrade).state == "nothing"


def test_d24_the_key_decides_between_two_of_the_same_week(yard):
    yard.edit(pull=yard.desk().entry.pull.model_copy(update={"branch": "bot-update-deps*"}))
    upgrade = yard.upgrade
    yard.script(branch="bot-update-deps-1", body=marker(starting.dispatch_key(upgrade)))
    marked = yard.found()
    person_opens(yard, author="upgrade-bot[bot]", head_ref="bot-update-deps-2")
    assert finding.search(yard.desk(), upgrade).pull.number == marked.number


def test_f21_the_pull_request_stays_found_whatever_becomes_of_its_title(yard):
    pull = yard.found()
    pull.title = "renamed by somebody"
    assert finding.known(yard.desk(), yard.upgrade).value["number"] == pull.number
