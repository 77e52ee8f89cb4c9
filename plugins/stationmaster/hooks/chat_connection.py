"""From an Airflow connection to a Slack client; a rehearsal gets one for a stand-in only."""

from urllib.parse import urlsplit

from slack_sdk import WebClient

from stationmaster.hooks.chat_errors import ChatConnectionMissing
from stationmaster.hooks.chat_outcomes import without_tokens
from stationmaster.hooks.chat_retries import RepeatableCallRetries
from stationmaster.hooks.rehearsed_hosts import LOOPBACK, forbidden


def connected(conn_id: str, retries: RepeatableCallRetries) -> WebClient:
    """Return the SDK's client of an Airflow connection, with no retry handler but ours.

    Raises ChatConnectionMissing where there is no such connection or no token in it.
    """
    from airflow.providers.common.compat.sdk import AirflowException
    from airflow.providers.slack.hooks.slack import SlackHook

    try:
        client: WebClient = SlackHook(slack_conn_id=conn_id, retry_handlers=[retries]).client
    except (AirflowException, ValueError) as error:
        message = (
            f"The connection {conn_id} cannot be used for Slack: {without_tokens(str(error))} "
            "Create a connection of type slack whose password is the bot token (xoxb-…)."
        )
        raise ChatConnectionMissing(message) from None
    return checked(client, f"the connection {conn_id}")


def checked(client: WebClient, whence: str) -> WebClient:
    """Return the client, or raise ChatConnectionMissing where a rehearsal would reach the real Slack."""
    host = urlsplit(client.base_url).hostname
    if forbidden(host):
        message = f"A rehearsal speaks to a stand-in only, and {whence} names {host}. Set base_url to the stand-in's."
        raise ChatConnectionMissing(message)
    if host in LOOPBACK:
        # The SDK takes HTTPS_PROXY from the environment, and does not look at NO_PROXY.
        client.proxy = None
    return client
