"""A stand-in Slack on loopback: the Web API under /api/, scripts under /_control, a page for people at /.

The real `slack_sdk.WebClient(base_url="http://127.0.0.1:<port>/api/")` and Airflow's SlackHook work against it
unchanged. The connection of Airflow is `{"conn_type": "slack", "password": <token>, "extra": {"base_url": ...}}`.
"""

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from stationmaster.rehearsal.mail.control import mail_routes
from stationmaster.rehearsal.mail.standin import Mailbox
from stationmaster.rehearsal.slack.control import control_routes
from stationmaster.rehearsal.slack.page import page_routes
from stationmaster.rehearsal.slack.wire import KeepConnection, WebApi
from stationmaster.rehearsal.slack.world import SlackWorld


def create_app(world: SlackWorld, *, mailbox: Mailbox | None = None) -> ASGIApp:
    """Return the ASGI app of a stand-in workspace; `world` is shared with whoever else holds it.

    `mailbox`: the mails of a stand-in mail server, shown under /_control/mail.
    """
    mails = mail_routes(mailbox) if mailbox is not None else []
    return KeepConnection(
        Starlette(
            routes=[
                Route("/api/{method}", WebApi(world), methods=["GET", "POST"]),
                Mount("/_control", routes=[*mails, *control_routes(world)]),
                *page_routes(world),
            ]
        )
    )
