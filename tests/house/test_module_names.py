"""Module names that collide with nothing, even if Airflow should execute them under their bare file names (fact 16)."""

from __future__ import annotations

import sys
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house.source_files import PACKAGE, ROOT

REACHED_AS_PACKAGE_PARTS = {"__init__", "__main__"}


LIBRARIES = frozenset(sys.stdlib_module_names) | frozenset(packages_distributions())


def _harmful(stem: str) -> bool:
    return stem in LIBRARIES


KNOWN = {
    "calendar": "core.calendar: the word of the field; plugins/.airflowignore keeps Airflow from executing it",
}


def test_no_module_bears_the_name_of_a_library() -> None:
    stems = {path.stem for path in PACKAGE.rglob("*.py")} - REACHED_AS_PACKAGE_PARTS
    assert {stem for stem in stems if _harmful(stem)} <= KNOWN.keys()


def test_the_check_knows_a_harmful_name() -> None:
    assert _harmful("calendar")
    assert _harmful("github")
    assert not _harmful("departures")


def test_the_top_of_the_plugins_folder_holds_the_package_and_the_shim_only() -> None:
    python = {path.name for path in (ROOT / "plugins").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert python - {"__pycache__"} == {"stationmaster", "stationmaster_shim.py"}


def test_test_modules_have_names_of_their_own() -> None:
    """Pytest and people tell them apart by their names."""
    stems = Counter(path.stem for path in (ROOT / "tests").rglob("test_*.py"))
    assert [stem for stem, count in stems.items() if count > 1] == []


def test_no_module_has_a_generic_name() -> None:
    generic = {"utils", "util", "common", "helpers", "helper", "misc", "manager"}
    names = {part for path in PACKAGE.rglob("*.py") for part in Path(path.relative_to(PACKAGE)).with_suffix("").parts}
    assert names & generic == set()
