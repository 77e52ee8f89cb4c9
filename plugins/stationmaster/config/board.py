"""A team's board whose columns are labels of issues (C-36)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import RepositoryName
from stationmaster.config.train_rules import Label


class Board(ConfigModel):
    """Which label is which column. A train moves issues on, and is kept while one of them is untested."""

    repositories: tuple[RepositoryName, ...] = Field(min_length=1, description="Whose issues stand on the board")
    cut: Label = Field(default="Ready for Staging", description="What the next cut brings to staging")
    test: Label = Field(
        default="Ready for QA",
        description="Where the cut moves them; while an open issue stands here, nothing is promoted",
    )
    promote: Label = Field(
        default="Ready for Prod", description="What was tested; closed once production runs the departure"
    )

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        names = [name.lower() for name in (self.cut, self.test, self.promote)]
        for place, field in enumerate(("cut", "test", "promote")):
            if names[place] in names[:place]:
                raise refusal(
                    "column_twice",
                    f"the column {names[place]!r} stands for two things",
                    "Give cut, test and promote labels of their own.",
                    field=field,
                )
        return self
