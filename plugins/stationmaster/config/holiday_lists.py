"""Holidays as a team writes them: of a country, by a list, or both (R8, O-19)."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.fields import Text

_YEARS = 12
"""For how many years from a rotation's beginning a country's holidays are worked out."""


class Holidays(ConfigModel):
    """Days off. A country's come from the `holidays` package; `rotations.lock.json` keeps what they were."""

    country: Text | None = Field(default=None, description="ISO code, such as CH or US")
    region: Text | None = Field(default=None, description="ISO code of a part of the country, such as ZH or CA")
    dates: tuple[date, ...] = Field(default=(), description="More days off")
    worked: tuple[date, ...] = Field(default=(), description="Holidays of the country on which the team works")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.region is not None and self.country is None:
            raise refusal("unknown_country", "a region needs its country", "Add country.", field="region")
        if self.country is None:
            return self
        from holidays.utils import list_supported_countries

        known = list_supported_countries()
        if self.country not in known:
            from stationmaster.config.mistakes import did_you_mean

            remedy = f"Write its ISO code. {did_you_mean(self.country.upper(), known)}"
            if len(remedy) > 200:
                remedy = "Write its ISO code of two letters, such as CH or US."
            raise refusal("unknown_country", f"nothing is known of {self.country!r}", remedy, field="country")
        if self.region is not None and self.region not in known[self.country]:
            regions = ", ".join(known[self.country]) or "none"
            raise refusal(
                "unknown_country",
                f"{self.country} has no region {self.region!r}",
                f"Use one of: {regions}.",
                field="region",
            )
        return self

    def from_year(self, year: int) -> tuple[date, ...]:
        """Return the days off of a dozen years, sorted."""
        days = set(self.dates)
        if self.country is not None:
            from holidays import country_holidays

            days |= set(country_holidays(self.country, subdiv=self.region, years=range(year, year + _YEARS)))
        return tuple(sorted(days - set(self.worked)))
