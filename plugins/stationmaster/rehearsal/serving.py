"""An ASGI app on loopback, served from a thread of this process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

STARTUP = 10.0
"""Seconds a server may take to accept its first connection or to end."""


class PortTaken(OSError):
    """The asked port is in use; another process listens there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} of {host} is in use by another process. Choose another port, or 0 for a free one."
        )


class ServerNotStarted(RuntimeError):
    """The app failed while it started, or took longer than STARTUP seconds."""


@contextmanager
def serve(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` until the block ends; yields the base URL without a trailing slash.

    `port` 0 takes a free one. The socket is bound before this returns, so that two callers never race for a port.
    Raises PortTaken, ServerNotStarted.
    """
    listener = _listen(host, port)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            date_header=False,  # a stand-in may live at another date than this machine
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name=f"serve-{host}", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=STARTUP)
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(host, port) from error
    listener.listen(128)
    return listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = 0.01
    for _ in range(int(STARTUP / pause)):
        if server.started:
            return
        thread.join(timeout=pause)
        if not thread.is_alive():
            raise ServerNotStarted("the server ended while it started; its log says why")
    raise ServerNotStarted(f"the server did not accept connections within {STARTUP} seconds")
