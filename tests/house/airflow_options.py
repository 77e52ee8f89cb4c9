"""Airflow's own list of options, those of the installed providers included."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from airflow.configuration import conf

FROM_ELSEWHERE = ("_CMD", "_SECRET")
"""An option's variable may end so: its value is then the output of a command, or lies in a secrets backend."""


@cache
def known_options() -> frozenset[tuple[str, str]]:
    """Return (section, option) of every option that Airflow describes, in lower case."""
    described = conf.configuration_description
    return frozenset(
        (section.lower(), option.lower()) for section, parts in described.items() for option in parts["options"]
    )


def unknown_options(variables: Iterable[object]) -> list[str]:
    """Return the variables that look like an option of Airflow and are none."""
    return [str(name) for name in variables if str(name).startswith("AIRFLOW__") and not _is_known(str(name))]


def _is_known(variable: str) -> bool:
    spellings = {variable, *(variable.removesuffix(suffix) for suffix in FROM_ELSEWHERE)}
    return any(
        len(parts := spelling.lower().split("__")) == 3 and (parts[1], parts[2]) in known_options()
        for spelling in spellings
    )
