"""What outside systems call a person, by what each of them proves (design: one person, several names)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from stationmaster.config.people import Person

Account = Literal["slack", "github", "airflow", "airflow_id"]
"""A kind of name. A name of one kind never matches a field of another."""


class AirflowAccount(NamedTuple):
    """What Airflow calls one user: the id, which required actions bear, and the name, which runs bear.

    None: not known. Airflow itself proves that the two belong together, when a user answers a required action.
    """

    id: str | None
    name: str | None


def accounts_of(person: Person) -> dict[Account, tuple[str, ...]]:
    """Return the names of a person on each system, as the team's file has them."""
    return {
        "slack": person.slack,
        "github": (person.github,) if person.github else (),
        "airflow": (person.airflow,) if person.airflow else (),
        "airflow_id": (person.airflow_id,) if person.airflow_id else (),
    }


def folded(kind: Account, name: str) -> str:
    """Return a name as it is compared: GitHub's without case, as GitHub does."""
    return name.lower() if kind == "github" else name


def only_an_id(person: Person) -> bool:
    """Return whether ``airflow`` is a bare number: up to 0.1 the files had FAB's ids there.

    It is taken for an id where Airflow has ids of their own, and never for a user name.
    """
    return person.airflow is not None and person.airflow_id is None and person.airflow.isdecimal()


def airflow_accounts(
    people: Iterable[Person], *, names_are_ids: bool, learned: Mapping[str, AirflowAccount] | None = None
) -> dict[str, AirflowAccount]:
    """Return what Airflow calls each person, by person.

    The team's file comes first. What was ``learned`` fills in the half that the file lacks, and only while the other
    half is the file's: an account that was renamed, or whose id was given to somebody else, is not the person's.

    :param names_are_ids: whether Airflow has one name for both, as with SimpleAuthManager.
    :param learned: what Airflow has proved of each person, from the ledger.
    """
    written = {person.id: _written(person, names_are_ids) for person in people}
    return _unshared({person: _with(each, (learned or {}).get(person)) for person, each in written.items()})


def _with(written: AirflowAccount, proved: AirflowAccount | None) -> AirflowAccount:
    """Return an account with the half that the file lacks."""
    if proved is None or None not in written or written == AirflowAccount(None, None):
        return written
    return proved if proved.id == written.id or proved.name == written.name else written


def _written(person: Person, names_are_ids: bool) -> AirflowAccount:
    if names_are_ids:
        return AirflowAccount(person.airflow, person.airflow)
    if only_an_id(person):
        return AirflowAccount(person.airflow, None)
    return AirflowAccount(person.airflow_id, person.airflow)


def _unshared(found: dict[str, AirflowAccount]) -> dict[str, AirflowAccount]:
    """Take away each id and each name that two people have: it proves neither of them."""
    ids = [each.id for each in found.values()]
    names = [each.name for each in found.values()]
    return {
        person: AirflowAccount(
            each.id if ids.count(each.id) == 1 else None, each.name if names.count(each.name) == 1 else None
        )
        for person, each in found.items()
    }
