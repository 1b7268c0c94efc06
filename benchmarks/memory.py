"""Resident memory over 10,000 durable ticks of 1,000 pools, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measure import Line
from benchmarks.planted import BLOCK_S, ETHER, USD, planted_specs
from bot.config import load_rules
from bot.core.engine import Opening, open_book, run_tick
from bot.core.quotes import PoolTerms
from bot.core.snapshot import Block, EventKind, PoolSpec, PositionEvent, Snapshot, Token
from bot.core.venue import PaperVenue, VenueTerms
from bot.edges.lens import POOL_BYTES, LensTable
from bot.edges.store import SqliteStore

RULES = Path(__file__).resolve().parents[1] / "rules" / "starter.toml"
TICKS = 10_000
WARM_TICKS = 1_000
POOLS = 1_000
MOVED = 50
MIB_MAX = 300
GROWTH_MIB_MAX = 8
"""What the allocator may keep."""

TOKENS = (
    Token(address="0x" + "11" * 20, symbol="WETH", decimals=18),
    Token(address="0x" + "22" * 20, symbol="USDC", decimals=6),
)
DEPTH = (5_000 * ETHER, 10_000_000 * USD)
LP_SHARE = 20


def lines() -> Iterator[Line]:
    """Run in a fresh process, so that no other benchmark's memory counts."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    found = json.loads(done.stdout)
    yield Line(
        bench="memory",
        unit="MiB",
        ours=found["last"],
        floor=None,
        ratio=None,
        target=MIB_MAX,
        target_of="ours",
        more={"tick_ms": found["tick_ms"]},
        note=f"resident after {TICKS} ticks of {POOLS} pools, {MOVED} moving in each, every tick "
        "committed with full sync",
    )
    yield Line(
        bench="memory_growth",
        unit="MiB",
        ours=found["last"] - found["warm"],
        floor=None,
        ratio=None,
        target=GROWTH_MIB_MAX,
        target_of="ours",
        note=f"from tick {WARM_TICKS} to tick {TICKS}; a table of pools kept a tick would be 1,700",
    )


class Tides:
    """Pools in the lens's own bytes; some move from block to block, the hedged one in each."""

    def __init__(self) -> None:
        base, quote = TOKENS
        real = PoolSpec(
            name="WETH-USDC",
            address="0x" + "33" * 20,
            factory="0x" + "44" * 20,
            base=base,
            quote=quote,
            base_is_token0=True,
        )
        self.specs = (real, *planted_specs(real, POOLS - 1))
        self._bytes = bytearray()
        self._fees = (False,) * POOLS
        for index in range(POOLS):
            lp = 10**18 if index == 0 else 0
            self._bytes += _words(_reserves(*DEPTH, time_s=0), 0, 0, LP_SHARE * 10**18, lp, 0)

    def snapshot(self, number: int) -> Snapshot:
        """The block of a number."""
        time_s = 1_790_000_000 + BLOCK_S * number
        for index in (0, *(1 + (number * MOVED + i) % (POOLS - 1) for i in range(MOVED))):
            self._move(index, number, time_s)
        table = LensTable(
            specs=self.specs, block_number=number, body=bytes(self._bytes), fee_on=self._fees
        )
        block = Block(
            number=number,
            hash=f"0x{number + 1:064x}",
            parent_hash=f"0x{number:064x}",
            time_s=time_s,
        )
        events = (_deposit(number),) if number == 0 else ()
        return Snapshot(chain_id=31_337, block=block, specs=self.specs, pools=table, events=events)

    def _move(self, index: int, number: int, time_s: int) -> None:
        """A price that wanders a third up and down in 2,000 blocks; k stays."""
        at = index * POOL_BYTES
        wave = abs((number + 500) % 2_000 - 1_000) - 500
        base = DEPTH[0] * (1_500 + wave) // 1_500
        quote = DEPTH[0] * DEPTH[1] // base
        before = int.from_bytes(self._bytes[at : at + 32], "big")
        cumulative = int.from_bytes(self._bytes[at + 32 : at + 64], "big")
        elapsed_s = time_s - (before & 0xFFFF_FFFF)
        price = (before >> 32 & 2**112 - 1) * 2**112 // (before >> 144)
        cumulative = (cumulative + price * elapsed_s) % 2**256
        self._bytes[at : at + 64] = _words(_reserves(base, quote, time_s=time_s), cumulative)


def run() -> dict[str, float]:
    """MiB after the warm-up and at the end, and milliseconds a tick."""
    tides, rules = Tides(), load_rules(RULES)
    venue = PaperVenue(VenueTerms(pools={"WETH-USDC": PoolTerms()}))
    opening = Opening(
        chain_id=31_337,
        genesis_hash="0x" + "00" * 32,
        capital={"USDC": 10**12},
        rules_hash=rules.hash,
        terms={},
    )
    orders = 0
    with (
        TemporaryDirectory() as folder,
        SqliteStore(Path(folder) / "book.sqlite", create=True) as store,
    ):
        first = tides.snapshot(0)
        book = open_book(opening, first, journal=store)
        start, warm = perf_counter(), 0.0
        for number in range(TICKS):
            snapshot = tides.snapshot(number) if number else first
            book, _ = run_tick(book, snapshot, rules, venue=venue, journal=store)
            orders += len(book.state.hedges)
            if number + 1 == WARM_TICKS:
                warm = resident_mib()
        seconds = perf_counter() - start
    if not orders:
        raise AssertionError("no hedge was ever held")
    last = resident_mib()
    return {"warm": warm, "last": last, "tick_ms": seconds / TICKS * 1e3}


def resident_mib() -> float:
    """Resident memory of this process."""
    import psutil  # type: ignore[import-untyped]

    return float(psutil.Process().memory_info().rss) / 2**20


def _deposit(number: int) -> PositionEvent:
    return PositionEvent(
        pool="WETH-USDC",
        kind=EventKind.MINT,
        lp_atoms=10**18,
        base_atoms=DEPTH[0] // LP_SHARE,
        quote_atoms=DEPTH[1] // LP_SHARE,
        block_number=number,
        log_index=0,
        tx_hash="0x" + "55" * 32,
    )


def _reserves(reserve0: int, reserve1: int, *, time_s: int) -> int:
    return reserve0 << 144 | reserve1 << 32 | time_s


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


if __name__ == "__main__":
    print(json.dumps(run()))
