"""The week of the cellxgene train with rules, as ThreeFold has them: issues of the Explorer's repository count."""

from __future__ import annotations

from typing import Any

from stationmaster.config.gates import BlockingLabels
from stationmaster.config.train import TrainConfig
from stationmaster.config.train_rules import IssueRule, Rules
from tests.departures.week import EXPLORER, Week


def changed(week: Week, **fields: Any) -> TrainConfig:
    """Give the week a train with other fields, and return it."""
    train = week.team.trains["weekly"].model_copy(update=fields)
    week.team = week.team.model_copy(update={"trains": {"weekly": train}})
    return train


def rule(
    week: Week, *, actors: str | None = None, issue: str | None = None, on_failure: tuple[str, ...] = ()
) -> TrainConfig:
    """Give the train rules."""
    asked = (
        None
        if issue is None
        else IssueRule.model_validate(
            {
                "mode": issue,
                "repository": EXPLORER,
                "labels": ["release", "priority_minor"],
                "labels_on_failure": on_failure,
            }
        )
    )
    return changed(week, rules=Rules(actors=actors, issue=asked))


def blocked_by(week: Week, *labels: str, repositories: tuple[str, ...] = (EXPLORER,), quiet: str | None = None) -> None:
    """Let open issues with these labels keep the release back."""
    gate = BlockingLabels.model_validate({"labels": labels, "repositories": repositories, "quiet_for": quiet})
    gates = week.team.trains["weekly"].gates.model_copy(update={"blocking_labels": gate})
    changed(week, gates=gates)


def open_issue(week: Week, title: str = "Release 42", *labels: str, repo: str = EXPLORER) -> int:
    """Somebody opens an issue; its number."""
    return week.forge().open_issue(repo, title, "", f"by-hand/{title}", labels=labels or ("other",)).number


def issues(week: Week, repo: str = EXPLORER) -> list[Any]:
    """The issues that stand in a repository, as the stand-in keeps them."""
    return list(week.github.repository(repo).record.issues.values())


def comments(week: Week, number: int, repo: str = EXPLORER) -> list[str]:
    """What was said under an issue."""
    return [each.body for each in week.github.repository(repo).record.comments.values() if each.number == number]
