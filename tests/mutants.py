"""Guards taken out, one at a time: the test of each failure scenario must then fail (F01 … F74).

``python -m tests.mutants`` copies the package, takes one guard out of the copy, and runs the scenario's own test
against it. It exits with 1 if a mutant survives: then that test proves nothing. It takes some minutes, so it is no part
of the suite; that each guard stands where it is looked for is tested (tests/house/test_mutants.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "plugins" / "stationmaster"


class Mutant(NamedTuple):
    """One guard: where it stands, what it is replaced by, and the test that must notice."""

    scenario: str
    file: str
    guard: str
    instead: str
    test: str


MUTANTS = (
    Mutant(
        "F10: what comes between the count and the act is counted",
        "ledger/departures.py",
        "if version_of(pen.session, departure_id, kinds) != version:",
        "if False:",
        "tests/departures/test_deploying.py::test_f10_what_comes_between_the_count_and_the_dispatch_is_counted_too",
    ),
    Mutant(
        "F05: an act is judged by the state that stands when it is written",
        "ledger/departures.py",
        "state = next_state(departure_id, DepartureState(row.state), act, to=to, told=told)",
        "state = to or next(iter(next(iter(TRANSITIONS[act].values()))))",
        "tests/ledger/test_departures.py::test_f05_of_two_acts_that_race_the_second_is_judged_by_the_first",
    ),
    Mutant(
        "S1: an end is an end",
        "departures/acts.py",
        "    if not allows(found.state, act):\n",
        "    if False:\n",
        "tests/departures/test_transitions.py::test_s1_a_superseded_departure_deploys_nothing",
    ),
    Mutant(
        "S4: the ledger knows the departure of a run",
        "operators/base.py",
        "        known = self.bound(station, context)\n        if known is not None:\n            return known\n",
        '        named = context["ti"].xcom_pull(task_ids=OPENING_TASK, key=DEPARTURE_KEY)\n        if named:\n'
        "            return named\n",
        "tests/operators/test_bound_runs.py::test_s4_an_xcom_that_names_another_departure_is_not_believed",
    ),
    Mutant(
        "F71: a run that is made again under its id is another run",
        "ledger/runs.py",
        "if found.marks.get(name, mark) != mark]",
        "if False]",
        "tests/operators/test_bound_runs.py::test_a_run_that_was_deleted_and_made_again_is_refused",
    ),
    Mutant(
        "I1: who starts a run is known by the user name, and never by the id",
        "work/identity.py",
        "if account.name == name]",
        "if name in account]",
        "tests/work/test_identity.py::test_i3_fab_a_user_who_is_named_like_an_id_is_nobody",
    ),
    Mutant(
        "I2: a question goes to ids, and never to names",
        "work/identity.py",
        "if self.account(person).id is not None]",
        "if person.airflow is not None]",
        "tests/operators/test_question.py::test_i2_fab_is_asked_by_ids_and_a_name_alone_is_not_guessed",
    ),
    Mutant(
        "I3: what Airflow proves may not contradict the file",
        "work/identity.py",
        "if len(claimed) > 1 or not _fits(written, account):",
        "if False:",
        "tests/work/test_identity.py::test_i3_an_answer_whose_id_and_name_contradict_the_file_is_nobodys",
    ),
    Mutant(
        "I1: a run that no person started has no actor",
        "work/identity.py",
        "if kind != _MANUAL or not user:",
        "if not user:",
        "tests/work/test_identity.py::test_a_run_that_no_person_started_has_no_actor_whatever_name_it_bears",
    ),
    Mutant(
        "I4: an approval that nothing proves counts for nothing",
        "departures/agreeing.py",
        "if given.proof == AIRFLOW and given.person in able)",
        "if given.person in able)",
        "tests/departures/test_two_people.py::test_i4_an_approval_that_nothing_proves_is_refused_and_does_not_count",
    ),
    Mutant(
        "I4: approvals are counted again before it is done",
        "departures/excepting.py",
        "    if not gate.opens:\n",
        "    if False:\n",
        "tests/departures/test_two_people.py::test_i4_two_people_lift_a_rejection",
    ),
    Mutant(
        "I4: a rejection that came anew is not lifted",
        "departures/excepting.py",
        "if rejection.at != asked.rejected_at:",
        "if False:",
        "tests/departures/test_two_people.py::test_i4_a_rejection_that_came_anew_is_not_lifted",
    ),
    Mutant(
        "I4: who types a command stands in the audit",
        "cli/whereabouts.py",
        "return Ledger.at(url, through=shell_actor())",
        "return Ledger.at(url)",
        "tests/cli/test_cli_actor.py::test_i4_what_a_command_writes_names_who_typed_it_and_for_whom",
    ),
    Mutant(
        "S3: only people of the team start a run by hand",
        "operators/opening.py",
        "            person = actors.starter(station, context)\n",
        "            return\n",
        "tests/operators/test_opening_task.py::test_s3_a_stranger_skips_nothing_and_starts_nothing",
    ),
    Mutant(
        "F39: the next cut waits for a hotfix to come home",
        "departures/cutting.py",
        "lacking = next(homecoming.missing(station, component.id, sha), None)",
        "lacking = None",
        "tests/departures/test_hotfixes.py::test_f39_it_runs_and_the_next_cut_waits_until_main_has_it",
    ),
    Mutant(
        "F18: what runs is contained in what comes",
        "departures/fitting.py",
        'if status == "diverged" and not _in_another_shape(station, leg, running):',
        "if False:",
        "tests/departures/test_hotfixes.py::test_f18_a_train_without_the_hotfix_may_not_follow_it",
    ),
    Mutant(
        "F50: what nobody brought is drift",
        "departures/cutting.py",
        "wanted = arriving.drifted(station, component.id, running)",
        "wanted = None",
        "tests/departures/test_hotfixes.py::test_f50_what_nobody_brought_is_drift_until_a_person_says_what_to_think_of_it",
    ),
    Mutant(
        "F67: half a promotion holds the next",
        "departures/opening.py",
        "    if half is not None:\n",
        "    if False:\n",
        "tests/operators/test_deploying_tasks.py::test_f67_the_next_departure_says_what_is_missing_whatever_the_policy",
    ),
    Mutant(
        "D-14: whoever asks does not approve",
        "departures/beside.py",
        "wrote = authors | {asked.by} if asked is not None else authors",
        "wrote = authors",
        "tests/departures/test_hotfixes.py::test_nothing_of_it_goes_before_somebody_else_approves",
    ),
    Mutant(
        "C-36: an untested issue keeps the promotion",
        "departures/gate_table.py",
        '    Gate("board", _PROMOTE, _TRAIN, lambda at, _: columns.standing(at), asks_outside=True),\n',
        "",
        "tests/departures/test_columns.py::"
        "test_c36_an_untested_issue_keeps_the_promotion_and_the_deploying_task_counts_again",
    ),
    Mutant(
        "A task that waits says why first",
        "operators/looking.py",
        "desk.ledger.set_blockers(self.subject(about), standing.blockers, desk.now())",
        "standing.blockers",
        "tests/operators/test_no_wait_without_reason.py::test_two_recipes_alone_put_a_task_aside_and_write_down_why_first",
    ),
    Mutant(
        "D-15: of a security hotfix the public hears nothing",
        "departures/telling.py",
        "channel = channel or channel_of(station, departure)",
        "channel = channel or station.channel",
        "tests/departures/test_hotfixes.py::test_d15_of_a_security_hotfix_the_trains_channel_hears_nothing",
    ),
    Mutant(
        "F40: the train's list is asked anew",
        "assemble/beside.py",
        "            if page is not None:\n",
        "            if False:\n",
        "tests/operators/test_hotfix_tasks.py::test_f40_the_train_under_way_is_deployed_to_staging_again",
    ),
    Mutant(
        "F06: a vote belongs to one manifest",
        "core/quorum.py",
        '(ballot.manifest != manifest_hash, "other_manifest")',
        '(False, "other_manifest")',
        "tests/departures/test_voting.py::test_f06_votes_do_not_move_to_another_manifest",
    ),
    Mutant(
        "F06: a vote is about the manifest that its form shows",
        "operators/voting.py",
        '    shown = str(answer.asked.get("manifest", present.hash))\n',
        "    shown = present.hash\n",
        "tests/operators/test_early_answers.py::test_f06_without_its_fields_an_answer_is_about_what_was_shown",
    ),
    Mutant(
        "F06: a test is of the commit that its form names",
        "operators/asking.py",
        "        if sha and not names(named, sha):\n",
        "        if False:\n",
        "tests/operators/test_deploying_tasks.py::"
        "test_f06_a_list_that_was_walked_through_on_another_commit_is_no_test_of_this_one",
    ),
    Mutant(
        "F06: a merge is of the commit that its form names",
        "upgrades/deciding.py",
        "    if meant is not None and not names(",
        "    if meant is None and not names(",
        "tests/operators/test_upgrade_tasks.py::test_f06_a_commit_that_came_after_the_question_is_not_merged_unread",
    ),
    Mutant(
        "F56: an answer that meets an obstacle is kept",
        "operators/patient.py",
        "        if is_answer(hindered):\n",
        "        if False:\n",
        "tests/operators/test_early_answers.py::test_f56_an_answer_outlives_an_obstacle_and_is_asked_for_once",
    ),
    Mutant(
        "F15: an answer that failed its try is taken by the next",
        "operators/patient.py",
        "None if self._first else questions.recall(context)",
        "None",
        "tests/operators/test_early_answers.py::test_an_answer_that_failed_its_try_is_taken_by_the_next",
    ),
    Mutant(
        "F15: an answer that came before the wait is read",
        "triggers/station_trigger.py",
        "await given(self) if self.question else None",
        "None",
        "tests/operators/test_early_answers.py::test_a_wait_for_a_person_begins_with_what_was_answered_before_it",
    ),
    Mutant(
        "F09: a robot has no vote",
        "core/quorum.py",
        '(ballot.bot, "bot")',
        '(False, "bot")',
        "tests/core/test_quorum.py::test_f09_votes_that_must_not_count_are_listed_with_their_reason",
    ),
    Mutant(
        "F12: a window that has closed opens nothing",
        "core/gates.py",
        'return standing("window", [closed], Verdict.MISSED)',
        'return standing("window", [closed], Verdict.LATE)',
        "tests/departures/test_gating.py::test_f12_a_closed_window_deploys_nothing_whatever_was_voted",
    ),
    Mutant(
        "F30: a lock that was lost sends nothing",
        "departures/acts.py",
        "require_fence(pen, self.leg.lock, self.fence)",
        "pass",
        "tests/departures/test_deploying.py::test_f30_a_lock_that_was_lost_before_the_dispatch_sends_nothing",
    ),
    Mutant(
        "F32: a freeze is asked by whoever deploys",
        "departures/gate_table.py",
        '    Gate("freeze", _STAGE | _PROMOTE, _EVERY, _freeze),\n',
        "",
        "tests/departures/test_freezing.py::test_f32_a_freeze_holds_a_promotion_that_has_every_vote",
    ),
    Mutant(
        "F32: whoever asks for an exception does not approve it",
        "departures/agreeing.py",
        "and each.id not in askers)",
        ")",
        "tests/departures/test_two_people.py::test_i4_who_asks_does_not_approve",
    ),
    Mutant(
        "F32: an exception is for one stop",
        "departures/freezing.py",
        "if each.stop == stop and len(given)",
        "if len(given)",
        "tests/departures/test_freezing.py::test_f32_an_exception_is_for_one_stop_of_one_departure",
    ),
    Mutant(
        "F33: the last of several freezes counts",
        "core/freezes.py",
        "instant = max(end for end in ends if end is not None)",
        "return min(end for end in ends if end is not None)",
        "tests/core/test_freezes.py::test_reopening_is_the_first_hour_that_nothing_forbids",
    ),
    Mutant(
        "F34: no freeze holds a rollback",
        "core/freezes.py",
        'FreezeMode.ALL_STOP: frozenset({"cut", "promote", "hotfix", "merge"})',
        'FreezeMode.ALL_STOP: frozenset({"cut", "promote", "hotfix", "merge", "rollback"})',
        "tests/core/test_freezes.py::test_f34_each_mode_forbids_what_it_says_and_never_a_rollback",
    ),
    Mutant(
        "F36: a stop does not move past the other one",
        "config/train.py",
        "        if found.weekday() == other.day.index:\n",
        "        if False:\n",
        "tests/core/test_holidays_of_stops.py::test_f36_each_policy_on_a_thursday",
    ),
    Mutant(
        "F45: what was rejected is no target",
        "departures/going_back.py",
        "if manifest is None or station.ledger.rejection(manifest.hash) is not None:",
        "if manifest is None:",
        "tests/departures/test_going_back.py::test_f45_a_rejected_departure_is_no_target",
    ),
    Mutant(
        "F48: what cannot be undone is accepted by a person",
        "departures/going_back.py",
        "if found.irreversible and not accept_irreversible:",
        "if False:",
        "tests/departures/test_going_back.py::test_f48_what_cannot_be_undone_must_be_accepted",
    ),
    Mutant(
        "F65: no title mentions anybody",
        "core/escaping.py",
        'plain = _clean(text).replace("&", "&amp;").replace("<", "&lt;")',
        'plain = _clean(text).replace("&", "&amp;")',
        "tests/departures/test_telling.py::test_f65_a_title_cannot_mention_anybody",
    ),
    Mutant(
        "F32: a rollout counts its gates again immediately before each proposal",
        "rollouts/proposing.py",
        "raise GateClosed(standing)",
        "pass",
        "tests/rollouts/test_stepping.py::test_f32_a_gate_that_closes_at_the_last_moment_keeps_the_proposal",
    ),
    Mutant(
        "D-11: an open proposal of somebody else is not overtaken",
        "rollouts/proposing.py",
        "if newest is not None and newest.version != way.version and newest.status in",
        "if newest is not None and not newest.version and newest.status in",
        "tests/rollouts/test_stepping.py::test_d11_a_proposal_is_made_only_if_the_newest_one_is_not_ours",
    ),
    Mutant(
        "D-09: time in which nobody looked is not quiet",
        "core/rollouts/progress.py",
        "elif since is None or broken:",
        "elif since is None:",
        "tests/rollouts/test_stepping.py::test_time_in_which_nobody_looked_is_not_quiet",
    ),
    Mutant(
        "F74: the secret of a calendar is not in the log",
        "hooks/calendar_feed.py",
        'logging.getLogger("httpx").setLevel(logging.WARNING)',
        'logging.getLogger("httpx").setLevel(logging.INFO)',
        "tests/oncall/test_sources.py::test_f74_the_secret_of_an_address_is_not_in_the_log",
    ),
    Mutant(
        "T-01: who may act is counted again by whoever deploys",
        "departures/gate_table.py",
        '    Gate("actor", _PROMOTE, _TRAIN, lambda at, asked: gating.actor_standing(at, asked.departure)),\n',
        "",
        "tests/departures/test_ruling.py::test_t01_a_go_of_somebody_outside_the_group_deploys_nothing",
    ),
    Mutant(
        "T-04: the issue is counted again by whoever deploys",
        "departures/gate_table.py",
        "lambda at, asked: ruling.issue_standing(at, asked.departure, ask=asked.how is not How.LEDGER)",
        'lambda at, asked: passed("issue")',
        "tests/departures/test_ruling.py::test_t04_an_issue_that_is_closed_meanwhile_stops_it",
    ),
    Mutant(
        "T-20: what cannot be read blocks",
        "departures/ruling.py",
        "            unread[repository] = _why(error)\n",
        "            del error\n",
        "tests/departures/test_ruling.py::test_f59_t20_what_cannot_be_read_is_in_the_way",
    ),
    Mutant(
        "T-01: a stranger takes nothing back",
        "operators/going_back.py",
        "        ruling.require_actor(station, person.id)\n",
        "",
        "tests/operators/test_ruled_tasks.py::test_t01_nobody_else_takes_production_back",
    ),
    Mutant(
        "F19: a tag of another commit is not adopted",
        "departures/releasing.py",
        "if there == leg.sha else None",
        "if there is not None else None",
        "tests/departures/test_releasing.py::test_f19_a_tag_of_another_commit_is_never_moved",
    ),
    Mutant(
        "F21: a fork's branch is never the workflow's",
        "upgrades/finding.py",
        'if (pull.head_repository or "").lower() != entry.repository.lower() or pull.base_ref != entry.ref:',
        "if pull.base_ref != entry.ref:",
        "tests/upgrades/test_finding.py::test_f21_a_forks_branch_of_that_name_is_never_taken_for_the_workflows",
    ),
    Mutant(
        "F32: a merge asks the freezes again",
        "upgrades/deciding.py",
        "again.pull.head_sha != sha or not holding.opens:",
        "again.pull.head_sha != sha:",
        "tests/upgrades/test_deciding.py::test_f32_nothing_is_merged_in_a_freeze_and_it_goes_on_afterwards",
    ),
    Mutant(
        "F07: a merge holds to the head that was decided on",
        "upgrades/deciding.py",
        'return fact.by if fact is not None and fact.value["sha"] == pull.head_sha else None',
        "return fact.by if fact is not None else None",
        "tests/upgrades/test_deciding.py::test_f07_a_word_on_one_head_is_no_word_on_another",
    ),
    Mutant(
        "F12: only who is asked settles an upgrade",
        "operators/upgrading.py",
        "actors.responder(desk, event, (*asked, *desk.on_call))",
        "actors.responder(desk, event, desk.team.people.values())",
        "tests/operators/test_upgrade_tasks.py::test_f12_what_is_no_answer_of_the_person_merges_nothing",
    ),
    Mutant(
        "D-25: a person's commit is never merged unasked",
        "upgrades/deciding.py",
        "tampered=_tampered(desk, pull),",
        "tampered=(),",
        "tests/upgrades/test_deciding.py::test_d25_a_persons_commit_makes_it_a_persons_matter",
    ),
    Mutant(
        "D-25: another hash of the same version is no patch",
        "core/upgrade_diffs.py",
        "if not gone and not come and context not in raised:",
        "if False:",
        "tests/core/test_upgrades.py::test_d25_a_diff_that_is_more_than_a_patch_or_not_understood_is_not_patch_level",
    ),
)


MUTANTS += (
    Mutant(
        "F12: only who was asked or is on call closes a chore",
        "operators/team_asking.py",
        "(*questions.people_asked(desk, about, self.place), *self._holders(desk))",
        "desk.team.people.values()",
        "tests/chores/test_doing_chores.py::test_f12_only_who_was_asked_or_is_on_call_closes_it",
    ),
    Mutant(
        "T-16: a chore is closed by its evidence alone",
        "chores/closing.py",
        "    if missing:\n",
        "    if False:\n",
        "tests/chores/test_doing_chores.py::test_t16_an_answer_without_its_evidence_closes_nothing_and_says_what_is_missing",
    ),
    Mutant(
        "F38: a chore started by hand adopts the run that is open",
        "chores/runs.py",
        "about = own if newest is None or ended(desk, newest) is not None else newest",
        "about = own",
        "tests/chores/test_doing_chores.py::test_f38_started_by_hand_it_adopts_the_run_that_is_open_and_else_is_one_of_its_own",
    ),
    Mutant(
        "D-26: a chore goes to the next shift",
        "chores/waiting.py",
        'and questions.handed_over(desk, about, place, str(arguments["role"])):',
        "and False:",
        "tests/chores/test_doing_chores.py::test_d26_it_is_carried_over_to_the_next_shift_and_counted",
    ),
    Mutant(
        "F65: a link carries no markup",
        "core/evidence.py",
        "or _MARKUP & set(text)",
        "",
        "tests/core/test_chore_evidence.py::test_t16_what_is_no_link_is_refused_with_what_to_paste",
    ),
    Mutant(
        "F65: a name mentions nobody",
        "config/people.py",
        "else escaping.slack(self.name)",
        "else self.name",
        "tests/config/test_people.py::test_f65_a_person_is_mentioned_by_their_first_account_or_named_in_harmless_words",
    ),
    Mutant(
        "F01: an answer outlives the ledger's outage",
        "operators/patient.py",
        '{"kept": event}',
        '{"kept": None}',
        "tests/operators/test_outage.py::test_f01_an_answer_outlives_the_outage_and_is_asked_for_once",
    ),
    Mutant(
        "F01: a wait outlives the ledger's outage",
        "triggers/station_trigger.py",
        "except LedgerUnreachable as away:",
        "except ZeroDivisionError as away:",
        "tests/operators/test_outage.py::test_f01_a_wait_outlives_an_outage_of_any_length",
    ),
    Mutant(
        "D-15: nobody in public hears that a security hotfix failed",
        "assemble/building.py",
        "channel = train.channel if secret is None else secret.channel",
        "channel = train.channel",
        "tests/notifiers/test_failure_notice.py::"
        "test_d15_each_dag_tells_of_its_tasks_and_of_a_security_hotfix_in_the_private_channel",
    ),
)


def survives(mutant: Mutant) -> bool:
    """Return whether the scenario's test passes although its guard is gone."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder) / "stationmaster"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / mutant.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(mutant.guard, mutant.instead, 1), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test]
        environment = {**os.environ, "PYTHONPATH": folder}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.test} cannot be run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def main() -> int:
    """Try every mutant; return 1 if one survives."""
    survivors = 0
    for mutant in MUTANTS:
        alive = survives(mutant)
        survivors += alive
        print(f"{'SURVIVES' if alive else 'is found'}  {mutant.scenario}", flush=True)
    print(f"{len(MUTANTS)} guards taken out, {survivors} not missed.")
    return int(survivors > 0)


if __name__ == "__main__":
    raise SystemExit(main())
