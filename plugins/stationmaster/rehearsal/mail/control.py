"""What tests and people see of the stand-in mail server: GET /_control/mail, POST and DELETE /_control/mail/faults."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stationmaster.rehearsal.mail.standin import Mailbox, MailFault
from stationmaster.rehearsal.same_origin import same_origin


def mail_routes(mailbox: Mailbox) -> list[Route]:
    """Return the routes, below /_control."""

    def show(request: Request) -> Response:
        if not same_origin(request):
            return _foreign()
        return JSONResponse({"mails": [mail.model_dump(mode="json") for mail in mailbox.mails]})

    async def script(request: Request) -> Response:
        if not same_origin(request):
            return _foreign()
        try:
            mailbox.script(MailFault.model_validate_json(await request.body()))
        except ValidationError as error:
            return JSONResponse({"error": "invalid_body", "messages": [str(error)]}, status_code=422)
        return JSONResponse({"ok": True})

    def mend(request: Request) -> Response:
        if not same_origin(request):
            return _foreign()
        mailbox.mend()
        return JSONResponse({"ok": True})

    return [
        Route("/mail", show, methods=["GET"]),
        Route("/mail/faults", script, methods=["POST"]),
        Route("/mail/faults", mend, methods=["DELETE"]),
    ]


def _foreign() -> Response:
    return JSONResponse({"error": "cross_origin"}, status_code=403)
