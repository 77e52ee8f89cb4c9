"""The plugin is registered once: by its entry point where the package is installed, else by the shim (facts 16, 21)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from airflow.providers_manager import ProvidersManager
from airflow.utils.file import list_py_file_paths

from stationmaster import __version__
from stationmaster.provider_info import provider_info

ROOT = Path(__file__).parents[2]
Found = dict[str, Any]

# Prints how often the plugin is registered, from where, and which names of ours Airflow put in the top namespace.
LOOK = """
import json, sys
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
ours = [str(plugin.source) for plugin in plugins if plugin.name == "stationmaster"]
tops = sorted(name for name in sys.modules if name in {"calendar", "loader", "clock", "stationmaster_shim"})
timetables = [kind.__name__ for plugin in plugins if plugin.name == "stationmaster" for kind in plugin.timetables]
calendar = getattr(sys.modules.get("calendar"), "__file__", "")
print(json.dumps({"ours": ours, "errors": errors, "tops": tops, "timetables": timetables, "calendar": calendar}))
"""

# Hides the distribution of the package, so that it is found only through the plugins folder.
NOT_INSTALLED = """
import importlib.metadata, importlib_metadata, sys
sys.path[:] = [path for path in sys.path if path != sys.argv[1]]
def hide(finder):
    found = finder.find_distributions
    def others(*context):
        return [one for one in found(*context) if one.name != "stationmaster"]
    finder.find_distributions = staticmethod(others)
hide(importlib.metadata.MetadataPathFinder)
hide(importlib_metadata.MetadataPathFinder)
"""


def _look(plugins: Path, home: Path, before: str = "") -> Found:
    environment = {"PATH": os.defpath, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins)}
    environment["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", before + LOOK, str(ROOT / "plugins")],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What Airflow registers here, where the package is installed."""
    return _look(ROOT / "plugins", tmp_path_factory.mktemp("home"))


def test_an_installed_package_registers_by_its_entry_point_only(found: Found) -> None:
    assert found["errors"] == {}
    assert len(found["ours"]) == 1
    assert found["ours"][0].startswith("stationmaster==")
    assert "WeeklyStopTimetable" in found["timetables"]


def test_a_copied_package_registers_by_the_shim_only(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    ignored = shutil.ignore_patterns("__pycache__", "history", "*.gz")
    shutil.copytree(ROOT / "plugins", plugins, ignore=ignored)
    found = _look(plugins, tmp_path, NOT_INSTALLED)
    assert found["errors"] == {}
    assert found["ours"] == ["$PLUGINS_FOLDER/stationmaster_shim.py"]
    assert "WeeklyStopTimetable" in found["timetables"]


def test_airflow_executes_no_module_of_the_package_under_its_bare_name(found: Found) -> None:
    """Fact 16: our calendar.py does not replace the standard library's."""
    assert set(found["tops"]) <= {"calendar", "stationmaster_shim"}
    assert "stationmaster" not in str(found["calendar"])


def test_the_ignore_file_of_the_plugins_folder_leaves_the_shim_only() -> None:
    from airflow._shared.module_loading import find_path_from_directory

    found = find_path_from_directory(str(ROOT / "plugins"), ".airflowignore", "glob")
    assert {Path(path).name for path in found if path.endswith(".py")} == {"stationmaster_shim.py"}


def test_the_repository_is_a_bundle_of_which_only_dags_is_searched() -> None:
    found = {Path(path).relative_to(ROOT) for path in list_py_file_paths(ROOT, safe_mode=False)}
    assert found == {path.relative_to(ROOT) for path in (ROOT / "dags").rglob("*.py")}
    assert found


def test_airflow_accepts_the_description_of_the_provider() -> None:
    """Airflow validates it against its own schema when it loads the registry."""
    registered = ProvidersManager().providers["stationmaster"]
    assert registered.version == __version__
    assert registered.data["package-name"] == provider_info()["package-name"] == "stationmaster"


def test_both_entry_points_are_declared_once() -> None:
    for group, name in (("apache_airflow_provider", "provider_info"), ("airflow.plugins", "stationmaster")):
        ours = [point for point in entry_points(group=group, name=name) if point.value.startswith("stationmaster.")]
        assert len(ours) == 1, group
