"""The rules of a train: can its gates open at all, and in time?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from stationmaster.config.documents import Loc
from stationmaster.config.mistakes import Mistake
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.calendar import StopTimes, soak_ends, stop_times
from stationmaster.core.instants import IsoWeek, local_text

_WEEKS = 53
_QUORUM = ("gates", "quorum")


def gate_mistakes(team: TeamConfig, train: TrainConfig, now: datetime) -> list[Mistake]:
    """Return what keeps the train's gates shut for ever, and what makes it late every time."""
    year = _year(train, now)
    return [
        *_empty_roles(team, train),
        *_too_few_voters(team, train),
        *_nobody_approves(train),
        *_cannot_verify(train),
        *_nobody_takes_back(train),
        *_stops_out_of_order(train, now),
        *_soak_too_long(train, year),
        *_departures_overlap(train, year),
    ]


def _year(train: TrainConfig, now: datetime) -> list[tuple[StopTimes, StopTimes]]:
    """Return the instants of the cut and of its promotion in each week of a year, and in one more."""
    cut, promote = train.stop("cut"), train.stop("promote")
    first = IsoWeek.of(now, train.zone)
    weeks = [first.plus(number) for number in range(_WEEKS + 1)]
    return [(stop_times(cut, week), stop_times(promote, train.promote_week(week))) for week in weeks]


def _of(train: TrainConfig, code: str, loc: Loc, message: str, remedy: str, value: object = "") -> Mistake:
    return Mistake(code, loc, message, remedy, str(value), source=f"train:{train.id}")


def _warning(train: TrainConfig, code: str, loc: Loc, message: str, remedy: str, value: object = "") -> Mistake:
    return Mistake(code, loc, message, remedy, str(value), source=f"train:{train.id}", severity="warning")


def able_voters(team: TeamConfig, groups: Iterable[str]) -> list[str]:
    """Return who of some groups can vote: active people with an account in Airflow or in Slack."""
    people = (team.people[name] for name in sorted({name for group in groups for name in team.groups[group]}))
    return [one.id for one in people if one.active and not one.bot and (one.airflow or one.slack)]


def _empty_roles(team: TeamConfig, train: TrainConfig) -> Iterator[Mistake]:
    quorum = train.gates.quorum
    if quorum.mode != "all_roles":
        return
    for index, role in enumerate(quorum.roles):
        if not able_voters(team, (role,)):
            yield _of(
                train,
                "role_without_people",
                (*_QUORUM, "roles", index),
                f"nobody in the group {role!r} can vote: the gate would never open",
                f"Add people with an Airflow or Slack account to groups.{role}, or take the role out.",
                role,
            )


def _too_few_voters(team: TeamConfig, train: TrainConfig) -> Iterator[Mistake]:
    quorum = train.gates.quorum
    needed, able = quorum.policy.fewest, len(able_voters(team, quorum.groups))
    groups, loc = " and ".join(f"groups.{group}" for group in quorum.groups), (*_QUORUM, "needed")
    if able < needed:
        lower = f"Lower needed to {able} or less, or add" if able else "Add"
        yield _of(
            train,
            "quorum_above_electorate",
            loc,
            f"{needed} approvals are needed, but only {able} people in {groups} can vote: the gate would never open",
            f"{lower} people with an Airflow or Slack account to {groups}.",
            needed,
        )
    elif not quorum.authors_may_vote and able - 1 < needed:
        yield _warning(
            train,
            "quorum_above_electorate_without_authors",
            loc,
            f"{needed} approvals are needed of {able} voters, and authors may not vote: "
            "one voter's commit aboard keeps the gate shut",
            "Lower needed, add voters, or write authors_may_vote: true.",
            needed,
        )


def _nobody_approves(train: TrainConfig) -> Iterator[Mistake]:
    if train.gates.quorum.mode == "none" and train.gates.confirm is None:
        yield _warning(
            train,
            "nobody_approves",
            (*_QUORUM, "mode"),
            "neither a quorum nor a confirmation is asked for: the train promotes without any person",
            "Write a quorum, or gates.confirm with the role that has the last word.",
            "none",
        )


