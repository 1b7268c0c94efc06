"""The RPC client against servers that misbehave, each a thread on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import (
    MethodRefusedError,
    RpcAnswerError,
    RpcTimeoutError,
    RpcUnreachableError,
)
from bot.edges.rpc import READ_METHODS, ReadOnlyRpc, Rpc
from bot.edges.wire import redacted
from tests.builders.certificate import write_loopback_certificate

SECRET = "0123456789abcdef0123456789abcdef"
Answer = Callable[[Any], bytes]


def http(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


def result_of(request: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": "0x1"}).encode()


@contextmanager
def http_server(
    answers: list[Answer | None], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """Answers one request after the other; None closes the connection instead."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        left = list(answers)
        while left:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                connection = tls.wrap_socket(connection, server_side=True) if tls else connection
            except OSError:  # the client did not trust us
                connection.close()
                continue
            with connection, connection.makefile("rwb") as stream:
                while left:
                    head = b""
                    while not head.endswith(b"\r\n\r\n"):
                        line = stream.readline()
                        if not line:
                            break
                        head += line
                    if not head:
                        break
                    size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                    seen.append(head)
                    request = json.loads(stream.read(size))
                    answer = left.pop(0)
                    if answer is None:
                        break
                    stream.write(answer(request))
                    stream.flush()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        listener.close()
        thread.join(5)


def test_a_kept_connection_serves_many_calls() -> None:
    plain: Answer = lambda request: http(result_of(request))  # noqa: E731
    with http_server([plain, plain, plain]) as (port, seen), Rpc(f"http://127.0.0.1:{port}") as rpc:
        assert [rpc.call("eth_chainId") for _ in range(3)] == ["0x1"] * 3
    assert len(seen) == 3


def test_a_chunked_answer_is_put_together() -> None:
    def chunked(request: Any) -> bytes:
        body = result_of(request)
        parts = [body[:7], body[7:]]
        chunks = b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in parts)
        return (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nA: b\r\n\r\n"
        )

    with http_server([chunked, chunked]) as (port, _), Rpc(f"http://127.0.0.1:{port}") as rpc:
        assert [rpc.call("eth_chainId"), rpc.call("eth_chainId")] == ["0x1", "0x1"]


def test_a_connection_closed_while_idle_is_opened_anew() -> None:
    def closing(request: Any) -> bytes:
        return http(result_of(request), extra="Connection: close\r\n")

    plain: Answer = lambda request: http(result_of(request))  # noqa: E731
    answers = [plain, None, closing, plain]
    with http_server(answers) as (port, seen), Rpc(f"http://127.0.0.1:{port}") as rpc:
        assert [rpc.call("eth_chainId") for _ in range(3)] == ["0x1"] * 3
    assert len(seen) == 4


def test_https_is_spoken_to_a_trusted_server_and_refused_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = write_loopback_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    plain: Answer = lambda request: http(result_of(request))  # noqa: E731
    with http_server([plain, plain], tls) as (port, _), Rpc(f"https://127.0.0.1:{port}") as rpc:
        with pytest.raises(RpcUnreachableError, match="certificate verify failed"):
            rpc.call("eth_chainId")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert [rpc.call("eth_chainId"), rpc.call("eth_chainId")] == ["0x1", "0x1"]


