"""Compares a value with its file under tests/golden; see the README there for how to renew one on purpose."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
RENEW = "STATIONMASTER_RENEW_GOLDEN"


def renewing() -> bool:
    """Whether the files are to be written anew."""
    return bool(os.environ.get(RENEW))


def write_golden(name: str, value: Any) -> None:
    """Write ``tests/golden/<name>.json``."""
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    (GOLDEN / f"{name}.json").write_text(text, encoding="utf-8")


def read_golden(name: str) -> Any:
    """Return what ``tests/golden/<name>.json`` says, nothing while it is renewed from nothing."""
    path = GOLDEN / f"{name}.json"
    if renewing() and not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def assert_golden(name: str, value: Any) -> None:
    """Fail when ``value`` is not what ``tests/golden/<name>.json`` says."""
    if renewing():
        write_golden(name, value)
    assert json.loads(json.dumps(value)) == read_golden(name), f"{name}.json is a contract: see tests/golden/README.md"


def shape(value: Any) -> Any:
    """Return the shape of a JSON value: its keys, with the names of the types. What names itself is left out."""
    if isinstance(value, dict):
        if value and all("/" in name for name in value):
            return {"<repository>": shape(next(iter(value.values())))}
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
