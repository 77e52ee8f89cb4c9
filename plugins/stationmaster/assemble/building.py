"""What the tasks of a DAG have in common, and how they are built without a copy of its form in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions.param import ParamsDict

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.notifiers.failure_notice import FailureNotice
from stationmaster.operators.closing import TELLER

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from stationmaster.config.team import TeamConfig
    from stationmaster.config.train import TrainConfig

RETRIES = 5
"""A step finds in the ledger what it has done; so a retry is cheap, and safe (F01)."""
_PAUSE = timedelta(seconds=5)


def notice_of(
    team: TeamConfig, include: str, *, role: str | None, channel: str | None, teller: str | None = None
) -> FailureNotice | None:
    """Return what tells that a task has failed for good; None where the team has no channel.

    :param include: as of :class:`stationmaster.operators.files.FilesOperator`.
    :param channel: its key in the team's file; by default the team's first one.
    :param teller: as of :class:`stationmaster.notifiers.failure_notice.FailureNotice`.
    """
    key = channel or next(iter(team.channels), None)
    if key is None:
        return None
    return FailureNotice(
        include=include,
        team=team.id,
        channel=team.channels[key].id,
        role=role,
        teller=teller,
        conn_id=team.connections.slack,
    )


def defaults(team: TeamConfig, *, told: FailureNotice | None = None) -> dict[str, Any]:
    """Return what all tasks of a DAG have in common.

    :param told: what tells of each that fails for good.
    """
    common: dict[str, Any] = {"owner": team.id, "retries": RETRIES, "retry_delay": _PAUSE}
    return common if told is None else {**common, "on_failure_callback": told}


def train_defaults(
    team: TeamConfig, train: TrainConfig, include: str, *, kind: DepartureKind = DepartureKind.TRAIN
) -> dict[str, Any]:
    """Return what all tasks of a train have in common: of a security hotfix only its own channel hears (D-15)."""
    secret = train.security_hotfix if kind is DepartureKind.SECURITY_HOTFIX else None
    channel = train.channel if secret is None else secret.channel
    return defaults(team, told=notice_of(team, include, role=train.on_call, channel=channel, teller=TELLER))


@contextmanager
def building(dag: DAG) -> Iterator[DAG]:
    """Yield the DAG to build its tasks in, and give it its form back afterwards.

    Airflow copies a DAG's form into every task that is built in it, and holds each copy against its schema several
    times over when it writes the DAG down: most of what a train costs to parse. A task reads the form of its run all
    the same, for Airflow starts from the DAG's.
    """
    form, dag.params = dag.params, ParamsDict()
    try:
        with dag:
            yield dag
    finally:
        # It was checked when the DAG was made: an assignment would hold it against its schema once more.
        object.__setattr__(dag, "params", form)
