"""A stand-in mail server on loopback: SMTP for the station, JSON under /_control for tests. It delivers to nobody.

It speaks as much of SMTP (RFC 5321) as a client needs that logs in nowhere: HELO, EHLO, MAIL, RCPT, DATA, RSET, NOOP,
QUIT. Mails are kept in memory.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from stationmaster import clock as one_clock
from stationmaster.hooks.mail import KEY_HEADER

FaultKind = Literal[
    "busy",  # 421 instead of a greeting: nothing is taken
    "refused",  # 550 to the recipient: nothing is taken
    "lost_before",  # the connection closes before the text
    "lost_after",  # the mail is taken, and the connection closes in place of the answer
]
_LINE = 1 << 20


class ReceivedMail(BaseModel):
    """A mail as it came in; ``at`` is the clock's instant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    key: str
    text: str


class MailFault(BaseModel):
    """POST /_control/mail/faults: a failure for the next ``times`` mails."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    times: int = Field(default=1, ge=1)


class Mailbox:
    """Every mail that came in, and the faults to come; safe to share between threads."""

    def __init__(self, *, clock: Callable[[], datetime] = one_clock.now) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._mails: list[ReceivedMail] = []
        self._faults: list[MailFault] = []

    @property
    def mails(self) -> tuple[ReceivedMail, ...]:
        """The mails so far, the oldest first."""
        with self._lock:
            return tuple(self._mails)

    def script(self, fault: MailFault) -> None:
        """Let the next mails fail."""
        with self._lock:
            self._faults.append(fault.model_copy())

    def mend(self) -> None:
        """Drop every fault that has not happened."""
        with self._lock:
            self._faults.clear()

    def fault(self) -> FaultKind | None:
        """Return what becomes of the next mail, and count it."""
        with self._lock:
            if not self._faults:
                return None
            first = self._faults[0]
            first.times -= 1
            if first.times == 0:
                del self._faults[0]
            return first.kind

    def take(self, sender: str, recipients: tuple[str, ...], data: bytes) -> None:
        """Keep a mail."""
        message = message_from_bytes(data, policy=policy.default)
        body = message.get_body(("html", "plain"))
        mail = ReceivedMail(
            at=self._clock(),
            sender=sender,
            recipients=recipients,
            subject=str(message["subject"] or ""),
            key=str(message[KEY_HEADER] or ""),
            text=str(body.get_content()) if body is not None else "",
        )
        with self._lock:
            self._mails.append(mail)


class _Session:
    """One connection."""

    def __init__(self, mailbox: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._mailbox, self._reader, self._writer = mailbox, reader, writer
        self._sender = ""
        self._recipients: tuple[str, ...] = ()

    async def run(self) -> None:
        """Answer until the client leaves."""
        fault = self._mailbox.fault()
        if fault == "busy":
            await self._say("421 Service not available")
            return
        await self._say("220 stand-in ESMTP")
        while line := await self._reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 Bye")
                return
            if verb.upper() == "DATA" and fault in ("lost_before", "lost_after"):
                if fault == "lost_after":
                    await self._say("354 End with a dot on a line")
                    self._keep(await self._text())
                return
            if verb.upper() == "RCPT" and fault == "refused":
                await self._say("550 No such mailbox here")
            else:
                await self._answer(verb.upper(), rest)

    async def _answer(self, verb: str, rest: str) -> None:
        if verb in ("HELO", "EHLO"):
            await self._say("250-stand-in", "250-8BITMIME", "250 SMTPUTF8") if verb == "EHLO" else await self._say(
                "250 stand-in"
            )
        elif verb in ("NOOP", "RSET"):
            self._sender, self._recipients = ("", ()) if verb == "RSET" else (self._sender, self._recipients)
            await self._say("250 OK")
        elif verb == "MAIL":
            self._sender = _address(rest)
            await self._say("250 OK")
        elif verb == "RCPT" and self._sender:
            self._recipients = (*self._recipients, _address(rest))
            await self._say("250 OK")
        elif verb == "DATA" and self._recipients:
            await self._say("354 End with a dot on a line")
            self._keep(await self._text())
            await self._say("250 Taken")
        else:
            await self._say("503 Not now" if verb in ("RCPT", "DATA") else "502 Not spoken here")

    async def _text(self) -> bytes:
        lines: list[bytes] = []
        while (line := await self._reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _keep(self, text: bytes) -> None:
        self._mailbox.take(self._sender, self._recipients, text)
        self._sender, self._recipients = "", ()

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()


async def listen(mailbox: Mailbox, *, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """Start the server in the running loop; ``port`` 0 takes a free one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Session(mailbox, reader, writer).run()
        except ConnectionError:
            return  # the client left: it sees by itself what it has no answer to
        finally:
            writer.close()

    return await asyncio.start_server(serve, host, port, limit=_LINE)


@contextmanager
def serve_mail(mailbox: Mailbox) -> Iterator[int]:
    """Serve from a thread of this process until the block ends; yields the port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(listen(mailbox))
    thread = threading.Thread(target=loop.run_forever, name="serve-mail", daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    sessions = asyncio.all_tasks() - {asyncio.current_task()}
    for session in sessions:
        session.cancel()
    await asyncio.gather(*sessions, return_exceptions=True)


def _address(argument: str) -> str:
    """Return the address in ``FROM:<a@b> SIZE=9``."""
    return argument.partition("<")[2].partition(">")[0]
