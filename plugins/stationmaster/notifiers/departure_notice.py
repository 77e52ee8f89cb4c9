"""Tells a channel that a task failed, and who is on call: best effort, never a failure of its own.

Airflow runs a notifier inside the task that it reports on: one that raises spoils the task. This one catches
everything, and says in the task's log why nobody was told.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.notifier import BaseNotifier

from stationmaster import clock
from stationmaster.core.escaping import one_line, slack
from stationmaster.core.rotations.rotation import Rotation

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context

_REASON_CHARACTERS = 500


class DepartureNotice(BaseNotifier):
    """Posts to `channel` that a task or a run failed, mentioning the person who holds `role` at that instant.

    Make a new instance for each task. It keeps nothing of a context between calls.

    :param channel: the channel's id.
    :param rotation: None where the team has no rotation; then nobody is mentioned.
    :param mentions: Slack user id of each person id; a person without one is named, not mentioned.
    """

    def __init__(
        self,
        *,
        channel: str,
        rotation: Rotation | None = None,
        role: str = "primary",
        mentions: Mapping[str, str] | None = None,
        conn_id: str = "slack_api_default",
    ) -> None:
        super().__init__()
        self.channel = channel
        self.rotation = rotation
        self.role = role
        self.mentions = dict(mentions or {})
        self.conn_id = conn_id

    def __call__(self, *args: Any) -> None:
        """Tell the channel; whatever goes wrong is logged with its reason and swallowed."""
        try:
            super().__call__(*args)
        except Exception as error:
            self.log.warning("The failure was not told to %s: %s: %s", self.channel, type(error).__name__, error)

    def notify(self, context: "Context") -> None:
        """Post the notice. Raises ChatError; Airflow calls the instance, which swallows it."""
        from stationmaster.hooks.chat import Chat
        from stationmaster.hooks.chat_outcomes import without_tokens

        Chat(self.conn_id).post(self.channel, without_tokens(self._text(context)), key=_key(context))

    def _text(self, context: "Context") -> str:
        what, log = _subject(context), getattr(_task_instance(context), "log_url", None)
        lines = [f":red_circle: *{slack(what)}* failed.", _reason(context), f"On call: {self._on_call()}"]
        return "\n".join([line for line in lines if line] + ([f"<{log}|Read the log>"] if log else []))

    def _on_call(self) -> str:
        if self.rotation is None:
            return "this team has no rotation."
        try:
            person = self.rotation.on_call(self.role, clock.now()).person
        except (LookupError, ValueError) as error:
            return f"nobody can be named: {slack(str(error))}"
        user = self.mentions.get(person)
        return f"<@{user}>" if user else f"{slack(person)} (has no Slack account in the team file)"


def _task_instance(context: "Context") -> Any:
    return context.get("ti") or context.get("task_instance")


def _subject(context: "Context") -> str:
    task = _task_instance(context)
    if task is None:
        return _run(context)
    index = getattr(task, "map_index", -1)
    label = f"{task.task_id}[{index}]" if isinstance(index, int) and index >= 0 else task.task_id
    return f"{task.dag_id} › {label} (try {getattr(task, 'try_number', 1)})"


def _run(context: "Context") -> str:
    run = context.get("dag_run")
    return f"{getattr(run, 'dag_id', 'a DAG')} › {getattr(run, 'run_id', 'a run')}"


def _reason(context: "Context") -> str:
    reason = context.get("exception") or context.get("reason")
    if reason is None:
        return ""
    name = f"{type(reason).__name__}: " if isinstance(reason, BaseException) else ""
    return slack(one_line(f"{name}{reason}")[:_REASON_CHARACTERS])


def _key(context: "Context") -> str:
    task = _task_instance(context)
    if task is None:
        return f"{_run(context)}/failed".replace(" › ", "/")
    index, attempt = getattr(task, "map_index", -1), getattr(task, "try_number", 1)
    return f"{task.dag_id}/{task.run_id}/{task.task_id}/{index}/{attempt}/failed"
