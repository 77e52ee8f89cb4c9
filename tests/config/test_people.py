"""How a message names people: as Slack mentions them, and never as text that could mention others (F65)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import stationmaster
from stationmaster.config.people import Person, mentions

AMARA = Person(id="amara", name="Amara", slack=("U01AMARA00", "U01OLDONE00"))
BEN = Person(id="ben", name="Ben", slack=("U01BENJAMIN",))
HOSTILE = Person(id="mallory", name="<!channel> & @here")


def test_f65_a_person_is_mentioned_by_their_first_account_or_named_in_harmless_words() -> None:
    assert AMARA.mention == "<@U01AMARA00>"
    assert "<" not in HOSTILE.mention
    assert "@here" not in HOSTILE.mention


@pytest.mark.parametrize(
    ("people", "text"),
    [
        ([], ""),
        ([AMARA], "<@U01AMARA00>"),
        ([AMARA, BEN], "<@U01AMARA00> and <@U01BENJAMIN>"),
        ([AMARA, BEN, AMARA], "<@U01AMARA00>, <@U01BENJAMIN> and <@U01AMARA00>"),
    ],
)
def test_people_are_listed_as_one_would_say_it(people: list[Person], text: str) -> None:
    assert mentions(people) == text


def test_f65_nothing_else_makes_a_mention_of_a_person() -> None:
    home = Path(stationmaster.__file__).parent
    makers = {
        str(file.relative_to(home))
        for file in home.rglob("*.py")
        if re.search(r'f"[^"]*<@\{', file.read_text()) and "rehearsal" not in file.parts
    }
    assert makers == {"config/people.py"}