def test_batch_answers_are_matched_by_id_in_any_order() -> None:
    def shuffled(requests: Any) -> bytes:
        replies = [{"id": one["id"], "result": one["method"]} for one in requests]
        return http(json.dumps(replies[::-1]).encode())

    with http_server([shuffled]) as (port, _), Rpc(f"http://127.0.0.1:{port}") as rpc:
        assert rpc.batch([("a", []), ("b", []), ("c", [])]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda _: http(b"slow down", "429 Too Many Requests"), "429"),
        (lambda _: http(b"<html>"), "Expecting value"),
        (lambda _: http(b'{"id":999,"result":1}'), "no answer with this request's id"),
        (lambda _: b"HTTP/1.1 200 OK\r\n\r\n", "no length"),
        (lambda r: http(json.dumps({"id": r["id"]}).encode()), "neither result nor error"),
        (
            lambda r: http(
                json.dumps({"id": r["id"], "error": {"message": f"bad key {SECRET}"}}).encode()
            ),
            "bad key",
        ),
    ],
)
def test_a_bad_answer_is_one_typed_error_without_the_key(answer: Answer, problem: str) -> None:
    with http_server([answer]) as (port, _):
        rpc = Rpc(f"http://user:{SECRET}@127.0.0.1:{port}/v2/{SECRET}?token={SECRET}")
        with rpc, pytest.raises(RpcAnswerError, match=problem) as caught:
            rpc.call("eth_chainId")
    assert SECRET not in caught.value.line
    assert SECRET not in repr(rpc)


def test_an_answer_that_dribbles_is_cut_off_at_the_bound() -> None:
    silence: Answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"  # noqa: E731
    with http_server([silence, silence]) as (port, _):
        url = f"http://127.0.0.1:{port}/{SECRET}"
        with Rpc(url, timeout_s=0.05) as rpc, pytest.raises(RpcTimeoutError) as caught:
            rpc.call("eth_call")
    assert SECRET not in caught.value.line


def test_nobody_listening_is_an_unreachable_rpc() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/{SECRET}"
        with Rpc(url) as rpc, pytest.raises(RpcUnreachableError) as caught:
            rpc.call("eth_chainId")
    assert SECRET not in caught.value.line


def test_a_socket_path_without_a_node_is_an_unreachable_rpc(tmp_path: Path) -> None:
    with Rpc(str(tmp_path / "none.ipc")) as rpc, pytest.raises(RpcUnreachableError):
        rpc.call("eth_chainId")


@pytest.mark.parametrize(
    "url",
    [f"http://user:{SECRET}", f"http://[::1/{SECRET}", f"wss://host/{SECRET}", f"http:///{SECRET}"],
)
def test_a_malformed_address_is_refused_without_showing_it(url: str) -> None:
    with Rpc(url) as rpc, pytest.raises(RpcUnreachableError, match="an address is") as caught:
        rpc.call("eth_chainId")
    assert SECRET not in caught.value.line
    assert SECRET not in repr(rpc)


def test_an_address_is_shown_without_user_path_and_query() -> None:
    assert redacted(f"https://u:{SECRET}@host:1/v2/{SECRET}?k={SECRET}#f") == "https://host:1"
    assert redacted(f"http://[::1]:8545/{SECRET}") == "http://[::1]:8545"


def test_basic_authorisation_goes_in_the_header_and_not_in_the_host() -> None:
    plain: Answer = lambda request: http(result_of(request))  # noqa: E731
    with http_server([plain]) as (port, seen), Rpc(f"http://me:pw@127.0.0.1:{port}/x?y=z") as rpc:
        rpc.call("eth_chainId")
    assert seen[0].startswith(b"POST /x?y=z HTTP/1.1\r\n")
    assert b"Authorization: Basic bWU6cHc=\r\n" in seen[0]
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in seen[0]


@pytest.mark.parametrize(
    "method",
    ["eth_sendTransaction", "eth_sendRawTransaction", "evm_mine", "anvil_setCode", "eth_accounts"],
)
def test_reading_never_sends_mines_or_looks_at_accounts(method: str) -> None:
    with ReadOnlyRpc("http://127.0.0.1:1") as rpc:  # nobody listens: it must not come that far
        with pytest.raises(MethodRefusedError, match=method):
            rpc.call(method)
        with pytest.raises(MethodRefusedError, match=method):
            rpc.batch([("eth_chainId", []), (method, [])])


def test_every_method_of_the_allow_list_only_reads() -> None:
    verbs = ("send", "sign", "mine", "set", "increase", "revert", "snapshot", "impersonate")
    assert not [name for name in READ_METHODS if any(verb in name.lower() for verb in verbs)]
