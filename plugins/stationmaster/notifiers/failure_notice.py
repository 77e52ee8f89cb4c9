"""Tells a channel that a task failed for good, and who is on call: best effort, never a failure of its own.

Airflow runs a notifier inside the task that it reports on: one that raises spoils the task. This one catches
everything, and says in the task's log why nobody was told.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.exceptions import AirflowFailException

from stationmaster import clock
from stationmaster.core.escaping import one_line, slack, slack_link

if TYPE_CHECKING:
    from airflow.sdk import Context

_REASON_CHARACTERS = 500


class FailedAndTold(AirflowFailException):
    """A failure that the task itself has told to people: a notice would tell it twice."""


class FailureNotice(BaseNotifier):
    """Posts that a task failed for good, with what to do, to a channel, and names whoever is on call at that instant.

    Nothing is posted of a form that its first task refuses: whoever filled it in sees that. One instance serves all
    tasks of a DAG; it keeps nothing of a context between calls.

    :param include: path of ``include/``, relative to the DAG's file.
    :param team: id of the team.
    :param channel: the channel's Slack id; it is told also when the team's files cannot be read any more.
    :param role: whose holder is named; None: nobody.
    :param teller: the task that tells of whatever fails before it; a notice would tell it twice.
    """

    def __init__(
        self,
        *,
        include: str,
        team: str,
        channel: str,
        role: str | None = None,
        teller: str | None = None,
        conn_id: str = "slack_api_default",
    ) -> None:
        super().__init__()
        self.include = include
        self.team = team
        self.channel = channel
        self.role = role
        self.teller = teller
        self.conn_id = conn_id

    def __call__(self, *args: Any) -> None:
        """Tell the channel; whatever goes wrong is logged with its reason and swallowed."""
        try:
            super().__call__(*args)
        except Exception as error:
            self.log.warning("The failure was not told to %s: %s: %s", self.channel, type(error).__name__, error)

    def notify(self, context: Context) -> None:
        """Post the notice, unless people know already.

        :raises ChatError: Slack does not take it; Airflow calls the instance, which swallows it.
        """
        from stationmaster.hooks.chat import Chat
        from stationmaster.hooks.chat_outcomes import without_tokens

        if self._is_told(context):
            return
        Chat(self.conn_id).post(self.channel, without_tokens(self._text(context)), key=_key(context))

    def _is_told(self, context: Context) -> bool:
        task, error = context["task"], context.get("exception")
        if isinstance(error, FailedAndTold) or self.teller in task.get_flat_relative_ids(upstream=False):
            return True
        first = not task.upstream_task_ids
        return first and by_hand(context) and isinstance(error, AirflowFailException)

    def _text(self, context: Context) -> str:
        log = getattr(context["ti"], "log_url", None)
        lines = [f":red_circle: *{slack(_subject(context))}* failed.", _reason(context), self._on_call(context)]
        lines.append("When its cause is fixed, clear the task: it goes on where it stopped.")
        return "\n".join([line for line in lines if line] + ([slack_link(log, "Read the log")] if log else []))

    def _on_call(self, context: Context) -> str:
        if self.role is None:
            return ""
        try:
            return f"On call: {self._mentions(context, self.role)}"
        except Exception as error:
            # The files or the ledger may be what is broken.
            return f"On call: nobody can be named: {_in_short(error)}"

    def _mentions(self, context: Context, role: str) -> str:
        from stationmaster.config.loader import load
        from stationmaster.work.context import Desk

        include = Path(context["dag"].fileloc).parent / self.include
        files = load(include, teams=[self.team], trains=(), entries={"chores": (), "watches": ()}).team(self.team)
        team = Desk(team=files).team
        return team.mentions(team.on_call(role, clock.now()).people)


def by_hand(context: Context) -> bool:
    """Return whether a person started the run, who sees what becomes of it."""
    return getattr(context.get("dag_run"), "run_type", None) == "manual"


def _subject(context: Context) -> str:
    task = context["ti"]
    index = getattr(task, "map_index", -1)
    label = f"{task.task_id}[{index}]" if isinstance(index, int) and index >= 0 else task.task_id
    return f"{task.dag_id} › {label} (try {task.try_number})"


def _reason(context: Context) -> str:
    reason = context.get("exception")
    if not isinstance(reason, BaseException):
        # The DAG processor tells of a task whose worker was killed: it knows of no error.
        return "No error is known: its worker may be gone."
    return (
        _in_short(reason)
        if isinstance(reason, AirflowFailException)
        else f"{type(reason).__name__}: {_in_short(reason)}"
    )


def _in_short(error: BaseException) -> str:
    """Return the first line: what a driver says below it, such as the query, is for the log."""
    said = str(error).strip().splitlines()
    return slack(one_line(said[0])[:_REASON_CHARACTERS]) if said else "it does not say why"


def _key(context: Context) -> str:
    task = context["ti"]
    index = getattr(task, "map_index", -1)
    return f"{task.dag_id}/{task.run_id}/{task.task_id}/{index}/{task.try_number}/failed"
