"""What was done outside, as one sentence: by what was intended, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SHORT = 12
"""Characters of a sha that are told."""


def sentence(
    key: str,
    intent: Mapping[str, Any],
    receipt: Mapping[str, Any],
    *,
    component: Callable[[str], str],
    member: Callable[[str], str],
) -> str:
    """Return what one effect did, as plain text.

    :param key: the effect's, without the name of what it belongs to.
    :param component: gives a repository the name under which the train carries it.
    :param member: gives a Slack member the name of the person.
    """
    repository = component(str(intent.get("repository", "")))
    if "workflow" in intent:
        return f"GitHub: {intent['workflow']} started for {repository}{_inputs(intent.get('inputs') or {})}"
    if "tag" in intent:
        at = f"tag {intent['tag']} on {repository} at {_short(intent)}"
        return f"GitHub: {at}" if intent.get("sha") else f"GitHub: notes of {intent['tag']} of {repository}"
    if "branch" in intent:
        moved = f"moved to {_short(intent)}" if intent.get("sha") else "made"
        return f"GitHub: branch {intent['branch']} of {repository} {moved}"
    if "to" in intent and "subject" in intent:
        return f"Mail to {intent['to']}: {intent['subject']}"
    if "deployment" in receipt:
        return f"GitHub: a deployment of {repository} at {_short(intent)} to {intent['environment']} is written down"
    return _on_an_issue(key, intent, receipt) or _elsewhere(key, intent, receipt, member) or f"Done: {key}"


def _on_an_issue(key: str, intent: Mapping[str, Any], receipt: Mapping[str, Any]) -> str:
    """Return what was done to an issue, a pull request or a file; empty if it is none."""
    repository, number = intent.get("repository"), receipt.get("number")
    if "issue" in intent and "comment" in receipt:
        told = key.partition("issue/told/")[2].partition("/")[0]
        return f"GitHub: a comment on {intent['issue']}" + (f": {told}" if told else "")
    if "issue" in intent and "state" in receipt:
        return f"GitHub: {intent['issue']} is {receipt['state']}"
    if "newest" in intent:
        return f"GitHub: {repository}#{intent['number']} gives way to #{intent['newest']}"
    if "how" in receipt:
        return f"GitHub: {repository}#{intent['number']} {receipt['how']}, from {intent['from']} to {intent['to']}"
    if "head" in intent and number is not None:
        return f"GitHub: pull request {repository}#{number} from {intent['head']} to {intent['base']}"
    if "merge" in receipt:
        return f"GitHub: {repository}#{number} is merged at {_short(intent)}"
    if "title" in intent and number is not None:
        items = receipt.get("items")
        holds = "" if items is None else f", {items} item{'' if items == 1 else 's'}"
        return f"GitHub: issue {repository}#{number}{holds}: {intent['title']}"
    if "path" in receipt:
        return f"GitHub: {receipt['path']} of {repository}"
    return ""


def _elsewhere(key: str, intent: Mapping[str, Any], receipt: Mapping[str, Any], member: Callable[[str], str]) -> str:
    """Return what was done in Slack or proposed elsewhere; empty if it is neither."""
    if "group" in intent:
        names = " and ".join(member(account) for account in receipt.get("members", ())) or "nobody"
        return f"Slack: @{key.removeprefix('handle/').partition('/')[0]} is {names}"
    if "proposal" in receipt:
        version = str(intent.get("version", ""))[:SHORT]
        what = f"{intent['target']} gets {version}" if intent.get("target") else f"{version} is elected"
        return f"Proposal {receipt['proposal']}: {what}"
    return ""


def _inputs(inputs: Mapping[str, Any]) -> str:
    sha, environment = inputs.get("sha"), inputs.get("environment")
    return (f" at {str(sha)[:SHORT]}" if sha else "") + (f", to {environment}" if environment else "")


def _short(intent: Mapping[str, Any]) -> str:
    return str(intent.get("sha", ""))[:SHORT]
