"""Compares a value with its file under tests/golden; see the README there for how to renew one on purpose."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
RENEW = "STATIONMASTER_RENEW_GOLDEN"


def assert_golden(name: str, value: Any) -> None:
    """Fail when ``value`` is not what ``tests/golden/<name>.json`` says."""
    path = GOLDEN / f"{name}.json"
    if os.environ.get(RENEW):
        path.write_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert json.loads(json.dumps(value)) == expected, f"{path.name} is a contract: see tests/golden/README.md"


def shape(value: Any) -> Any:
    """Return the shape of a JSON value: its keys, with the names of the types. What names itself is left out."""
    if isinstance(value, dict):
        if value and all("/" in name for name in value):
            return {"<repository>": shape(next(iter(value.values())))}
        return {name: shape(item) for name, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
