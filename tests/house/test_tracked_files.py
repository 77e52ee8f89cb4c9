"""What must not stand in a committed file: paths of somebody's machine, addresses to download from, secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.source_files import ROOT, project_files

HISTORY = ROOT / "plugins" / "stationmaster" / "rehearsal" / "history"
"""Commit messages of public repositories: data, as they were written."""
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work)/\w")
DOWNLOAD = re.compile(
    r"https?://[^\s\"'<>)]*\.(?:whl|tar\.gz|tgz|zip|deb|rpm)\b"
    r"|https?://[\w.-]*(?:registry|pypi|pythonhosted|packages|mirror)[\w.-]*/"
    r"|--(?:extra-)?index-url|git\+https?://"
)
TOKEN = re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abpr]-\d{6,}-[\w-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----")


def _text_files() -> list[tuple[Path, str]]:
    files = []
    for path in project_files():
        if path.is_relative_to(HISTORY):
            continue
        try:
            files.append((path, path.read_text()))
        except UnicodeDecodeError:
            continue  # a picture, an archive
    return files


FILES = _text_files()


def _found(pattern: re.Pattern[str], *, but_not_in: str = "-") -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in FILES
        if path != Path(__file__) and not path.is_relative_to(ROOT / but_not_in)
        for match in pattern.finditer(text)
    ]


def test_the_files_were_found() -> None:
    assert {"pyproject.toml", "Makefile", "constraints.txt"} <= {path.name for path, _ in FILES}


def test_no_path_of_a_machine() -> None:
    assert _found(MACHINE_PATH) == []


def test_no_download_address() -> None:
    assert _found(DOWNLOAD) == []


def test_no_secret() -> None:
    """F74: nothing that looks like a real token. Tests hold invented ones, to see them masked."""
    assert _found(TOKEN, but_not_in="tests") == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "see /home/amara/airflow"),
        (DOWNLOAD, "pip install https://example.com/x-1.0.whl"),
        (TOKEN, "ghp_" + "a" * 36),
    ],
)
def test_each_pattern_finds_what_it_is_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
    assert not pattern.search("https://airflow.example/api/v2 and ./include/teams")
