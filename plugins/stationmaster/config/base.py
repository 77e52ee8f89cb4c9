"""What every model of ``include/`` has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from stationmaster.core.value import without_kept


class ConfigModel(BaseModel):
    """A frozen piece of configuration that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy that works out anew whatever this piece has worked out from its fields and kept."""
        return without_kept(super().model_copy(update=update, deep=deep))


def refusal(code: str, message: str, remedy: str, *, field: str = "") -> PydanticCustomError:
    """Return the error that a validator raises: what is wrong, and the way out.

    :param code: stable name of the rule, in lower case with underscores.
    :param message: what is wrong, without the full stop.
    :param remedy: what to write instead, a whole sentence.
    :param field: for a validator of a whole model: the field to point at, dotted.
    """
    return PydanticCustomError(
        "refused",
        "{message}. {remedy}",
        {"code": code, "message": message, "remedy": remedy, "field": field},
    )
