"""From facts to ledger entries: capital, the LP claim in tokens, and what the venue filled.

The claim is booked in its own two tokens, never at a price: what fees brought is income, what
swaps turned over is Equity:Rebalancing. docs/ledger.md has the chart of accounts and examples.
Why so: docs/adr/0004-ledger-in-tokens.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt

from bot.core import accounts
from bot.core.canonical import digest
from bot.core.ledger import Draft, Posting
from bot.core.orders import Fill, Intent, Order
from bot.core.position import OPENING
from bot.core.sleeves import ACCOUNTS, Sleeve
from bot.core.snapshot import EventKind, PoolSpec, PositionEvent
from bot.core.units import mul_div_down

Pair = tuple[int, int]
"""(base, quote) atoms."""


def capital_draft(capital: Mapping[str, int], *, cause: str) -> Draft:
    """The paper cash that a book starts with."""
    return Draft(
        kind="open",
        cause=cause,
        memo="paper capital",
        postings=tuple(
            posting
            for symbol, atoms in sorted(capital.items())
            for posting in (
                Posting(account=accounts.CASH, currency=symbol, atoms=atoms),
                Posting(account=accounts.CAPITAL, currency=symbol, atoms=-atoms),
            )
        ),
    )


def funding_draft(given: Mapping[str, int], *, cause: str) -> Draft:
    """Paper cash that the second engine is given of the book's."""
    return Draft(
        kind="fund",
        cause=cause,
        memo="second engine",
        postings=tuple(
            posting
            for symbol, atoms in sorted(given.items())
            for posting in _pair(accounts.ENGINE_CASH, accounts.CASH, symbol, atoms)
        ),
    )


def claim_drafts(
    spec: PoolSpec,
    events: Sequence[PositionEvent],
    *,
    booked: Pair,
    lp_before_atoms: int,
    claim: Pair | None,
    price: Fraction | None,
    cause: str,
) -> tuple[list[Draft], Pair]:
    """(entries, claim) that carry the booked claim of a pool to what the chain would pay out now.

    Deposits and withdrawals are booked at their own amounts, so neither is income. The share
    of the booked claim that a withdrawal takes is first marked to what was paid out for it.

    booked: claim as the ledger has it. lp_before_atoms: LP tokens held before the events.
    claim: payout of all LP tokens at this block; price: quote atoms per base atom. Both None while
    the pool is empty: then only deposits and withdrawals are booked.
    """
    drafts: list[Draft] = []
    parts, lp_atoms = [booked], lp_before_atoms
    for event in events:
        moved = (event.base_atoms, event.quote_atoms)
        event_cause = f"{cause}:{event.tx_hash}:{event.log_index}"
        if event.kind in OPENING:
            parts.append(moved)
            lp_atoms += event.lp_atoms
            drafts += _move(spec, event, moved, sign=1, cause=event_cause)
            continue
        taken = [_share_down(part, event.lp_atoms, lp_atoms) for part in parts]
        drafts += _mark(spec, taken, moved, _ratio(moved), cause=event_cause)
        parts = [
            (part[0] - gone[0], part[1] - gone[1]) for part, gone in zip(parts, taken, strict=True)
        ]
        lp_atoms -= event.lp_atoms
        drafts += _move(spec, event, moved, sign=-1, cause=event_cause)
    if claim is None:
        return drafts, _sum(parts)
    drafts += _mark(spec, parts, claim, price, cause=cause)
    return drafts, claim


def fill_draft(order: Order, fill: Fill, *, quote_symbol: str, margin_change_atoms: int) -> Draft:
    """The entry of one fill: units, cash, premium or payoff, spread, fee, margin.

    margin_change_atoms: margin that the fill sets aside (> 0) or sets free (< 0).
    """
    pool, layer, money = order.pool, order.layer, ACCOUNTS[order.sleeve]
    settled = order.intent is Intent.SETTLE
    postings: list[Posting] = []
    for leg_fill in fill.legs:
        leg = leg_fill.leg
        units = -leg.quantity_atoms if settled else leg.quantity_atoms
        postings += _pair(
            accounts.hedge_account(pool), accounts.CONTRACTS, leg.contract.code, units
        )
    result = (
        accounts.premium_account(pool=pool, layer=layer)
        if order.intent is Intent.OPEN
        else accounts.payoff_account(pool=pool, layer=layer)
    )
    at_mark = fill.cash_atoms + fill.spread_atoms
    postings += _pair(money.cash, result, quote_symbol, at_mark)
    postings += _pair(
        accounts.spread_account(pool=pool, layer=layer),
        money.cash,
        quote_symbol,
        fill.spread_atoms,
    )
    postings += _pair(
        accounts.venue_fees_account(pool=pool, layer=layer),
        money.cash,
        quote_symbol,
        fill.fee_atoms,
    )
    postings += _pair(money.margin, money.cash, quote_symbol, margin_change_atoms)
    return Draft(
        kind=f"hedge_{order.intent.value}",
        cause=order.id,
        memo=f"{order.reason}: {', '.join(leg.leg.contract.code for leg in fill.legs)}",
        postings=tuple(postings),
    )


