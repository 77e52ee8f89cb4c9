"""Who is who in Airflow: the one place that turns what Airflow proves into a person of the team, and back.

Airflow proves a user's *name* for a run that they start, and *id and name* for a required action that they answer. It
assigns a required action to ids. Only SimpleAuthManager has one text for both; elsewhere an id that the team's file
lacks is learned once Airflow has shown it beside the name, and kept in the ledger until the file has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stationmaster import settings
from stationmaster.config.accounts import AirflowAccount, airflow_accounts

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger

LEARNED = "airflow-account"
"""The kind of the fact that Airflow has proved an account: about ``<team>/people``, subject a person's id, value
``{"id", "name"}``."""
_MANUAL = "manual"
_HOW = "airflow users list shows user names and ids."


class NotProved(LookupError):
    """Airflow does not prove that a person of the team did it. The message says who it was, and what to do."""


class Identities:
    """The people of a team by what Airflow calls them.

    :param ledger: gives the ledger; it is asked only where Airflow has ids of its own.
    :param now: gives the instant at which something is learned.
    """

    def __init__(self, team: TeamConfig, *, ledger: Callable[[], Ledger], now: Callable[[], datetime]) -> None:
        self._team, self._ledger, self._now = team, ledger, now

    @cached_property
    def _written(self) -> dict[str, AirflowAccount]:
        return airflow_accounts(self._team.people.values(), names_are_ids=settings.names_are_ids())

    @cached_property
    def _accounts(self) -> dict[str, AirflowAccount]:
        people, same = self._team.people.values(), settings.names_are_ids()
        return airflow_accounts(people, names_are_ids=same, learned=None if same else self._learned())

    def account(self, person: Person) -> AirflowAccount:
        """Return what Airflow calls a person, as far as it is known."""
        return self._accounts.get(person.id, AirflowAccount(None, None))

    def can_answer(self, people: Iterable[Person]) -> list[Person]:
        """Return those of some people whom a required action can be assigned to: their ids are known."""
        return [person for person in people if self.account(person).id is not None]

    def unknown(self, person: Person) -> str:
        """Return what is not known of a person's Airflow account, and where to find it; empty where all is."""
        account = self.account(person)
        if person.airflow is None or None not in account:
            return ""
        if account.id is None:
            return f"the user id of {person.name} ({account.name}): questions in Airflow cannot be assigned to them"
        return f"the user name of {person.name} (id {account.id}): what they start is not known as theirs"

    def unable(self, people: Iterable[Person]) -> str:
        """Return why some people cannot be assigned a required action, and what to do: a sentence for each kind."""
        without = [person.name for person in people if person.airflow is None]
        unknown = [person for person in people if person.airflow is not None and self.account(person).id is None]
        said = []
        if without:
            said.append(f"{', '.join(without)} has no Airflow account in the team's file. Write it under airflow.")
        if unknown:
            names = ", ".join(f"{person.name} ({person.airflow})" for person in unknown)
            said.append(
                f"The Airflow user id of {names} is not known. Write it under airflow_id in the team's file. {_HOW}"
            )
        return " ".join(said)

    def starter(self, run: Any) -> Person:
        """Return the person who started a run: by the pages or the API, under their own user name.

        A run that another DAG, a backfill, an asset or the timetable started has no actor, whatever name it bears:
        Airflow hands the name of an earlier run on.

        :param run: the task's ``dag_run``.
        :raises NotProved: no person of the team started it.
        """
        kind, user = str(getattr(run.run_type, "value", run.run_type)), run.triggering_user_name
        if kind != _MANUAL or not user:
            raise NotProved(
                f"who filled the form in is not in the people of {self._team.id}: this run is of the type {kind}, "
                "and such a run acts for nobody. Log in to Airflow as yourself, and start it there."
            )
        person = self._by_name(str(user))
        if person is None:
            raise NotProved(
                f"{user} filled the form in, and is not in the people of {self._team.id}. {self._who_is_missing()}"
            )
        return self._able(person, f"{user} filled the form in")

    def starter_or_label(self, run: Any) -> str:
        """Return the id of the person who started a run, else what the records call its start.

        ``timetable``, or ``airflow:`` before the user name that is nobody's, or before the type of the run. No person's
        id has a colon: a stranger whose user name is a person's id is not that person.
        """
        try:
            return self.starter(run).id
        except NotProved:
            kind, user = str(getattr(run.run_type, "value", run.run_type)), run.triggering_user_name
            if kind == "scheduled":
                return "timetable"
            return f"airflow:{user}" if kind == _MANUAL and user else f"airflow:{kind}"

    def responder(self, answer: Mapping[str, Any] | None) -> Person:
        """Return the person who answered a required action, and learn what Airflow has proved of their account.

        Airflow proves id and name together, so both must be what the team's file says, as far as it says it. Where it
        says that they are two people's, or another one's, the answer is nobody's.

        :param answer: ``responded_by_user`` of the answer: ``{"id", "name"}``.
        :raises NotProved: Airflow names nobody, or nobody of the team.
        """
        if not answer or not answer.get("id"):
            raise NotProved("the answer names nobody: an answer by a timeout is no answer")
        account, shown = self._proved(answer)
        people, team = self._team.people, self._team.id
        claimed = {who: each for who, each in self._written.items() if _share(each, account)}
        if not claimed:
            raise NotProved(f"{shown} answered, but may not: not in the people of {team}. {self._who_is_missing()}")
        who, written = next(iter(claimed.items()))
        if len(claimed) > 1 or not _fits(written, account):
            raise NotProved(
                f"{shown} answered, and the file of {team} contradicts that: it gives the id or the name to "
                f"{' and '.join(sorted(claimed))}. Correct airflow and airflow_id there. {_HOW}"
            )
        self._learn(people[who], account)
        return self._able(people[who], f"{shown} answered")

    @staticmethod
    def _proved(answer: Mapping[str, Any]) -> tuple[AirflowAccount, str]:
        """Return what Airflow proves, and how it is shown."""
        number, name = str(answer["id"]), str(answer.get("name") or "") or None
        if settings.names_are_ids():
            return AirflowAccount(number, number), number
        return AirflowAccount(number, name), f"{name} (Airflow id {number})" if name not in (None, number) else number

    def _by_name(self, name: str) -> Person | None:
        found = [person for person, account in self._accounts.items() if account.name == name]
        return self._team.people[found[0]] if len(found) == 1 else None

    def _able(self, person: Person, what: str) -> Person:
        if person.bot or not person.active:
            why = "a robot" if person.bot else "no longer active"
            raise NotProved(f"{what}, who is {person.name}: {why} in the people of {self._team.id}")
        return person

    def _who_is_missing(self) -> str:
        """Return what to do about a user whom the team's file does not have."""
        how = "Log in as yourself; your user name belongs into the team's file, under airflow."
        bare = [name for name, each in self._accounts.items() if each.id is not None and each.name is None]
        if not bare:
            return how
        return f"{how} Of {', '.join(sorted(bare))} the file has the id alone: it belongs under airflow_id."

    def _learned(self) -> dict[str, AirflowAccount]:
        """Return what the ledger knows; an id that Airflow gave to another user since is the newer one's."""
        found: dict[str, AirflowAccount] = {}
        for fact in self._ledger().facts(f"{self._team.id}/people", kind=LEARNED):
            proved = AirflowAccount(fact.value["id"], fact.value["name"])
            found = {who: each for who, each in found.items() if each.id != proved.id and each.name != proved.name}
            found[fact.subject] = proved
        return found

    def _learn(self, person: Person, proved: AirflowAccount) -> None:
        if settings.names_are_ids() or proved.name is None or self.account(person) == proved:
            return
        self._ledger().record(
            f"{self._team.id}/people",
            LEARNED,
            person.id,
            proved._asdict(),
            self._now(),
            "stationmaster",
        )
        self.__dict__.pop("_accounts", None)


def _share(written: AirflowAccount, proved: AirflowAccount) -> bool:
    """Return whether two accounts have an id or a name in common."""
    return any(mine is not None and mine == theirs for mine, theirs in zip(written, proved, strict=True))


def _fits(written: AirflowAccount, proved: AirflowAccount) -> bool:
    """Return whether Airflow says nothing else than the file does."""
    return all(mine is None or mine == theirs for mine, theirs in zip(written, proved, strict=True))
