"""An ASGI app served from a thread: the address, a port that is taken, an app that fails."""

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from stationmaster.rehearsal.serving import PortTaken, serve


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def test_an_app_answers_until_the_block_ends() -> None:
    with serve(hello) as url:
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(url).text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_port_that_is_taken_is_named() -> None:
    with serve(hello) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1 is in use"), serve(hello, port=port):
            pytest.fail("two servers on one port")


def test_no_date_is_claimed_for_a_stand_in() -> None:
    """A stand-in lives on the rehearsal's clock and says its own date."""
    with serve(hello) as url:
        assert {"date", "server"}.isdisjoint(httpx.get(url).headers)
