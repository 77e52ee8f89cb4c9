"""Mail, as a handoff needs it: sent once. Built on the SMTP provider's hook and its connection.

The Airflow connection is of type ``smtp``; its extra names the sender (``from_email``) and may switch off TLS
(``disable_ssl``, ``disable_tls``). Nothing is connected before the first mail.
"""

from __future__ import annotations

import smtplib
from functools import cache
from typing import TYPE_CHECKING

from stationmaster.hooks.mail_errors import (
    MailConnectionMissing,
    MailOutcomeUnknown,
    MailRefused,
    MailUnreachable,
)
from stationmaster.hooks.rehearsed_hosts import forbidden

if TYPE_CHECKING:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

KEY_HEADER = "X-Stationmaster-Key"


class Mail:
    """The mail server behind an Airflow connection. Each mail opens a session of its own and is handed over once.

    While a rehearsal's clock is in force, only a stand-in on loopback is spoken to.
    """

    def __init__(self, conn_id: str = "smtp_default") -> None:
        self._conn_id = conn_id

    def send(self, to: str, subject: str, html: str, *, key: str) -> None:
        """Send one mail that carries ``key`` in a header.

        :param html: the text as HTML; what came from outside has gone through ``core.escaping.html``.
        :raises MailConnectionMissing, MailUnreachable, MailRefused: nothing was sent.
        :raises MailOutcomeUnknown: it may have been.
        """
        try:
            with self._connected() as hook:
                if not hook.from_email:
                    raise self._unusable("it names no sender: write from_email into its extra")
                hook.send_email_smtp(to=to, subject=subject, html_content=html, custom_headers={KEY_HEADER: key})
        except smtplib.SMTPRecipientsRefused as error:
            codes = ", ".join(f"{code} {_words(said)}" for code, said in error.recipients.values())
            raise MailRefused(f"the mail server refuses the recipient: {codes}") from None
        except smtplib.SMTPResponseException as error:
            raise MailRefused(f"the mail server refuses: {error.smtp_code} {_words(error.smtp_error)}") from None
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(f"the mail server cannot take it: {error}") from None
        except (smtplib.SMTPException, OSError) as error:
            # The session is private to the hook, so a break before the text counts like one after it.
            raise MailOutcomeUnknown(f"the answer of the mail server was lost: {type(error).__name__}") from None

    def check(self) -> None:
        """Open a session and close it again: a look at the connection. Raises as :meth:`send` does, but for a mail."""
        with self._connected() as hook:
            if not hook.from_email:
                raise self._unusable("it names no sender: write from_email into its extra")

    def _connected(self) -> SmtpHook:
        from airflow.providers.common.compat.sdk import AirflowException

        hook = _once()(smtp_conn_id=self._conn_id)
        try:
            self._require_stand_in(hook)
            return hook.get_conn()
        except AirflowException as error:
            raise self._unusable(str(error)) from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._unusable(f"the mail server refuses its login ({error.smtp_code})") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnreachable(f"the mail server does not answer: {type(error).__name__}: {error}") from None

    def _require_stand_in(self, hook: SmtpHook) -> None:
        host = str(hook.get_connection(self._conn_id).host or "")
        if forbidden(host):
            raise self._unusable(f"a rehearsal speaks to a stand-in only, and it names {host or 'no host'}")

    def _unusable(self, why: str) -> MailConnectionMissing:
        return MailConnectionMissing(
            f"The connection {self._conn_id} cannot be used for mail: {why.rstrip('.')}. Create a connection of type "
            "smtp with the server's host and port, and the sender as from_email in its extra"
        )


@cache
def _once() -> type[SmtpHook]:
    """Return the provider's hook without its repeats: a mail whose answer was lost may have been taken."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    class SmtpHookOnce(SmtpHook):
        @property
        def smtp_retry_limit(self) -> int:
            return 0

    return SmtpHookOnce


def _words(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]
