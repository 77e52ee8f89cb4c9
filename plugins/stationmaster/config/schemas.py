"""JSON Schemas of the files under ``include/``, for editors: ``python -m stationmaster.config.schemas include``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from stationmaster.config.base import ConfigModel
from stationmaster.config.chores import ChoresFile
from stationmaster.config.roster import RotationsFile
from stationmaster.config.runbooks import FrontMatter
from stationmaster.config.team import TeamFile
from stationmaster.config.train import TrainFile
from stationmaster.config.watches import WatchesFile

MODELS: dict[str, type[ConfigModel]] = {
    "team.json": TeamFile,
    "rotations.json": RotationsFile,
    "train.json": TrainFile,
    "chores.json": ChoresFile,
    "watches.json": WatchesFile,
    "runbook.json": FrontMatter,
}
"""The model behind each schema."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text(model: type[ConfigModel]) -> str:
    """Return the JSON Schema of a model as it is written to a file."""
    return json.dumps({"$schema": _DIALECT, **model.model_json_schema()}, indent=2, ensure_ascii=False) + "\n"


def export(include: Path) -> list[Path]:
    """Write every schema into ``include/schemas`` and return the files that changed."""
    folder = include / "schemas"
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / name for name, model in MODELS.items() if _write(folder / name, schema_text(model))]


def stale(include: Path) -> list[Path]:
    """Return the schemas under ``include/schemas`` that do not say what the models say."""
    folder = include / "schemas"
    return [folder / name for name, model in MODELS.items() if _held(folder / name) != schema_text(model)]


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _write(path: Path, text: str) -> bool:
    if _held(path) == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    for written in export(Path(sys.argv[1] if len(sys.argv) > 1 else "include")):
        sys.stdout.write(f"{written}\n")
