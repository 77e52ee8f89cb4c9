"""The base of every value in the core: frozen, and closed to fields it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict

Model = TypeVar("Model", bound=BaseModel)


class Value(BaseModel):
    """A frozen value: compared by its fields, built by keyword, refusing unknown fields."""

    # Built at its first use: a DAG file imports many models and uses few.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy that works out anew whatever this value has worked out from its fields and kept."""
        return without_kept(super().model_copy(update=update, deep=deep))


def without_kept(model: Model) -> Model:
    """Take cached properties out of a copy: they were worked out from other fields."""
    for name in model.__dict__.keys() - type(model).model_fields.keys():
        del model.__dict__[name]
    return model
