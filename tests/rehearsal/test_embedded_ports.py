"""Ports of the embedded station."""

from __future__ import annotations

import socket

from stationmaster.rehearsal.embedded.ports import HOST, choose_port, is_free


def _listener() -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every server of ours does
    server.bind((HOST, 0))
    server.listen()
    return server


def test_a_free_preferred_port_is_taken_without_a_word() -> None:
    with _listener() as server:
        number = server.getsockname()[1]
    port = choose_port("Airflow", number)
    assert (port.number, port.remark) == (number, None)


def test_a_busy_port_gives_another_one_and_a_sentence_that_names_both() -> None:
    with _listener() as server:
        busy = server.getsockname()[1]
        assert not is_free(busy)
        port = choose_port("Airflow", busy)
        assert port.number != busy
        assert is_free(port.number)
        assert port.remark is not None
        assert str(busy) in port.remark
        assert str(port.number) in port.remark


def test_a_port_on_all_interfaces_is_busy_too() -> None:
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        server.listen()
        assert not is_free(server.getsockname()[1])


def test_what_lingers_after_a_server_does_not_hold_its_port() -> None:
    with _listener() as server:
        number = server.getsockname()[1]
        caller = socket.create_connection((HOST, number))
        answering, _ = server.accept()
        answering.close()  # the side that closes first keeps the port in TIME_WAIT
        caller.close()
    assert is_free(number)


def test_ports_that_are_promised_already_are_not_given_twice() -> None:
    first = choose_port("GitHub", None)
    second = choose_port("Slack", first.number, taken=[first.number])
    assert second.number != first.number
    assert second.remark is not None
