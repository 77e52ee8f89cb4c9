"""Registers the plugin where the package lies in Airflow's plugins folder and is not installed.

An installed package registers by its entry point; a second registration would show as an import error in Airflow.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution


def _registered() -> bool:
    """Return whether the installed package does. Every task asks: all packages' entry points are not read for it."""
    try:
        return bool(distribution("stationmaster").entry_points.select(group="airflow.plugins", name="stationmaster"))
    except PackageNotFoundError:
        return False


if not _registered():
    from stationmaster.airflow_plugin import StationmasterPlugin as StationmasterPlugin
