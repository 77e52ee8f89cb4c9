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
        "R4: a run that still deploys keeps its departure and its lock, whatever is marked",
        "departures/closing.py",
        "    if act in (Act.FAIL_CUT, Act.FAIL, Act.LEAVE_PARTIAL) and allows(found.state, act):",
        "    if False:",
        "tests/operators/test_closing_task.py::"
        "test_r4_a_run_that_still_deploys_keeps_its_departure_and_its_lock_whatever_is_marked",
    ),
    Mutant(
        "R7: what has failed waits for a person's answer, though a task of the run is cleared",
        "departures/taking_up.py",
        "    if any(_keeps(station, leg) for leg in legs_of(station, departure, stop)):",
        "    if False:",
        "tests/operators/test_taking_up_tasks.py::"
        "test_r7_what_has_failed_waits_for_an_answer_and_goes_on_once_it_has_come_right",
    ),
    Mutant(
        "S1: once a later departure is open, an older one stays where it ended",
        "ledger/departures.py",
        "            if before is None or _is_followed(pen.session, row):",
        "            if before is None:",
        "tests/operators/test_taking_up_tasks.py::"
        "test_s1_once_a_later_departure_is_open_an_older_one_stays_where_it_ended",
    ),
    Mutant(
        "R1: what has ended by another act than the end of its run is not taken up",
        "ledger/departures.py",
        '        if body.get("act") not in acts:',
        "        if False:",
        "tests/operators/test_taking_up_tasks.py::test_r1_a_way_back_that_found_nothing_is_an_end",
    ),
    Mutant(
        "F10: what comes while a departure is judged keeps it where it ended",
        "ledger/departures.py",
        "            require_version(pen, departure_id, version)\n            return moved(",
        "            return moved(",
        "tests/operators/test_taking_up_tasks.py::test_f10_what_comes_between_the_judgement_and_the_act_keeps_it",
    ),
    Mutant(
        "R1: what has not failed is not taken back",
        "departures/rolling_back.py",
        "    if failure is None:\n        if _seen_to(",
        "    failure = failure or station.ledger.facts(departure)[-1]\n    if failure is None:\n        if _seen_to(",
        "tests/departures/test_back_again.py::test_r1_nor_by_a_task_while_it_is_under_way_and_nothing_has_failed",
    ),
    Mutant(
        "R1: an end is an end for a way back that nobody asked for",
        "core/transitions.py",
        "        Act.COMPENSATE: _lead(_S.ROLLING_BACK, _S.PROMOTING, ",
        "        Act.COMPENSATE: _lead(_S.ROLLING_BACK, _S.DONE, _S.PROMOTING, ",
        "tests/departures/test_back_again.py::test_r1_what_is_done_and_green_is_not_taken_back_by_a_task",
    ),
    Mutant(
        "R2: a failure is not the last word once another departure has come",
        "departures/last_word.py",
        "    if newest is None or any(_followed(station, leg, newest.seq) for leg in legs):",
        "    if newest is None:",
        "tests/departures/test_back_again.py::test_r2_a_failure_of_last_month_takes_no_later_release_back",
    ),
    Mutant(
        "T1: a test list that is marked as success is no test",
        "departures/closing.py",
        "    if act is Act.FINISH and allows(found.state, act):",
        "    if False:",
        "tests/departures/test_closing.py::test_t1_a_test_list_of_production_that_is_marked_as_success_is_no_test",
    ),
    Mutant(
        "G1: the soak begins with the last component to arrive",
        "departures/gating.py",
        "    return max(arrivals, default=None)",
        "    return min(arrivals, default=None)",
        "tests/departures/test_gating.py::test_c10_the_last_component_to_arrive_begins_the_soak",
    ),
    Mutant(
        "S2: a halt between the count and the merge of an upgrade",
        "upgrades/deciding.py",
        "ask, beside=stoppable)",
        "ask)",
        "tests/upgrades/test_deciding.py::test_s2_upgrades_that_are_stopped_between_the_count_and_the_merge_are_not_merged",
    ),
    Mutant(
        "S2: a halt before an upgrade is started",
        "upgrades/starting.py",
        "lambda: _require_going(desk), beside=(desk.key,)",
        "lambda: None",
        "tests/upgrades/test_deciding.py::test_s2_upgrades_that_are_stopped_meanwhile_are_not_started",
    ),
    Mutant(
        "R1: a failure that a person has answered otherwise",
        "departures/failing.py",
        "        found.choice is not None\n        or came_right",
        "        came_right",
        "tests/departures/test_back_again.py::test_r1_a_failure_that_is_not_the_last_word_takes_nothing_back",
    ),
    Mutant(
        "R3: nothing arrives of what goes back",
        "departures/legs.py",
        '    if found is not None and leg.stop == "promote" and found.state in TAKEN_BACK:',
        "    if False:",
        "tests/departures/test_back_again.py::test_r3_nothing_arrives_of_what_goes_back",
    ),
    Mutant(
        "R3: the way back takes the lock with a new fence",
        "departures/rolling_back.py",
        "            take_way_back(station, leg, by=mandate.by)",
        "            pass",
        "tests/departures/test_back_again.py::test_r3_the_old_fence_is_worth_nothing_once_the_way_back_has_begun",
    ),
    Mutant(
        "R3: what was sent after the plan goes back, too",
        "departures/rolling_back.py",
        "        if leg.component in chosen or was_sent(station, leg)",
        "        if (leg.component in chosen if chosen else was_sent(station, leg))",
        "tests/departures/test_back_again.py::test_r3_what_was_sent_after_the_plan_was_made_goes_back_too",
    ),
    Mutant(
        "R3: the manifest is rejected when it begins",
        "departures/going_back.py",
        '            rejected(pen, self.manifest.hash, f"{self.subject} was rolled back: {self.why}", now, self.by)',
        "            rejected",
        "tests/departures/test_back_again.py::test_r3_the_manifest_is_rejected_when_it_begins_and_the_shift_knows_who_asked",
    ),
    Mutant(
        "R3: what was being sent is looked for",
        "departures/stopping.py",
        "        found += _settle(station, leg)\n",
        "",
        "tests/departures/test_back_again.py::test_r3_what_was_being_sent_when_it_began_is_looked_for_until_it_cannot_come_any_more",
    ),
    Mutant(
        "R4: the lock of the way back is its own",
        "departures/legs.py",
        '    return f"{leg.departure}/rollback"',
        "    return leg.holder",
        "tests/departures/test_back_again.py::test_r4_the_end_of_the_promotion_keeps_the_lock_and_the_state_of_the_way_back",
    ),
    Mutant(
        "R5: the target is what ran when the attempt was sent",
        "departures/ways.py",
        "    return others[-1] if others else None",
        "    return others[0] if others else None",
        "tests/departures/test_back_again.py::test_r5_compensation_goes_to_what_ran_when_the_attempt_was_sent",
    ),
    Mutant(
        "R5: never the departure's own commit",
        "departures/ways.py",
        '    others = [fact for fact in facts if fact.value["sha"] and fact.value["sha"] != leg.sha]',
        '    others = [fact for fact in facts if fact.value["sha"]]',
        "tests/departures/test_back_again.py::test_r5_an_attempt_that_found_its_own_commit_there_is_no_target",
    ),
    Mutant(
        "R5: what has come since stays",
        "departures/rolling_back.py",
        '    left = "" if mandate.named else stays(station, leg, sha)',
        '    left = ""',
        "tests/departures/test_back_again.py::test_r5_what_has_come_over_it_stays_unless_a_person_names_the_week",
    ),
    Mutant(
        "R6: a second choice waits for the first",
        "departures/going_back.py",
        "        if moving and before_it is not None:",
        "        if False:",
        "tests/departures/test_back_again.py::test_r6_a_second_choice_is_refused_while_the_first_is_on_its_way",
    ),
    Mutant(
        "R6: an attempt that was replaced sends nothing",
        "departures/mandates.py",
        "        require_present(self.station, self.mandate, self.subject)",
        "        pass",
        "tests/departures/test_back_again.py::test_r6_of_two_choices_one_holds_and_the_other_goes_on_with_nothing",
    ),
    Mutant(
        "R6: each attempt has its own key",
        "departures/rolling_back.py",
        '{leg.environment}/{way.sha}/{way.attempt}"',
        '{leg.environment}/{way.sha}/1"',
        "tests/departures/test_back_again.py::test_r6_the_same_target_can_be_tried_again",
    ),
    Mutant(
        "R6: what was brought back by hand",
        "departures/rolling_back.py",
        "    if running is not None and running == way.sha and _is_over(station, leg, way):",
        "    if running is not None and running == way.sha and station.ledger.effect(key_of(leg, way)) is None:",
        "tests/departures/test_back_again.py::test_r6_what_was_brought_back_by_hand_ends_as_rolled_back",
    ),
    Mutant(
        "R8: a way back that is declined leaves no lock",
        "departures/rolling_back.py",
        '        release_way_back(station, leg, why="the way back was refused")\n',
        "",
        "tests/departures/test_back_again.py::test_r8_a_way_back_that_github_declines_leaves_no_lock",
    ),
    Mutant(
        "R2: a form is about what ran when it was filled in",
        "operators/going_back.py",
        "    if found.departure != departure:\n",
        "    if False:\n",
        "tests/operators/test_going_back_tasks.py::test_r2_a_form_that_was_refused_is_about_what_ran_then",
    ),
    Mutant(
        "O1: the departure of this week",
        "rollouts/planning.py",
        "        due = due_departure(station)\n",
        "        due = station.ledger.departures(station.train.key, states=[DepartureState.DONE], limit=1)[0].id\n",
        "tests/rollouts/test_rolling_this_week.py::test_o1_what_was_promoted_weeks_ago_is_not_rolled_out_unless_its_week_is_named",
    ),
    Mutant(
        "O2: no target goes back unasked, at its turn",
        "rollouts/proposing.py",
        "    if way.target not in records.accepted(station.ledger, record):",
        "    if False:",
        "tests/rollouts/test_rolling_this_week.py::test_o2_it_is_asked_again_immediately_before_the_proposal",
    ),
    Mutant(
        "O2: no target goes back unasked, in the plan",
        "operators/rolling_out.py",
        "    if older:\n",
        "    if False:\n",
        "tests/operators/test_rolling_out_tasks.py::test_o2_the_form_refuses_to_take_targets_back_unless_they_are_named",
    ),
    Mutant(
        "G3: a hotfix brings nothing back that was rejected",
        "departures/returning.py",
        "    return kind_of(departure).is_hotfix and _picked_from(station, departure, present, earlier, rejected)",
        "    return False",
        "tests/departures/test_hotfixes.py::test_g3_a_hotfix_with_a_commit_that_was_taken_back_waits_until_its_rejection_is_lifted",
    ),
    Mutant(
        "F10: what comes between the count and the act is counted",
        "ledger/departures.py",
        "if version_of(pen.session, departure_id, kinds, beside=beside) != version:",
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
        "S3: only people of the team fill the form of a run in",
        "operators/opening.py",
        "            person = actors.starter(station, context).id\n",
        "            return\n",
        "tests/operators/test_opening_task.py::test_s3_a_stranger_skips_nothing",
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
        "R7: clearing a failed deploy only looks",
        "departures/deploying.py",
        "        raise Failed(failure)\n",
        "        pass\n",
        "tests/departures/test_failing.py::test_r7_looking_again_and_again_sends_nothing",
    ),
    Mutant(
        "R7: another attempt is guarded by every gate",
        "departures/gate_table.py",
        "frozenset({Act.PROMOTE, Act.DEPLOY_AGAIN})",
        "frozenset({Act.PROMOTE})",
        "tests/departures/test_failing.py::test_r7_every_gate_is_counted_again_before_another_attempt",
    ),
    Mutant(
        "R7: an answer counts once",
        "departures/failing.py",
        "by, once=once)",
        "by)",
        "tests/departures/test_failing.py::test_r7_of_two_who_answer_at_once_the_first_counts",
    ),
    Mutant(
        "R7: an answer is about the failure that its form names",
        "operators/deploying.py",
        "        if named != str(failure.number):\n",
        "        if False:\n",
        "tests/operators/test_failing_tasks.py::test_r7_an_answer_to_an_older_failure_is_refused",
    ),
    Mutant(
        "R7: no answer counts after the end, or on the way back",
        "departures/failing.py",
        "        require_again(pen.session, leg)\n        kept",
        "        kept",
        "tests/departures/test_failing.py::test_r7_after_the_end_and_on_the_way_back_no_answer_counts",
    ),
    Mutant(
        "R7, T-01: only those who may change production answer for it",
        "departures/failing.py",
        "    if not may_answer(station, leg, choice, by):\n",
        "    if False:\n",
        "tests/departures/test_failing.py::test_r7_t01_what_changes_production_is_said_by_those_who_may",
    ),
    Mutant(
        "R7: a cut does not begin again once its promotion has failed",
        "departures/failing.py",
        " and not failed_by(session, leg.departure, Act.FAIL_CUT)",
        " and False",
        "tests/departures/test_failing.py::test_r7_a_cut_does_not_begin_again_once_the_promotion_has_failed",
    ),
    Mutant(
        "R7: clearing a verification begins no new window",
        "operators/deploying.py",
        "raise failing.Failed(failing.note_verification(station, leg, standing.blockers[0]))",
        'return Waiting(standing, "verify", self.watched)',
        "tests/operators/test_failing_tasks.py::test_r7_a_verification_whose_window_is_over_asks_and_holds_no_lock",
    ),
    Mutant(
        "R7: verify again is a new window",
        "departures/verifying.py",
        "if fact.seq > begun",
        "if fact.seq > 0",
        "tests/departures/test_failing.py::test_r7_verify_again_is_a_new_window_from_now",
    ),
    Mutant(
        "R7, R8: whoever waits for a person holds no lock",
        "operators/deploying.py",
        "        release_lock(station, failure.leg)\n",
        "",
        "tests/operators/test_failing_tasks.py::test_r7_a_verification_whose_window_is_over_asks_and_holds_no_lock",
    ),
    Mutant(
        "R7: a question is not open for ever",
        "departures/failing.py",
        "    if ends is not None and station.now() >= ends:\n",
        "    if False:\n",
        "tests/operators/test_failing_tasks.py::test_r7_without_an_answer_the_task_fails_when_the_window_closes_and_nothing_is_approved",
    ),
    Mutant(
        "T1: a list with open items is not passed",
        "operators/checking.py",
        "        if left:\n",
        "        if False:\n",
        "tests/operators/test_failing_tasks.py::test_t1_all_passed_with_nothing_ticked_is_asked_again_with_the_open_items_named",
    ),
    Mutant(
        "T1: what failed is named",
        "operators/checking.py",
        "        if not named:\n",
        "        if False:\n",
        "tests/operators/test_failing_tasks.py::test_t1_something_failed_says_what_and_what_was_seen",
    ),
    Mutant(
        "T1: a failed list takes nothing back by itself",
        "departures/failing.py",
        '(found.kind == LIST and station.train.on_failed_test != "roll_back")',
        "False",
        "tests/departures/test_failing.py::test_t1_a_failed_list_takes_nothing_back_by_itself",
    ),
    Mutant(
        "T1, T-01: going on with a failed list is for those who may",
        "departures/failing.py",
        "    return found if may_answer(station, leg, Choice.GO_ON, found.answer.by) else None\n",
        "    return found\n",
        "tests/departures/test_failing.py::test_t1_t01_go_on_is_for_those_who_may_change_production_also_on_staging",
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
        "departures/ways.py",
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
        'return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")\n\n\ndef _by_name',
        'return text.replace("&", "&amp;")\n\n\ndef _by_name',
        "tests/departures/test_telling.py::test_f65_a_title_cannot_mention_anybody",
    ),
    Mutant(
        "S5: the reason of a skip is one quoted line",
        "ledger/records.py",
        "return escaping.said(why) if state in _IN_WORDS and why else escaping.one_line(why)",
        "return why",
        "tests/operators/test_hostile_texts.py::test_s5_the_reason_of_a_skip_by_the_form_is_one_quoted_line",
    ),
    Mutant(
        "S5: the reason of a veto is one quoted line",
        "departures/wording.py",
        "escaping.slack(escaping.said(veto.reason)) if veto.reason",
        "escaping.slack(veto.reason) if veto.reason",
        "tests/operators/test_hostile_texts.py::test_s5_the_reason_of_a_veto_in_airflow_is_one_quoted_line",
    ),
    Mutant(
        "S5: a text stays on its line",
        "core/escaping.py",
        'return " ".join(printable(text).split())',
        "return text",
        "tests/core/test_escaping.py::test_s5_one_line_stays_one_line",
    ),
    Mutant(
        "S5: a link of others is opened up",
        "core/escaping.py",
        'return _WWW.sub(r"\\1[.]", _SCHEME.sub("[:]", line))',
        "return line",
        "tests/core/test_escaping.py::test_s5_nothing_but_a_text_reaches_slack",
    ),
    Mutant(
        "S5: a quotation is not closed from within",
        "core/escaping.py",
        "line = one_line(text).translate(_QUOTES)",
        "line = one_line(text)",
        "tests/core/test_escaping.py::test_s5_what_a_person_wrote_cannot_leave_its_quotation_marks",
    ),
    Mutant(
        "S5: no value of a blocker is clicked",
        "core/blockers.py",
        "line = escaping.opened(text)",
        "line = escaping.one_line(text)",
        "tests/core/test_escaping.py::test_s5_no_value_of_a_blocker_forges_its_sentence",
    ),
    Mutant(
        "S5: Slack makes no links of its own",
        "hooks/chat.py",
        'AS_WRITTEN = {"parse": "none", "link_names": False}',
        "AS_WRITTEN: dict[str, Any] = {}",
        "tests/hooks/test_chat.py::test_s5_slack_links_what_is_marked_as_a_link_and_nothing_else",
    ),
    Mutant(
        "S5: a bad end links the runs of its blockers alone",
        "core/escaping.py",
        "if ours is not True and (isinstance(ours, bool) or found[0] not in ours):",
        "if False:",
        "tests/operators/test_hostile_texts.py::test_s5_a_failure_keeps_the_link_of_its_run",
    ),
    Mutant(
        "S5: the terminal shows no control signs",
        "cli/answering.py",
        "return super().render_str(plain(text), **options)",
        "return super().render_str(text, **options)",
        "tests/cli/test_hostile_terminal.py::test_s5_nothing_printed_moves_the_cursor_or_opens_a_line",
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
    Mutant(
        "V1: a reaction lifts no veto",
        "core/quorum.py",
        "        and each.certain\n",
        "",
        "tests/departures/test_votes.py::test_v01_nor_does_one_that_is_set_after_the_veto",
    ),
    Mutant(
        "V3: what is taken away lifts nothing",
        "core/quorum.py",
        "return ballot.shown or (",
        "return True or (",
        "tests/departures/test_votes.py::test_v03_a_veto_returns_when_the_approval_that_replaced_it_is_deleted",
    ),
    Mutant(
        "V9: whoever deploys asks all of it anew",
        "departures/gate_table.py",
        "fresh=asked.how is How.ACT",
        "fresh=False",
        "tests/departures/test_votes.py::test_v09_whoever_deploys_asks_anew_what_an_account_is",
    ),
    Mutant(
        "V4: a veto that somebody else may have deleted holds",
        "departures/ballots_in_slack.py",
        'return "author" if ballot.place in found.replies else "unclear"',
        'return "author"',
        "tests/departures/test_votes.py::test_v04_a_veto_that_was_deleted_holds_until_its_author_says_anything_new_and_they_are_asked_once",
    ),
    Mutant(
        "V4: a veto on a question that is gone holds",
        "departures/ballots_in_slack.py",
        'return "unclear" if ballot.place.split("/")[1] in found.gone else "author"',
        'return "author"',
        "tests/departures/test_votes.py::test_v04_a_veto_on_a_question_that_is_deleted_holds",
    ),
    Mutant(
        "V6: a reply is about the question that it stands under",
        "departures/ballots_in_slack.py",
        "    before = reply.ts < asked_at\n",
        "    before = False\n",
        "tests/departures/test_votes.py::test_v06_what_is_said_before_the_question_of_the_new_round_is_about_the_old_one",
    ),
    Mutant(
        "V6: an old reply that is edited approves nothing new",
        "departures/ballots_in_slack.py",
        'if said is None or (before and said.choice != "veto"):',
        "if said is None:",
        "tests/departures/test_votes.py::test_v06_an_old_reply_that_is_edited_approves_nothing_new_and_may_veto_it",
    ),
    Mutant(
        "V7: what may be a veto holds",
        "core/quorum.py",
        "waits = bool(unclear) or waits_for_authors",
        "waits = waits_for_authors",
        "tests/departures/test_votes.py::test_v07_an_approval_with_an_unfriendly_emoji_is_none_and_holds_until_its_author_says_which",
    ),
    Mutant(
        "V7: two people pass over it, one of whom gives the final go",
        "departures/passing_over.py",
        'if by in confirmers(station, datetime.fromisoformat(fact.value["at"])) and by_voters - {by}:',
        "if by_voters - {by}:",
        "tests/departures/test_votes.py::test_v07_the_person_who_gives_the_final_go_and_one_other_voter_may_pass_over_it",
    ),
    Mutant(
        "V7: nobody passes over what comes later",
        "departures/passing_over.py",
        'datetime.fromisoformat(fact.value["at"]) > ballot.cast_at',
        "True",
        "tests/departures/test_votes.py::test_v07_nobody_passes_over_what_is_said_afterwards_nor_over_a_plain_veto",
    ),
    Mutant(
        "V9: an account that is not active does not vote",
        "departures/counting.py",
        "unheard = accounts.unheard(found)",
        "unheard = accounts.unheard({})",
        "tests/departures/test_votes.py::test_v09_an_account_votes_only_while_it_is_an_active_full_member",
    ),
    Mutant(
        "V10: Slack that cannot be read holds the gate",
        "departures/counting.py",
        "if found is None or without_slack.agreed(station, departure, counted.manifest):",
        "if True:",
        "tests/departures/test_votes.py::test_v10_while_slack_limits_us_a_veto_may_stand_there",
    ),
    Mutant(
        "V10: an app that was removed is no outage",
        "departures/without_slack.py",
        'state = "out" if isinstance(error, ChatUnreachable | ChatRateLimited) else "unreadable"',
        'state = "out"',
        "tests/departures/test_votes.py::test_v10_an_app_that_was_removed_is_no_outage_and_what_it_had_read_counts",
    ),
    Mutant(
        "V10: it takes two people to go without Slack",
        "departures/without_slack.py",
        "            if voter != person:\n",
        "            if True:\n",
        "tests/departures/test_votes.py::test_v10_two_people_may_go_without_a_slack_that_is_out",
    ),
    Mutant(
        "V10: what was said ends with the outage",
        "departures/without_slack.py",
        "if fact.seq > last.seq",
        "if True",
        "tests/departures/test_votes.py::test_v10_what_was_said_in_an_outage_ends_with_it",
    ),
    Mutant(
        "V10: approvals in Slack do not count without it",
        "departures/counting.py",
        "if without_slack.unreadable(station, departure) is not None:",
        "if False:",
        "tests/departures/test_votes.py::test_v10_approvals_in_slack_do_not_count_without_it",
    ),
    Mutant(
        "V11: a veto from a clock that is ahead counts",
        "core/quorum.py",
        '(ballot.cast_at > now and ballot.choice == "approve", "not_yet")',
        '(ballot.cast_at > now, "not_yet")',
        "tests/departures/test_votes.py::test_v11_a_veto_from_a_clock_that_is_ahead_counts",
    ),
    Mutant(
        "V11: an approval was made before it was seen",
        "departures/counting.py",
        '"seen_at": seen',
        '"seen_at": None',
        "tests/departures/test_votes.py::test_v11_an_approval_from_a_clock_that_is_ahead_waits_and_lifts_no_veto_that_came_after_it",
    ),
    Mutant(
        "V13: the tally waits for the authors",
        "core/quorum.py",
        '    return authors == "unread"\n',
        "    return False\n",
        "tests/departures/test_votes.py::test_v13_until_it_is_known_who_wrote_it_the_tally_waits",
    ),
    Mutant(
        "V14: an unknown author costs one approval more",
        "core/quorum.py",
        "return max(fewest, min(fewest + 1, len(self.able))) if self.doubted else fewest",
        "return fewest",
        "tests/departures/test_votes.py::test_v14_an_author_whom_github_does_not_know_costs_one_approval_more",
    ),
    Mutant(
        "V14: a commit whose mail address is nobody's has an unknown author",
        "core/authors.py",
        "    if commit.author is None:\n",
        "    if False:\n",
        "tests/departures/test_votes.py::test_v14_an_author_whom_github_does_not_know_costs_one_approval_more",
    ),
    Mutant(
        "V15: a trailer proves nobody",
        "core/authors.py",
        "    for trailer in _TRAILER.finditer(commit.message):\n",
        "    for trailer in ():\n",
        "tests/departures/test_votes.py::test_v15_a_trailer_proves_nobody_they_keep_their_vote_and_one_more_is_needed",
    ),
    Mutant(
        "V15: the one more is somebody else",
        "core/quorum.py",
        "            return max(1, missing)\n",
        "            return missing\n",
        "tests/departures/test_votes.py::test_v15_one_more_is_needed_from_somebody_whom_no_trailer_names",
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
    Mutant(
        "F59: what one gate cannot read hides no other reason",
        "departures/gate_table.py",
        "            if why is None:\n                raise\n",
        "            raise\n",
        "tests/departures/test_unreadable_gates.py::test_f59_a_github_that_is_away_hides_neither_a_halt_nor_a_veto",
    ),
    Mutant(
        "F59: a gate that cannot be read does not open",
        "departures/gate_table.py",
        '            found.append(waiting(gate.name, why.model_copy(update={"subject": why.subject or gate.name})))',
        "            found.append(passed(gate.name))",
        "tests/departures/test_unreadable_gates.py::test_f59_no_row_that_cannot_be_read_opens_or_hides_another",
    ),
    Mutant(
        "F58: what only a person can mend is not waited for in silence",
        "departures/gate_table.py",
        "    if alone and how is not How.LEDGER and not all(passes(error) for error in met):",
        "    if False:",
        "tests/departures/test_unreadable_gates.py::"
        "test_f58_what_only_a_person_can_mend_fails_at_once_where_nothing_else_is_in_the_way",
    ),
    Mutant(
        "F56: a look rests as long as GitHub asks",
        "departures/deploying.py",
        "    heed(station, leg, standing)\n",
        "",
        "tests/departures/test_unreadable_gates.py::"
        "test_f56_a_look_that_github_asks_to_rest_rests_and_still_tells_what_else_is_in_the_way",
    ),
    Mutant(
        "F59: the vote is told although GitHub is away",
        "departures/watches.py",
        'gate_table.some(station, departure, Act.PROMOTE, "rejection", "rejected_commits"),',
        'gate_table.standing(station, departure, Act.PROMOTE, without=["quorum"]),',
        "tests/departures/test_unreadable_gates.py::test_the_vote_is_told_beside_a_github_that_is_away",
    ),
    Mutant(
        "T-01: a skip asks itself who may",
        "departures/opening.py",
        "    ruling.require_actor(station, by)\n    station.ledger.move(departure.id, Act.SKIP",
        "    station.ledger.move(departure.id, Act.SKIP",
        "tests/departures/test_opening.py::test_t01_only_those_who_may_change_production_skip_or_take_it_back",
    ),
    Mutant(
        "T-01: so does taking a skip back",
        "departures/opening.py",
        "    ruling.require_actor(station, by)\n    if departure.state is not",
        "    if departure.state is not",
        "tests/cli/test_cli_actor.py::test_t01_a_command_skips_for_nobody_who_may_not_change_production",
    ),
    Mutant(
        "T-01: a rollout goes on by the word of those who may",
        "rollouts/speaking.py",
        "    if word in _GOES_ON:",
        "    if False:",
        "tests/rollouts/test_stepping.py::test_t01_a_rollout_goes_on_by_the_word_of_those_who_may_change_production",
    ),
    Mutant(
        "I4: a command acts in the name of somebody who is there",
        "cli/asked_about.py",
        "    if person.bot or not person.active:",
        "    if False:",
        "tests/cli/test_cli_actor.py::test_a_command_acts_in_the_name_of_somebody_who_is_there",
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
