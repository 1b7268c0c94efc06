"""Small books for tests: drafts with a hedge's whole life, sealed entries, filled stores."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core import accounts
from bot.core.ledger import Draft, Entry, LedgerHead, Posting, reversal, seal
from bot.core.ports import Journal, Row

POOL = "WETH-USDC"
LAYER = "guard"
PUT = "WETH-USDC-20261225-1800-P"
DECIMALS = {"WETH": 18, "USDC": 6}
NOON_S = 1_790_000_000


def draft(kind: str, cause: str, *moves: tuple[str, str, str, int]) -> Draft:
    """Build an entry of moves (to, source, currency, atoms)."""
    postings = []
    for to, source, currency, atoms in moves:
        postings.append(Posting(account=to, currency=currency, atoms=atoms))
        postings.append(Posting(account=source, currency=currency, atoms=-atoms))
    return Draft(kind=kind, cause=cause, memo=f"{kind} of {cause}", postings=tuple(postings))


def capital(cause: str = "start", *, atoms: int = 10_000_000_000) -> Draft:
    """10,000 USDC of paper capital."""
    return draft("open", cause, (accounts.CASH, accounts.CAPITAL, "USDC", atoms))


def deposit(cause: str = "mint") -> Draft:
    """An LP's deposit: 3 WETH and 6,000 USDC into the pool, more atoms than 63 bits hold."""
    pool, owner = accounts.pool_account(POOL), accounts.deposits_account(POOL)
    return draft(
        "deposit",
        cause,
        (pool, owner, "WETH", 30 * 10**18),
        (pool, owner, "USDC", 60_000_000_000),
    )


def hedge_open(cause: str = "order-1", *, units: int = 10**18) -> Draft:
    """A put bought: premium 20.5, spread 0.5, fee 0.3 USDC."""
    return draft(
        "hedge_open",
        cause,
        (accounts.hedge_account(POOL), accounts.CONTRACTS, PUT, units),
        (accounts.premium_account(pool=POOL, layer=LAYER), accounts.CASH, "USDC", 20_500_000),
        (accounts.spread_account(pool=POOL, layer=LAYER), accounts.CASH, "USDC", 500_000),
        (accounts.venue_fees_account(pool=POOL, layer=LAYER), accounts.CASH, "USDC", 300_000),
    )


def hedge_settle(cause: str = "order-2", *, units: int = 10**18) -> Draft:
    """The put expires 150 USDC in the money."""
    return draft(
        "hedge_settle",
        cause,
        (accounts.CONTRACTS, accounts.hedge_account(POOL), PUT, units),
        (accounts.CASH, accounts.payoff_account(pool=POOL, layer=LAYER), "USDC", 150_000_000),
    )


def chain_of(*drafts: Draft, head: LedgerHead | None = None) -> tuple[Entry, ...]:
    """Seal drafts one behind the other, a block apart."""
    head = head or LedgerHead()
    entries = []
    for item in drafts:
        entry = seal(
            item,
            head=head,
            tick=head.seq,
            time_s=NOON_S + 12 * head.seq,
            block_number=100 + head.seq,
            block_hash=f"0x{head.seq:064x}",
        )
        head = LedgerHead(seq=entry.seq, hash=entry.hash)
        entries.append(entry)
    return tuple(entries)


def whole_life() -> tuple[Entry, ...]:
    """Capital, a deposit, a hedge bought, undone by a reorg, bought again and settled."""
    start = chain_of(capital(), deposit(), hedge_open("order-on-a-lost-block"))
    return start + chain_of(
        reversal(start[-1], cause="reorg"),
        hedge_open(),
        hedge_settle(),
        head=LedgerHead(seq=start[-1].seq, hash=start[-1].hash),
    )


def appends() -> Iterator[tuple[str, int, str, tuple[Entry, ...]]]:
    """The rows of a small book: (kind, tick, body, entries), some with none, one or two."""
    entries = whole_life()
    yield "open", 0, '{"chain":31337}', entries[:1]
    yield "plan", 1, '{"orders":[]}', ()
    yield "record", 1, '{"tick":1,"note":"déjà vu"}', entries[1:3]
    yield "undo", 2, '{"from":1}', entries[3:4]
    yield "record", 2, '{"tick":2}', entries[4:5]
    yield "record", 3, f'{{"tick":3,"filler":"{"x" * 6000}"}}', entries[5:]


def fill(book: Journal) -> list[Row]:
    """Write the small book into a store."""
    return [
        book.append(kind=kind, tick=tick, body=body, entries=entries)
        for kind, tick, body, entries in appends()
    ]
