"""What the ledger calls fees and rebalancing, against the growth of sqrt(k) per LP token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.accounts import deposits_account, pool_account, pool_fees_account, rebalancing_account
from bot.core.actions import AddLiquidity, RemoveLiquidity, Role, SetFee, Swap, TransferLp
from bot.core.bookkeeping import claim_drafts
from bot.core.exposure import claim_down
from bot.core.ledger import Draft
from bot.core.model_stage import model_specs
from bot.core.pool_model import UNFUNDED, OwnerChange, Pools, apply
from bot.core.snapshot import EventKind, PoolState, PositionEvent
from tests.builders.scripts import two_days
from tests.oracles.amm import protocol_liquidity, root

POOL = "WETH-USDC"
SPECS = {spec.name: spec for spec in model_specs(two_days())}
SPEC = SPECS[POOL]
FUNDS = AddLiquidity(
    role=Role.OUTSIDER, pool=POOL, base_atoms=1_000 * 10**18, quote_atoms=2_000_000 * 10**6,
    base_min_atoms=0, quote_min_atoms=0,
)  # fmt: skip
OWN = replace(FUNDS, role=Role.OWNER, base_atoms=100 * 10**18, quote_atoms=200_000 * 10**6)

swaps = st.builds(
    Swap,
    role=st.just(Role.TRADER),
    pool=st.just(POOL),
    sells_base=st.booleans(),
    amount_in_atoms=st.integers(10**9, 10**11),
    amount_out_min_atoms=st.just(0),
).map(lambda swap: replace(swap, amount_in_atoms=swap.amount_in_atoms * 10**9)
      if swap.sells_base else swap)  # fmt: skip
moves = st.one_of(
    st.integers(1, 100).map(lambda n: replace(OWN, base_atoms=n * 10**18)),
    st.integers(10**9, 10**13).map(
        lambda lp: RemoveLiquidity(
            role=Role.OWNER, pool=POOL, lp_atoms=lp, base_min_atoms=0, quote_min_atoms=0
        )
    ),
    # From one atom of LP tokens, whose own claim is nothing, to a good part of the position.
    st.sampled_from([1, 7, 10**6, 10**12]).map(
        lambda lp: TransferLp(sender=Role.OWNER, receiver=Role.OUTSIDER, pool=POOL, lp_atoms=lp)
    ),
    st.sampled_from([1, 10**6, 10**12]).map(
        lambda lp: TransferLp(sender=Role.OUTSIDER, receiver=Role.OWNER, pool=POOL, lp_atoms=lp)
    ),
)


@dataclass(frozen=True)
class Interval:
    """One tick's worth of a pool's life: before, after trading, after the owner's moves."""

    before: PoolState
    traded: PoolState
    after: PoolState
    events: tuple[PositionEvent, ...]

    def drafts(self) -> tuple[list[Draft], tuple[int, int]]:
        return claim_drafts(
            SPEC,
            self.events,
            booked=claim_down(SPEC, self.before),
            lp_before_atoms=self.before.lp_balance,
            claim=claim_down(SPEC, self.after),
            price=self.after.price(SPEC),
            cause="tick",
        )


def lived(*, fee_on: bool, trades: Sequence[Swap], changes: Sequence[object]) -> Interval:
    """A funded pool, traded on, and then the owner's moves, all in blocks a minute apart."""
    pools: Pools = {POOL: UNFUNDED}
    for action in (SetFee(on=fee_on), FUNDS, OWN):
        pools, _ = apply(pools, action, specs=SPECS, block_time_s=1_000)
    before = pools[POOL]
    for trade in trades:
        pools, _ = apply(pools, trade, specs=SPECS, block_time_s=1_060)
    traded, seen = pools[POOL], []
    for change in changes:
        pools, owned = apply(pools, change, specs=SPECS, block_time_s=1_120)  # type: ignore[arg-type]
        assert owned is not None
        seen.append(owned)
    events = tuple(told(one, pools[POOL], place) for place, one in enumerate(seen))
    return Interval(before=before, traded=traded, after=pools[POOL], events=events)


def told(change: OwnerChange, pool: PoolState, place: int) -> PositionEvent:
    """As a chain tells it: a transfer is worth its claim at the end of the block."""
    base, quote = change.amounts
    if change.kind in (EventKind.SEND, EventKind.RECEIVE):
        base, quote = claim_down(SPEC, replace(pool, lp_balance=change.lp_atoms))
    return PositionEvent(
        pool=POOL, kind=change.kind, lp_atoms=change.lp_atoms, base_atoms=base,
        quote_atoms=quote, block_number=2, log_index=place, tx_hash="0x1",
    )  # fmt: skip


