"""Where the alerts of a team come from (D-16)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Text


class PagerDutyAlerts(ConfigModel):
    """Incidents of PagerDuty, through the team's connection."""

    kind: Literal["pagerduty"]
    services: tuple[Text, ...] = Field(min_length=1, description="PagerDuty's ids of the services")


class JiraAlerts(ConfigModel):
    """Alerts of Jira Operations, through the team's connection (D-16)."""

    kind: Literal["jira"]
    query: Text = Field(default="status: open", description="In Jira's own words; filters by responder, say")


class AlertmanagerAlerts(ConfigModel):
    """Alerts of an Alertmanager, through the team's connection."""

    kind: Literal["alertmanager"]
    matchers: tuple[Text, ...] = Field(default=(), description='Such as severity="critical"; all must hold')


class WebhookAlerts(ConfigModel):
    """Alerts that a system sends by itself; the sender's secret stands in an Airflow connection."""

    kind: Literal["webhook"]
    connection: Text = Field(description="Its password is the secret with which the sender signs")
    format: Literal["pagerduty", "alertmanager", "plain"] = Field(default="plain", description="What the sender writes")


AlertSource = Annotated[PagerDutyAlerts | JiraAlerts | AlertmanagerAlerts | WebhookAlerts, Field(discriminator="kind")]
