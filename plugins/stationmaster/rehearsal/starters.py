"""In whose name a rehearsal starts a run: its runs are started by hand, and not everybody may start each (T-01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.forms import DAGS
from stationmaster.rehearsal.programme import ROLLOUT


def starter(teams: Mapping[str, TeamConfig], dag_id: str) -> str | None:
    """Return the Airflow user who may start a DAG by hand, None where the administrator may as well."""
    key, _, stop = dag_id.rpartition(".")
    team = teams.get(key.partition(".")[0])
    a_form = stop in (*DAGS.values(), ROLLOUT)
    train = team.trains.get(key.partition(".")[2]) if team is not None and (a_form or stop == "promote") else None
    if team is None or train is None or (train.rules.actors is None and not a_form):
        return None
    named = team.groups[train.rules.actors] if train.rules.actors is not None else tuple(team.people)
    people = (team.people[name] for name in named)
    return next((str(person.airflow) for person in people if person.active and person.airflow), None)


class Starters:
    """Clients of Airflow for those who start runs, each logged in once.

    :param log_in: returns a client for an Airflow user; who gives it closes it.
    """

    def __init__(self, teams: Mapping[str, TeamConfig], log_in: Callable[[str], AirflowApi]) -> None:
        self._teams = teams
        self._log_in = log_in
        self._clients: dict[str, AirflowApi] = {}

    def __call__(self, dag_id: str) -> AirflowApi | None:
        """Return Airflow as whoever may start ``dag_id``, None where anybody may."""
        user = starter(self._teams, dag_id)
        if user is None:
            return None
        if user not in self._clients:
            self._clients[user] = self._log_in(user)
        return self._clients[user]
