"""What an installation sets, and what its scripts call: variables, options of Airflow, connections, commands (F69)."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Any

import typer

from stationmaster import clock, settings
from stationmaster.airflow_plugin import StationmasterPlugin
from stationmaster.cli import answering
from stationmaster.cli.main import app
from stationmaster.config.team import TeamFile
from stationmaster.hooks import chat, forge_pulls
from stationmaster.webhooks import app as webhooks
from tests.contracts.scan import ROOT, Call, package, plain
from tests.golden_files import assert_golden


def texts(call: Call, *, name: str, place: int) -> set[str]:
    found = package()
    given = call.given(name, place)
    templates = found.read(call.scope, given) if given is not None else []
    return {plain(each) for template in templates for each in found.complete(call.scope, template, ())}


def variables() -> list[str]:
    """Every variable of the process that the package reads or sets."""
    found, names = package(), set()
    for call in found.calls():
        if ast.unparse(call.node.func) in ("os.environ.get", "os.getenv", "os.environ.setdefault", "os.environ.pop"):
            names |= texts(call, name="key", place=0)
    for module in found.modules.values():
        for scope in module.scopes:
            for node in scope.inside():
                if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                    names |= {plain(each) for each in found.read(scope, node.slice)}
    return sorted(names)


def options() -> list[str]:
    """Every option of Airflow's configuration that the package reads, as ``[section] option``."""
    names = set()
    for call in package().calls():
        method = ast.unparse(call.node.func)
        if method.partition(".")[0] == "conf" and method.partition(".")[2].startswith(("get", "has_")):
            section, option = (call.given(name, at) for at, name in enumerate(("section", "key")))
            assert isinstance(section, ast.Constant), ast.unparse(call.node)
            assert isinstance(option, ast.Constant), ast.unparse(call.node)
            names.add(f"[{section.value}] {option.value}")
    return sorted(names)


def connections() -> dict[str, str | None]:
    """The connections that a team's file may name, each with what it is by default."""
    model = TeamFile.model_fields["connections"]
    kind = model.annotation
    fields = getattr(kind, "model_fields", None)
    assert fields, kind
    return {name: field.default if not field.is_required() else None for name, field in fields.items()}


def test_f69_what_is_read_of_the_process_and_of_airflow_is_a_contract():
    known = {
        settings.INCLUDE_VARIABLE,
        settings.LEDGER_VARIABLE,
        settings.POLL_VARIABLE,
        settings.BASE_URL_VARIABLE,
        clock.CLOCK_FILE_VARIABLE,
    }
    assert known <= set(variables())
    assert_golden(
        "settings",
        {
            "variables": variables(),
            "airflow options": options(),
            "ledger connection": settings.LEDGER_CONNECTION,
            "connections of a team": connections(),
        },
    )


def test_f69_how_the_package_is_found_and_finds_its_own_again_is_a_contract():
    """Entry points, addresses that others send to, and marks by which a release knows what an older one did."""
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert_golden(
        "outside",
        {
            "scripts": project["scripts"],
            "entry points": project["entry-points"],
            "plugin": StationmasterPlugin.name,
            "requests": f"POST {webhooks.PREFIX}{webhooks._PATH.pattern}",
            "mark of a pull request, an issue and a file": forge_pulls.marker("<key>"),
            "mark of a message": {"event_type": chat.EVENT_TYPE, "event_payload": ["key"]},
        },
    )


def words(parameter: Any) -> str:
    """How a parameter is written: its names, what it takes, and whether it must be given."""
    named = "/".join([*parameter.opts, *parameter.secondary_opts])
    many = "…" if parameter.multiple or parameter.nargs != 1 else ""
    flag = getattr(parameter, "is_flag", False)
    kind = "" if flag else f" {getattr(parameter.type_descriptor.annotation, '__name__', 'text')}{many}"
    return f"{named}{kind}{' required' if parameter.required else ''}"


def below(command: Any, name: str = "") -> list[tuple[str, Any]]:
    """Every command below one, by the words that call it."""
    if not hasattr(command, "commands"):
        return [(name, command)]
    inner = sorted(command.commands.items())
    return [found for word, each in inner for found in below(each, f"{name} {word}".strip())]


def how(command: Any) -> dict[str, Any]:
    """What a command takes: arguments are told apart by their place, options by their names; and how it may end."""
    options = [each for each in command.params if each.opts[0].startswith("-")]
    codes = str(command.help).partition("Exit codes:")[2]
    return {
        "arguments": [words(each) for each in command.params if each not in options],
        "options": sorted(words(each) for each in options if each.name != "help"),
        "exit codes": ", ".join(sorted(set(re.findall(r"(?:^|[,;])\s*(\d) ", codes)))),
    }


def test_f69_the_commands_with_their_options_and_exit_codes_are_a_contract():
    found = {name: how(command) for name, command in below(typer.main.get_command(app))}
    assert len(found) > 60
    assert (answering.FINDING, answering.USAGE) == (1, 2)
    assert_golden("commands", found)
