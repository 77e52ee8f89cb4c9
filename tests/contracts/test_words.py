"""Names that stand in the ledger, in triggers that wait, and in what people have learned to look for (F69)."""

from __future__ import annotations

import ast
from typing import get_args

from stationmaster.core import quorum
from stationmaster.core.ballots import Channel, Choice
from stationmaster.core.blockers import CATALOGUE
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.incidents import Kind
from stationmaster.departures.watches import WATCHES
from stationmaster.ledger.records import DepartureState, EffectState
from stationmaster.ledger.tables import SCHEMA, VERSION_TABLE, Base
from stationmaster.rollouts.stepping import STAGES
from stationmaster.triggers.team_trigger import AREAS
from stationmaster.work.waits import AGAIN
from tests.contracts.scan import Call, package, plain
from tests.golden_files import assert_golden


def test_f69_the_codes_of_blockers_with_their_values_are_a_contract():
    entries = CATALOGUE.values() if isinstance(CATALOGUE, dict) else CATALOGUE
    assert_golden("blockers", {each.code: sorted(each.values) for each in entries})


def columns(table) -> list[str]:
    marks = [(column, "".join([" key" * column.primary_key, " null" * column.nullable])) for column in table.columns]
    return [f"{column.name}: {type(column.type).__name__}{mark}" for column, mark in marks]


def indexes(table) -> list[str]:
    """What the database itself forbids to be there twice."""
    from sqlalchemy import UniqueConstraint

    found = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return sorted(f"{each.name}: {', '.join(column.name for column in each.columns)}" for each in found)


def audit_actions() -> list[str]:
    """What a line of the audit may be called: the literals of every call that writes one."""
    found, names = package(), set()
    for call in found.calls():
        method = getattr(call.node.func, "attr", "")
        if not call.scope.module.name.startswith("stationmaster.ledger.") or method not in ("note", "add", "_note"):
            continue
        if call.scope.module.name == "stationmaster.ledger.pen":
            continue
        named = {"note": ("action", 0), "add": ("action", 1), "_note": ("what", 1)}[method]
        given = Call.given(call, *named)
        if given is None or (method == "add" and ast.unparse(call.node.func) != "pen.add"):
            continue
        prefix = "effect." if method == "_note" else ""
        for template in found.read(call.scope, given):
            names |= {prefix + plain(each) for each in found.complete(call.scope, template, ())}
    return sorted(names)


def test_f69_what_the_ledger_is_made_of_is_a_contract():
    """Tables change by a migration alone, and states, channels and actions stand in rows that outlive every release."""
    assert_golden(
        "ledger",
        {
            "schema": SCHEMA,
            "tables": {name: columns(table) for name, table in [*Base.metadata.tables.items()]},
            "once": {name: indexes(table) for name, table in Base.metadata.tables.items() if indexes(table)},
            "version table": VERSION_TABLE,
            "departure states": [str(each) for each in DepartureState],
            "departure kinds": [str(each) for each in DepartureKind],
            "effect states": [str(each) for each in EffectState],
            "ballot channels": list(get_args(Channel)),
            "ballot choices": list(get_args(Choice)),
            "ballots ignored": list(get_args(quorum.IgnoredReason)),
            "incident happenings": [each.value for each in Kind],
            "audit actions": audit_actions(),
        },
    )


def looks_of(module: str) -> list[str]:
    """The names of the looks that a module takes: those of ``LOOKS``, or of the table that it hands to ``take``."""
    found = package()
    scopes = [scope for scope in found.modules[module].scopes if getattr(scope.node, "name", "") == "look"]
    tables = [call.args[0] for scope in scopes for call in scope.inside() if isinstance(call, ast.Call) and call.args]
    tables += [value for value in found.modules[module].top.bound.get("LOOKS", ()) if value is not None]
    keys = [key for table in tables if isinstance(table, ast.Dict) for key in table.keys]
    return sorted({AGAIN, *(plain(each) for key in keys for each in found.read(found.modules[module].top, key))})


def looks() -> dict[str, list[str]]:
    """The names of all looks, by area."""
    return {
        "trains": sorted(WATCHES),
        "rollouts": sorted(STAGES),
        "handoffs": looks_of("stationmaster.handoffs.waiting"),
        "upgrades": looks_of("stationmaster.upgrades.waiting"),
        **{area: looks_of(module) for area, module in AREAS.items()},
    }


def test_f69_the_names_of_all_looks_are_a_contract():
    """They stand in triggers that wait while the release changes: never rename one."""
    assert_golden("looks", looks())


def test_what_is_read_of_the_looks_is_what_runs():
    from stationmaster.chores import waiting as chores
    from stationmaster.handoffs import waiting as handoffs
    from stationmaster.incidents import waiting as incidents
    from stationmaster.upgrades import waiting as upgrades

    for area in (chores, handoffs, incidents, upgrades):
        assert looks_of(area.__name__) == sorted({AGAIN, *area.LOOKS}), area
