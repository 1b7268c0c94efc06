"""Bytes to a node and back: HTTP/1.1 over TCP or TLS with keep-alive, or a Unix socket.

Only what JSON-RPC needs: POST, Content-Length or chunked answers, one deadline per exchange.
"""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

ANSWER_BYTES_MAX = 256 * 1024 * 1024
"""No answer of a node is larger; a runaway one is cut off."""

CHUNK_BYTES = 1 << 18
HEADER_BYTES_MAX = 1 << 16


class ConnectionLostError(ConnectionError):
    """The other side closed before it answered."""


class Wire(Protocol):
    """One open connection."""

    reusable: bool

    def exchange(self, payload: bytes, deadline: float) -> Any:
        """Send one JSON text and return the decoded answer; `deadline` in monotonic seconds."""

    def close(self) -> None:
        """Close the connection."""


def redacted(url: str) -> str:
    """The address without user, path and query, which may hold a key; a file path as it is.

    >>> redacted("https://user:pw@rpc.example:8545/v2/KEY?token=x")
    'https://rpc.example:8545'
    """
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return f"{url.partition(':')[0]}://..."  # malformed: any part of it may be the key
    return f"{parts.scheme}://[{host}]{port}" if ":" in host else f"{parts.scheme}://{host}{port}"


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of an address that may be keys, longest first, to strike from foreign texts."""
    if "://" not in url:
        return ()
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    pieces = {url, parts.netloc.rpartition("@")[0], parts.path, parts.query}
    pieces |= {parts.username or "", parts.password or ""}
    pieces |= {piece for piece in parts.path.split("/") if len(piece) > 6}
    pieces |= {value for pair in parts.query.split("&") if (value := pair.partition("=")[2])}
    return tuple(sorted((p for p in pieces if len(p) > 2), key=len, reverse=True))


def open_wire(url: str, deadline: float) -> Wire:
    """Connect to an http(s) address or to the Unix socket at a path."""
    if "://" not in url:
        return IpcWire(url, deadline)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise OSError("an address is http://host:port, https://host or the path of a socket")
    return HttpWire(parts, deadline)


class IpcWire:
    """JSON texts back to back over a Unix socket."""

    def __init__(self, path: str, deadline: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_left(deadline))
        try:
            self._socket.connect(path)
        except BaseException:
            self._socket.close()
            raise
        self.reusable = True

    def exchange(self, payload: bytes, deadline: float) -> Any:
        _send_all(self._socket, payload + b"\n", deadline)
        answer = bytearray()
        while True:
            answer += _receive(self._socket, deadline, len(answer))
            # A JSON object or array can only be complete where it ends with its bracket.
            if answer.endswith((b"}", b"]", b"}\n", b"]\n")):
                try:
                    return json.loads(answer)
                except ValueError:
                    continue

    def close(self) -> None:
        self._socket.close()


class HttpWire:
    """HTTP/1.1 POST on a kept connection."""

    def __init__(self, parts: SplitResult, deadline: float) -> None:
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        self._socket = socket.create_connection((host, port), timeout=_left(deadline))
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                import ssl  # a quarter of the start-up time: only where it is needed

                context = ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except BaseException:
            self._socket.close()
            raise
        self._head = _request_head(parts)
        self._buffer = bytearray()
        self.reusable = True

    def exchange(self, payload: bytes, deadline: float) -> Any:
        _send_all(self._socket, b"%s%d\r\n\r\n%s" % (self._head, len(payload), payload), deadline)
        head = self._take_through(b"\r\n\r\n", deadline).decode("latin-1")
        status_line, _, rest = head.partition("\r\n")
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in rest.split("\r\n"))
        }
        self.reusable = fields.get("connection", "").lower() != "close"
        body = self._body(fields, deadline)
        if status_line.split(" ", 2)[1:2] != ["200"]:
            raise ValueError(f"HTTP status {status_line[9:60]}: {body[:120].decode('latin-1')}")
        return json.loads(body)

    def _body(self, fields: dict[str, str], deadline: float) -> bytes:
        if "chunked" in fields.get("transfer-encoding", "").lower():
            return self._chunks(deadline)
        if "content-length" in fields:
            return self._take(int(fields["content-length"]), deadline)
        raise ValueError("the answer has no length")

    def _chunks(self, deadline: float) -> bytes:
        body = bytearray()
        while size := int(self._take_through(b"\r\n", deadline).partition(b";")[0], 16):
            body += self._take(size, deadline)
            self._take(2, deadline)
            if len(body) > ANSWER_BYTES_MAX:
                raise ValueError(f"answer longer than {ANSWER_BYTES_MAX} bytes")
        while self._take_through(b"\r\n", deadline) != b"\r\n":
            pass  # trailers, bounded by the deadline
        return bytes(body)

    def _take_through(self, mark: bytes, deadline: float) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > HEADER_BYTES_MAX:
                raise ValueError(f"header longer than {HEADER_BYTES_MAX} bytes")
            self._buffer += _receive(self._socket, deadline, len(self._buffer))
        return self._cut(end + len(mark))

    def _take(self, size: int, deadline: float) -> bytes:
        if not 0 <= size <= ANSWER_BYTES_MAX:
            raise ValueError(f"answer of {size} bytes, limit {ANSWER_BYTES_MAX}")
        while len(self._buffer) < size:
            self._buffer += _receive(self._socket, deadline, len(self._buffer))
        return self._cut(size)

    def _cut(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def close(self) -> None:
        self._socket.close()


def _request_head(parts: SplitResult) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    lines += ["Accept: application/json", "User-Agent: layerhedge"]
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return ("\r\n".join([*lines, "Content-Length: "])).encode()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _send_all(sock: socket.socket, payload: bytes, deadline: float) -> None:
    sock.settimeout(_left(deadline))
    try:
        sock.sendall(payload)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise ConnectionLostError(error.strerror) from None


def _receive(sock: socket.socket, deadline: float, held: int) -> bytes:
    if held > ANSWER_BYTES_MAX:
        raise ValueError(f"answer longer than {ANSWER_BYTES_MAX} bytes")
    sock.settimeout(_left(deadline))
    try:
        received = sock.recv(CHUNK_BYTES)
    except ConnectionResetError as error:
        raise ConnectionLostError(error.strerror) from None
    if not received:
        raise ConnectionLostError("the node closed the connection")
    return received
