"""Free loopback ports: the one that people know where it is free, another one otherwise."""

from __future__ import annotations

import socket
from collections.abc import Collection
from typing import NamedTuple

HOST = "127.0.0.1"


class Port(NamedTuple):
    """A free port, and a sentence for the user where it is not the one they would expect."""

    number: int
    remark: str | None = None


def is_free(number: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.settimeout(1)
        if caller.connect_ex((HOST, number)) == 0:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        # What lingers from a server that ended (TIME_WAIT) is no hindrance to a new one.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, number))
        except OSError:
            return False
    return True


def choose_port(purpose: str, preferred: int | None, taken: Collection[int] = ()) -> Port:
    """Return ``preferred`` if it is free, else any other free port with a remark.

    :param purpose: what will listen there, as a noun for the remark: "Airflow's pages".
    :param preferred: None asks for any free port, without a remark.
    :param taken: ports that are promised to somebody already.
    """
    if preferred is not None and preferred not in taken and is_free(preferred):
        return Port(preferred)
    number = _any_free(taken)
    if preferred is None:
        return Port(number)
    return Port(number, f"Port {preferred} is in use by another program: {purpose} will be on port {number}.")


def _any_free(taken: Collection[int]) -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
            server.bind((HOST, 0))
            number = int(server.getsockname()[1])
        if number not in taken:
            return number
