"""What every model of ``include/`` has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class ConfigModel(BaseModel):
    """A frozen piece of configuration that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)


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
