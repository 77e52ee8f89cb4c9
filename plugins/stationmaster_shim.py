"""Registers the plugin where the package lies in Airflow's plugins folder and is not installed.

An installed package registers by its entry point; a second registration would show as an import error in Airflow.
"""

from __future__ import annotations

from importlib.metadata import entry_points

if not entry_points(group="airflow.plugins", name="stationmaster"):
    from stationmaster.airflow_plugin import StationmasterPlugin as StationmasterPlugin
