"""The floors' tools: a bare socket to the node and a bare SQLite file, with nothing around them."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.ledger import Entry
from bot.edges.lens import Lens

POOL_BYTES = 192
WORD_BYTES = 32
RESERVE_MASK = 2**112 - 1

TABLES = """
CREATE TABLE journal (seq INTEGER PRIMARY KEY, kind TEXT, tick INTEGER, body TEXT, prev_hash TEXT,
    hash TEXT);
CREATE TABLE entries (seq INTEGER PRIMARY KEY, tick INTEGER, time_s INTEGER, block_number INTEGER,
    block_hash TEXT, kind TEXT, cause TEXT, memo TEXT, prev_hash TEXT, hash TEXT,
    UNIQUE (kind, cause));
CREATE TABLE postings (entry_seq INTEGER, idx INTEGER, account TEXT, currency TEXT, atoms TEXT,
    PRIMARY KEY (entry_seq, idx)) WITHOUT ROWID;
CREATE TABLE balances (account TEXT, currency TEXT, atoms TEXT, PRIMARY KEY (account, currency))
    WITHOUT ROWID;
"""
UPSERT = """INSERT INTO balances VALUES (?, ?, ?)
ON CONFLICT (account, currency) DO UPDATE SET atoms = excluded.atoms"""


class BareNode:
    """JSON texts over the node's Unix socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)

    def ask(self, request: bytes) -> bytes:
        """Send one request and return the whole answer."""
        self._socket.sendall(request)
        answer = bytearray()
        while not answer.endswith((b"}", b"}\n", b"]", b"]\n")):
            answer += self._socket.recv(1 << 20)
        return bytes(answer)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def request(method: str, params: Sequence[Any]) -> bytes:
    """One JSON-RPC request, encoded once and for all."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def lens_request(lens: Lens) -> bytes:
    """The lens's eth_call at the newest block."""
    ((method, params),) = lens.calls("latest")
    return request(method, params)


def body_of(answer: bytes, *, pools: int) -> bytes:
    """The pools' part of the lens's answer, as bytes."""
    end = answer.rindex(b'"')
    return bytes.fromhex(answer[end - 2 * POOL_BYTES * pools : end].decode())


def reserves_of(body: bytes) -> list[tuple[int, int]]:
    """Both reserves of each pool."""
    reserves = []
    for at in range(0, len(body), POOL_BYTES):
        word = int.from_bytes(body[at : at + WORD_BYTES], "big")
        reserves.append((word >> 144, word >> 32 & RESERVE_MASK))
    return reserves


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One commit's rows, ready to be inserted."""

    journal: tuple[object, ...]
    entries: list[tuple[object, ...]]
    postings: list[tuple[object, ...]]
    balances: list[tuple[object, ...]]


class BareBook:
    """Tables of the same columns in a WAL file, synced in full at each commit, nothing checked."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(TABLES)
        self._seq = self._entry_seq = 0
        self._balances: dict[tuple[str, str], int] = {}

    def rows(self, body: str, entries: Sequence[Entry]) -> Rows:
        """The rows of a journal body and its entries at the file's end."""
        self._seq += 1
        seal = f"{self._seq:064x}"
        columns: list[tuple[object, ...]] = []
        postings: list[tuple[object, ...]] = []
        changed: set[tuple[str, str]] = set()
        for entry in entries:
            self._entry_seq += 1
            seq, cause = self._entry_seq, f"{self._entry_seq:064x}"
            place = (seq, entry.tick, entry.time_s, entry.block_number, entry.block_hash)
            columns.append((*place, entry.kind, cause, entry.memo, entry.prev_hash, entry.hash))
            for index, posting in enumerate(entry.postings):
                key = (posting.account, posting.currency)
                postings.append((seq, index, *key, str(posting.atoms)))
                self._balances[key] = self._balances.get(key, 0) + posting.atoms
                changed.add(key)
        return Rows(
            journal=(self._seq, "record", self._seq, body, seal, seal),
            entries=columns,
            postings=postings,
            balances=[(*key, str(self._balances[key])) for key in changed],
        )

    def commit(self, rows: Rows) -> None:
        """One durable transaction."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", rows.journal)
        if rows.entries:
            db.executemany("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?)", rows.entries)
            db.executemany("INSERT INTO postings VALUES (?, ?, ?, ?, ?)", rows.postings)
            db.executemany(UPSERT, rows.balances)
        db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
