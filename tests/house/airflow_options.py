"""Airflow's own list of options, those of the installed providers included."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from airflow.configuration import conf

OPTION = re.compile(r"^AIRFLOW__(?P<section>[A-Z0-9_]+?)__(?P<option>[A-Z0-9_]+?)(?P<how>_CMD|_SECRET)?$")


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
    match = OPTION.match(variable)
    return match is not None and (match["section"].lower(), match["option"].lower()) in known_options()
