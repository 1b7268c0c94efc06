"""The keys of a run file, each with its kind, its bounds and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.config.keys import Amount, Flag, Key, ListOf, MapOf, Number, TableOf, Text, Whole
from bot.config.places import Place
from bot.config.venue_keys import VENUE_KEYS

ADDRESS = Text(pattern="0x[0-9a-fA-F]{40}", wanted="an address: 0x and 40 hex digits")
PATH = Text(wanted="a path in quotes")
BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Every:
    """ "block", or seconds."""

    seconds = Number(lowest="0.05", highest="86400")
    takes_text = True

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`; None for each block."""
        if value == BLOCK:
            return None
        if isinstance(value, str) and value.replace(".", "", 1).isdecimal():
            value = Decimal(value)  # from the environment, where all is text
        if isinstance(value, str):
            return place.misfit(value, "is no rhythm", 'write "block" or seconds, like 15')
        return self.seconds.read(value, place)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"anyOf": [{"const": BLOCK}, self.seconds.schema()]}


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node listens. ${NAME} has been replaced before; the value is never shown."""

    takes_text = True

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        text = value if isinstance(value, str) else ""
        is_url = text.startswith(("http://", "https://")) and len(text.split("://")[1]) > 0
        if not is_url and not text.endswith(".ipc") and not text.startswith("/"):
            place.report(
                "is no address of a node", "write http://HOST:PORT, https://..., or a socket's path"
            )
        return text

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"type": "string", "minLength": 1}


CHAIN_KEYS = {
    "rpc_url": Key(NodeAddress(), "the node: http(s) address or Unix socket; takes ${NAME}"),
    "chain_id": Key(
        Whole(lowest=1, highest=2**53), "the chain the node must be on; left out, any", None
    ),
    "timeout_s": Key(
        Number(lowest="0.1", highest="600"), "longest wait for one answer", Decimal(10)
    ),
    "block_age_s_max": Key(
        Whole(lowest=1, highest=10**9), "an older newest block is stale; left out, none is", None
    ),
    "poll_ms": Key(
        Whole(lowest=10, highest=600_000), "time between two looks for a new block", 500
    ),
    "lens": Key(ADDRESS, "deployed contracts/PoolLens.sol, for nodes without state override", None),
    "engine_gate": Key(
        ADDRESS,
        "deployed contracts/EngineGate.sol, for rules whose second engine asks a multisig",
        None,
    ),
}

POOL_KEYS = {
    "address": Key(ADDRESS, "the Uniswap V2 pair"),
    "base": Key(
        Text(pattern="[^ ]+", wanted="a symbol or an address"),
        "the base token, by symbol or address; left out, dollars quote ether, and both the rest",
        None,
    ),
    "hedged": Key(Flag(), "false: only watched", True),
}

POSITION_KEYS = {
    "owner": Key(ADDRESS, "who holds the LP tokens; only read, never signed for"),
    "pools": Key(
        ListOf(kind=TableOf(POOL_KEYS), least=1, what='pools = [{ address = "0x..." }]'),
        "the pools watched",
    ),
    "since_block": Key(
        Whole(lowest=0, highest=2**53),
        "read deposits from this block on; left out, the position opens as it stands",
        None,
    ),
}

SCHEDULER_KEYS = {
    "every": Key(Every(), '"block" for a tick each new block, or seconds', None),
    "heartbeat_s": Key(Number(lowest="1", highest="86400"), "sign of life", Decimal(60)),
    "misfire_grace_s": Key(
        Whole(lowest=1, highest=86_400), "a tick later than this is skipped and counted", 5
    ),
    "ticks_skipped_max": Key(
        Whole(lowest=1, highest=10**6), "stop after so many skipped in a row; left out, never", None
    ),
}

FEEDS_KEYS = {
    "file": Key(
        PATH,
        "facts that no pool holds: CSV or Parquet of time, name, value, relative to the file that "
        "names it; left out, none",
        None,
    ),
    "age_s_max": Key(
        Whole(lowest=1, highest=10**9), "an older value is unknown, in block time", 86_400
    ),
}

RUN_FILE = TableOf(
    {
        "chain": Key(TableOf(CHAIN_KEYS), "the node to read"),
        "position": Key(TableOf(POSITION_KEYS), "what to hedge"),
        "paper": Key(
            TableOf(
                {
                    "capital": Key(
                        MapOf(
                            kind=Amount(Number(lowest="0", highest="1000000000000000")),
                            pattern=r"[0-9A-Za-z.+_]+",
                            wanted='a quote symbol with an amount, like USDC = "50000"',
                            least=1,
                        ),
                        "paper cash at the start, whole tokens by quote symbol",
                    )
                }
            ),
            "paper money",
        ),
        "rules": Key(
            TableOf({"file": Key(PATH, "the rule file, relative to the file that names it")}),
            "what to obey",
        ),
        "scheduler": Key(TableOf(SCHEDULER_KEYS), "when to tick"),
        "feeds": Key(TableOf(FEEDS_KEYS), "facts of the world beside the chain"),
        "book": Key(
            TableOf(
                {
                    "path": Key(
                        PATH, "the book, relative to the file that names it", "layerhedge.sqlite"
                    )
                }
            ),
            "where the books are kept",
        ),
        "venue": Key(TableOf(VENUE_KEYS), "the paper venue, all of it optional"),
    }
)
