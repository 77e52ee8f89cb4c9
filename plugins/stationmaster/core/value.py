"""The base of every value in the core: frozen, and closed to fields it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value: compared by its fields, built by keyword, refusing unknown fields."""

    # Built at its first use: a DAG file imports many models and uses few.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