def _cannot_verify(train: TrainConfig) -> Iterator[Mistake]:
    for index, component in enumerate(train.components):
        for environment in (train.staging, train.production):
            deploy = component.deploy(environment)
            by = component.verify.by
            if deploy.record and by == "deployment":
                yield _of(
                    train,
                    "recorded_by_itself",
                    ("components", index, "environments", environment, "record"),
                    f"{component.id} on {environment} is verified by the deployment that is only written after that",
                    "Verify by url or by checklist, or leave the record to the pipeline.",
                    "true",
                )
            lacking = {"url": deploy.url, "checklist": component.checklist_of(environment)}.get(by, by)
            if deploy.mode != "none" and lacking is None:
                yield _of(
                    train,
                    "cannot_verify",
                    ("components", index, "verify", "by"),
                    f"{component.id} on {environment} is verified by its {by}, but has none: nothing would show it",
                    f"Write {by} under components[{index}].environments.{environment}, or verify by deployment.",
                    by,
                )


def _nobody_takes_back(train: TrainConfig) -> Iterator[Mistake]:
    """What a failed test list is to take back must be the train's to take back."""
    if train.on_failed_test == "roll_back" and train.on_partial_failure != "compensate":
        yield _of(
            train,
            "failed_test_stays",
            ("on_failed_test",),
            f"on_partial_failure: {train.on_partial_failure} leaves the way back to a person, and a failed test is to "
            "take it by itself",
            "Write on_partial_failure: compensate, or on_failed_test: ask.",
            train.on_failed_test,
        )


def _stops_out_of_order(train: TrainConfig, now: datetime) -> Iterator[Mistake]:
    cut, promote = train.stop("cut"), train.stop("promote")
    week = IsoWeek.of(now, train.zone)
    closes = stop_times(cut, week).latest_start
    times = stop_times(promote, train.promote_week(week))
    if times.earliest <= closes:
        yield _of(
            train,
            "promote_before_cut",
            ("stops", "promote", "earliest"),
            f"the promotion may begin on {promote.day.value} {promote.earliest:%H:%M}, "
            f"before the cut's window closes on {cut.last_day.value} {cut.latest_start:%H:%M}",
            "Let the promotion begin after the cut's latest_start.",
            f"{promote.earliest:%H:%M}",
        )


def _soak_too_long(train: TrainConfig, year: Sequence[tuple[StopTimes, StopTimes]]) -> Iterator[Mistake]:
    """Stage as early as the cut allows in each week of a year, clock changes included, and look when the soak ends."""
    soak, loc = train.gates.soak, ("gates", "soak", "days")
    late: tuple[datetime, datetime] | None = None
    for staging, window in year[:_WEEKS]:
        ends = soak_ends(soak.soak, staging.earliest, train.zone)
        if ends > window.latest_start:
            yield _of(
                train,
                "soak_longer_than_gap",
                loc,
                f"{soak.days} days ({soak.count}) on staging from {local_text(staging.earliest, train.zone)} end "
                f"{local_text(ends, train.zone)}, after the promotion's latest start "
                f"{local_text(window.latest_start, train.zone)}: the gate would never open in time",
                "Shorten the soak, or let the promotion stop later.",
                soak.days,
            )
            return
        on_target = soak_ends(soak.soak, staging.target, train.zone)
        if late is None and on_target > window.target:
            late = on_target, window.target
    if late is not None:
        yield _warning(
            train,
            "soak_past_target",
            loc,
            f"{soak.days} days ({soak.count}) on staging end {local_text(late[0], train.zone)} for a cut that is on "
            f"time, after the promotion's target {local_text(late[1], train.zone)}: that train is always late",
            "Shorten the soak, count calendar_days, or move the target.",
            soak.days,
        )


def _departures_overlap(train: TrainConfig, year: Sequence[tuple[StopTimes, StopTimes]]) -> Iterator[Mistake]:
    """A cut whose window closes before the departure before it may be promoted would find it open each week."""
    policy = train.previous_departure
    if policy == "parallel":
        return
    closes = [cut.latest_start for cut, _ in year[1:]]
    opens = [promotion.earliest for _, promotion in year[:_WEEKS]]
    if all(closed < opened for closed, opened in zip(closes, opens, strict=True)):
        what = "each cut would wait for it and miss its window" if policy == "hold" else "none would ever be promoted"
        yield _of(
            train,
            "departures_overlap",
            ("previous_departure",),
            f"the next cut's window closes {local_text(closes[0], train.zone)}, before the departure before it may be "
            f"promoted {local_text(opens[0], train.zone)}: with {policy} {what}",
            "Write previous_departure: parallel, or promote earlier.",
            policy,
        )