def margin_draft(
    *, hedge_id: str, sleeve: Sleeve, quote_symbol: str, change_atoms: int, cause: str
) -> Draft:
    """Margin of an open hedge that the market's move sets aside (> 0) or sets free (< 0)."""
    money = ACCOUNTS[sleeve]
    return Draft(
        kind="margin",
        cause=digest(cause, hedge_id),
        memo=f"margin of {hedge_id}",
        postings=tuple(_pair(money.margin, money.cash, quote_symbol, change_atoms)),
    )


def debt_draft(*, sleeve: Sleeve, symbol: str, atoms: int, cause: str) -> Draft:
    """Cash that the venue lends because fills cost more than there is (> 0), or is paid back."""
    money = ACCOUNTS[sleeve]
    return Draft(
        kind="borrow" if atoms > 0 else "repay",
        cause=digest(cause, sleeve.value, symbol),
        memo=f"{symbol} owed to the venue by the {sleeve.value}",
        postings=tuple(_pair(money.cash, money.debt, symbol, atoms)),
    )


def _pair(to: str, source: str, currency: str, atoms: int) -> list[Posting]:
    """`atoms` into one account and out of another; nothing when there is nothing to move."""
    if atoms == 0:
        return []
    return [
        Posting(account=to, currency=currency, atoms=atoms),
        Posting(account=source, currency=currency, atoms=-atoms),
    ]


def _move(
    spec: PoolSpec, event: PositionEvent, moved: Pair, *, sign: int, cause: str
) -> list[Draft]:
    pool_account, owner_account = (
        accounts.pool_account(spec.name),
        accounts.deposits_account(spec.name),
    )
    postings = [
        posting
        for token, atoms in zip((spec.base, spec.quote), moved, strict=True)
        for posting in _pair(pool_account, owner_account, token.symbol, sign * atoms)
    ]
    if not postings:
        return []
    kind = "deposit" if event.kind in (EventKind.MINT, EventKind.RECEIVE) else "withdraw"
    memo = f"{event.kind.value} of {event.lp_atoms} LP atoms"
    return [Draft(kind=kind, cause=cause, memo=memo, postings=tuple(postings))]


def _mark(
    spec: PoolSpec, parts: Sequence[Pair], claim: Pair, price: Fraction | None, *, cause: str
) -> list[Draft]:
    """Carry the booked parts to `claim`; what a feeless pool would not have given is fees."""
    booked = _sum(parts)
    if booked == claim:
        return []
    feeless = booked if price is None else _feeless(parts, price)
    pool_account = accounts.pool_account(spec.name)
    sources = (accounts.pool_fees_account(spec.name), accounts.rebalancing_account(spec.name))
    postings: list[Posting] = []
    for token, now, without_fees, before in zip(
        (spec.base, spec.quote), claim, feeless, booked, strict=True
    ):
        changes = (now - without_fees, without_fees - before)
        into = [(pool_account, now - before), *zip(sources, (-c for c in changes), strict=True)]
        postings += [
            Posting(account=account, currency=token.symbol, atoms=atoms)
            for account, atoms in into
            if atoms
        ]
    memo = f"claim {claim[0]} {spec.base.symbol} + {claim[1]} {spec.quote.symbol} atoms"
    return [Draft(kind="mark", cause=cause, memo=memo, postings=tuple(postings))]


def _feeless(parts: Sequence[Pair], price: Fraction) -> Pair:
    """What the parts would be at `price` had nobody paid a fee: base*quote kept, rounded down."""
    base = quote = 0
    for part_base, part_quote in parts:
        k = part_base * part_quote
        base += isqrt(k * price.denominator // price.numerator)
        quote += isqrt(k * price.numerator // price.denominator)
    return base, quote


def _share_down(part: Pair, lp_atoms: int, lp_held_atoms: int) -> Pair:
    return (
        mul_div_down(part[0], lp_atoms, lp_held_atoms),
        mul_div_down(part[1], lp_atoms, lp_held_atoms),
    )


def _sum(parts: Sequence[Pair]) -> Pair:
    return sum(part[0] for part in parts), sum(part[1] for part in parts)


def _ratio(moved: Pair) -> Fraction | None:
    return Fraction(moved[1], moved[0]) if moved[0] and moved[1] else None