def booked(drafts: Sequence[Draft], account: str) -> tuple[int, int]:
    """(base, quote) atoms that entries post to an account."""
    base, quote = (
        sum(
            posting.atoms
            for draft in drafts
            for posting in draft.postings
            if (posting.account, posting.currency) == (account, symbol)
        )
        for symbol in (SPEC.base.symbol, SPEC.quote.symbol)
    )
    return base, quote


def growth(interval: Interval) -> Fraction:
    """sqrt(k) per LP token after the trades over before, the protocol's share taken off."""
    before, after = interval.before, interval.traded
    k_before, k_after = before.reserve0 * before.reserve1, after.reserve0 * after.reserve1
    taken = (
        protocol_liquidity(k_after, before.k_last, after.total_supply)
        if after.fee_on and k_after > before.k_last
        else Decimal(0)
    )
    per_token = Fraction(root(k_after)) / (after.total_supply + Fraction(taken))
    return per_token / (Fraction(root(k_before)) / before.total_supply)


def slacks(claim: tuple[int, int], changes: Sequence[object]) -> tuple[int, int]:
    """A few atoms of the coarser token, and as much of the other, for every rounding there is."""
    roundings = 4 * (len(changes) + 1)
    base, quote = (atoms + 1 for atoms in claim)
    return roundings * (base // quote + 1), roundings * (quote // base + 1)


@settings(max_examples=80)
@given(
    fee_on=st.booleans(),
    trades=st.lists(swaps, min_size=1, max_size=5),
    changes=st.lists(moves, max_size=4),
)
def test_fees_by_token_are_the_growth_of_sqrt_k_per_lp_token(
    fee_on: bool, trades: list[Swap], changes: list[object]
) -> None:
    """Also with mints, burns and transfers in the same interval, and with the protocol's fee.

    What a feeless pool would pay out of the traded position is 1/growth of it, side by side; the
    owner's own moves come after the trades and earn nothing.
    """
    interval = lived(fee_on=fee_on, trades=trades, changes=changes)
    drafts, _ = interval.drafts()
    claim = claim_down(SPEC, interval.traded)
    found = booked(drafts, pool_fees_account(POOL))
    share = 1 - 1 / growth(interval)
    for income, whole, slack in zip(found, claim, slacks(claim, changes), strict=True):
        assert abs(-income - whole * share) <= slack, (found, claim, share)


@settings(max_examples=80)
@given(fee_on=st.booleans(), changes=st.lists(moves, min_size=1, max_size=5))
def test_deposits_withdrawals_and_transfers_are_neither_income_nor_rebalancing(
    fee_on: bool, changes: list[object]
) -> None:
    """Bug: a transfer of a few atoms was taken for a measure of the whole position."""
    interval = lived(fee_on=fee_on, trades=[], changes=changes)
    drafts, _ = interval.drafts()
    for draft in drafts:  # each entry on its own, not only their sum
        for account in (pool_fees_account(POOL), rebalancing_account(POOL)):
            found = booked([draft], account)
            for atoms, slack in zip(
                found, slacks(claim_down(SPEC, interval.after), changes), strict=True
            ):
                assert abs(atoms) <= slack, draft


@settings(max_examples=80)
@given(
    fee_on=st.booleans(), trades=st.lists(swaps, max_size=4), changes=st.lists(moves, max_size=5)
)
def test_the_pool_account_ends_at_the_claim_and_the_owner_at_what_moved(
    fee_on: bool, trades: list[Swap], changes: list[object]
) -> None:
    interval = lived(fee_on=fee_on, trades=trades, changes=changes)
    drafts, claim = interval.drafts()
    assert claim == claim_down(SPEC, interval.after)
    start = claim_down(SPEC, interval.before)
    added = booked(drafts, pool_account(POOL))
    assert (start[0] + added[0], start[1] + added[1]) == claim
    signs = {EventKind.MINT: -1, EventKind.RECEIVE: -1, EventKind.BURN: 1, EventKind.SEND: 1}
    moved = tuple(
        sum(signs[event.kind] * atoms for event, atoms in zip(interval.events, side, strict=True))
        for side in (
            [event.base_atoms for event in interval.events],
            [event.quote_atoms for event in interval.events],
        )
    )
    assert booked(drafts, deposits_account(POOL)) == moved
    causes = [(draft.kind, draft.cause) for draft in drafts]
    assert len(causes) == len(set(causes))


def test_an_emptied_pool_books_what_moved_and_marks_nothing() -> None:
    drafts, claim = claim_drafts(
        SPEC, (), booked=(5, 7), lp_before_atoms=3, claim=None, price=None, cause="tick"
    )
    assert (drafts, claim) == ([], (5, 7))
