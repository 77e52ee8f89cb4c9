"""The pages lead where they say: every link, every make target, every command and option exists."""

from __future__ import annotations

import re

import pytest
import typer

from stationmaster.cli.main import app
from tests.cli.conftest import ROOT
from tests.cli.markdown_pages import PAGES, anchors, code_lines, links, name_of
from tests.cli.test_cli_help import commands

_GROUPS = "ledger|swap|override|freeze|rollout|incident|log|new|alerts|chore|runbook"
_COMMAND = re.compile(rf"(?:^|[\s\"'|])stationmaster ((?:(?:{_GROUPS}) )?[a-z][a-z-]*)([^|#]*)")
_MAKE = re.compile(r"(?:^|\s)make ([a-z]+)\b")
_OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]*)")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)

OPTIONS = {
    " ".join(names): {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    | {"--help"}
    for names, command in commands(typer.main.get_command(app))
}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    missing = []
    for link in links(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            missing.append(link)
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_that_is_named_exists(page):
    unknown = []
    for line in code_lines(page.read_text(encoding="utf-8")):
        for command, rest in _COMMAND.findall(line):
            if command not in OPTIONS:
                unknown.append(f"stationmaster {command}")
                continue
            unknown += [
                f"stationmaster {command} {option}"
                for option in _OPTION.findall(rest)
                if option not in OPTIONS[command]
            ]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page):
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {name for line in code_lines(page.read_text(encoding="utf-8")) for name in _MAKE.findall(line)}
    assert named - targets == set()


def test_the_readme_opens_with_make_up_and_make_test():
    lines = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("make ")]
    assert [line.split()[1] for line in lines[:2]] == ["up", "test"]


def test_the_code_of_the_pages_is_seen():
    """The tests above would pass if they found no command at all."""
    found = [line for page in PAGES for line in code_lines(page.read_text(encoding="utf-8"))]
    assert sum(bool(_COMMAND.search(line)) for line in found) > 20
    assert sum(bool(_MAKE.search(line)) for line in found) > 8


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_place_of_one_machine(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"/work/|/root/|/home/\w+|/tmp/", text) == []
