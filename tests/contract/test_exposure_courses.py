"""Random trading on the real pair: the exposure is what a burn would pay, the lots add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

import pytest
from brownie import accounts
from brownie.test import given
from hypothesis import settings
from hypothesis import strategies as st

from bot.core.exposure import Exposure, claim_down, exposure_of
from bot.core.position import Position, apply_event
from bot.core.snapshot import EventKind, PositionEvent
from tests.contract.pool_reading import (
    NEVER_S,
    NOBODY,
    empty_pair,
    equip,
    in_order,
    read_state,
    spec_of,
)

RUNS = 2
STEPS = 15
SEED_WHOLE = 10**7
SEED_DECIMALS_MAX = 20


@dataclass(frozen=True)
class Move:
    """One of `Trading.moves`, with the share that it is of; a trade pays in the token of a side."""

    name: str
    side: int
    share: Fraction


shares = st.fractions(Fraction(1, 1000), Fraction(9, 10))
sides = st.sampled_from([0, 1])


@dataclass(frozen=True)
class World:
    """A pair without liquidity and two accounts that have plenty of its tokens."""

    factory: Any
    router: Any
    pair: Any
    base: Any
    quote: Any
    owner: Any
    stranger: Any
    fee_at_start: bool


class Trading:
    """An LP whose LP tokens are minted, burnt, sent and received while others trade."""

    moves = ("swap", "mint", "stranger_mints", "burn", "send", "receive", "toggle_the_protocol_fee")

    def __init__(self, world: World) -> None:
        for field in fields(world):
            setattr(self, field.name, getattr(world, field.name))
        self.tokens = in_order(world.pair, (world.base, world.quote))
        self.spec = spec_of(world.pair, base=world.base, quote=world.quote)
        self.position = Position(pool=self.spec.name)
        self.step = 0
        self.put = [0, 0]

    def open_the_pool(self, side: int, share: Fraction) -> None:
        """The stranger is first, the owner second; a first trade leaves fees to be shared."""
        if self.fee_at_start:
            self.toggle_the_protocol_fee()
        amounts = {
            token: SEED_WHOLE * 10 ** min(int(token.decimals()), SEED_DECIMALS_MAX)
            for token in self.tokens
        }
        self._add(self.stranger, amounts)
        self.mint(side, share)
        self.swap(side, share)

    def play(self, move: Move) -> None:
        """Make the move; then everything must still hold."""
        getattr(self, move.name)(move.side, move.share)
        self.the_claim_is_what_a_burn_would_pay()
        self.the_figures_and_the_lots_add_up()

    def swap(self, side: int, share: Fraction) -> None:
        """Somebody trades."""
        token_in, token_out = self.tokens[side], self.tokens[1 - side]
        paid = int(self.pair.getReserves()[side] * share)
        self.router.swapExactTokensForTokens(
            paid, 0, [token_in, token_out], self.stranger, NEVER_S, {"from": self.stranger}
        )

    def mint(self, _side: int, share: Fraction) -> None:
        """The owner adds liquidity."""
        self._follow(EventKind.MINT, lambda: self._add(self.owner, self._part(share)))

    def stranger_mints(self, _side: int, share: Fraction) -> None:
        """Somebody else adds liquidity."""
        self._add(self.stranger, self._part(share))

    def burn(self, _side: int, share: Fraction) -> None:
        """The owner takes liquidity out, sometimes all of it."""
        held = int(self.pair.balanceOf(self.owner))
        burnt = held if share > Fraction(1, 2) else int(held * share)
        if burnt:
            self._follow(EventKind.BURN, lambda: self._remove(self.owner, burnt))

    def send(self, _side: int, share: Fraction) -> None:
        """The owner gives LP tokens away."""
        sent = int(self.pair.balanceOf(self.owner) * share)
        if sent:
            self._follow(EventKind.SEND, lambda: self._give(self.owner, self.stranger, sent))

    def receive(self, _side: int, share: Fraction) -> None:
        """The owner is given LP tokens."""
        sent = int(self.pair.balanceOf(self.stranger) * share) // 2
        if sent:
            self._follow(EventKind.RECEIVE, lambda: self._give(self.stranger, self.owner, sent))

    def toggle_the_protocol_fee(self, *_unused: object) -> None:
        """The factory's fee goes on, or off."""
        collector = accounts[3] if self.factory.feeTo() == NOBODY else NOBODY
        self.factory.setFeeTo(collector, {"from": self.factory.feeToSetter()})

    def the_claim_is_what_a_burn_would_pay(self) -> None:
        """Asked of the router in an eth_call of the whole withdrawal."""
        state = read_state(self.pair, factory=self.factory, owner=self.owner)
        claim = claim_down(self.spec, state)
        if state.lp_balance:
            assert claim == self._remove(self.owner, state.lp_balance, really=False)
        else:
            assert claim == (0, 0)

    def the_figures_and_the_lots_add_up(self) -> None:
        """In atoms."""
        exposure = self._exposure()
        assert exposure.funded_pnl_atoms == (
            exposure.price_exposure_atoms + exposure.il_atoms + exposure.fees_atoms
        )
        assert exposure.il_atoms <= 0
        done = self.position.realised
        assert self.put == [
            done.entry_base_atoms + exposure.entry_base_atoms,
            done.entry_quote_atoms + exposure.entry_quote_atoms,
        ]

    def _exposure(self) -> Exposure:
        state = read_state(self.pair, factory=self.factory, owner=self.owner)
        return exposure_of(self.spec, state, self.position)

    def _follow(self, kind: EventKind, act: Callable[[], object]) -> None:
        """Do it, tell the position, and find that it was neither profit nor loss."""
        before = read_state(self.pair, factory=self.factory, owner=self.owner)
        pnl = exposure_of(self.spec, before, self.position).funded_pnl_atoms
        entry = self.position.realised.entry_quote_atoms
        wallet = self._wallet()
        act()
        after = read_state(self.pair, factory=self.factory, owner=self.owner)
        moved = abs(after.lp_balance - before.lp_balance)
        flows = [abs(now - then) for now, then in zip(self._wallet(), wallet, strict=True)]
        if kind in (EventKind.SEND, EventKind.RECEIVE):
            flows = list(claim_down(self.spec, replace(after, lp_balance=moved)))
        self.step += 1
        event = PositionEvent(
            pool=self.spec.name,
            kind=kind,
            lp_atoms=moved,
            base_atoms=flows[0],
            quote_atoms=flows[1],
            block_number=self.step,
            log_index=0,
            tx_hash="0x",
        )
        self.position = apply_event(self.position, event, block_time_s=self.step)
        price = before.price(self.spec)
        gained = exposure_of(self.spec, after, self.position).funded_pnl_atoms - pnl
        if kind in (EventKind.BURN, EventKind.SEND):
            consumed = self.position.realised.entry_quote_atoms - entry
            gained += int(flows[0] * price) + flows[1] - 2 * consumed
        else:
            self.put = [sum(pair) for pair in zip(self.put, flows, strict=True)]
        lp_atom = Fraction(before.reserves(self.spec)[1], before.total_supply)
        assert abs(gained) <= 8 * (price + 1) + 8 * lp_atom

    def _wallet(self) -> list[int]:
        return [int(token.balanceOf(self.owner)) for token in (self.base, self.quote)]

    def _part(self, share: Fraction) -> dict[Any, int]:
        """A deposit in proportion to the reserves, a little off so that the router must choose."""
        reserves = self.pair.getReserves()
        return {
            token: int(reserves[number] * share) + number
            for number, token in enumerate(self.tokens)
        }

    def _add(self, account: Any, amounts: dict[Any, int]) -> None:
        self.router.addLiquidity(
            *amounts, *amounts.values(), 0, 0, account, NEVER_S, {"from": account}
        )

    def _remove(
        self, account: Any, lp_atoms: int, *, really: bool = True
    ) -> tuple[int, ...] | None:
        send = self.router.removeLiquidity if really else self.router.removeLiquidity.call
        paid = send(self.base, self.quote, lp_atoms, 0, 0, account, NEVER_S, {"from": account})
        return None if really else tuple(int(amount) for amount in paid)

    def _give(self, giver: Any, taker: Any, lp_atoms: int) -> None:
        self.pair.transfer(taker, lp_atoms, {"from": giver})


@dataclass(frozen=True)
class Kind:
    """Of a pool. decimals: of its tokens, in no order. base_first: whether token0 is the base."""

    decimals: tuple[int, int]
    base_first: bool
    fee_at_start: bool


KINDS = (
    Kind((18, 6), base_first=True, fee_at_start=True),
    Kind((6, 18), base_first=False, fee_at_start=False),
    Kind((0, 36), base_first=True, fee_at_start=True),
)

moves = st.builds(Move, st.sampled_from(Trading.moves), sides, shares)
# Not a RuleBasedStateMachine: the first ten examples of hypothesis 6.27 are cut to a step or two.
courses = st.lists(moves, min_size=STEPS, max_size=STEPS)


@settings(max_examples=RUNS)
@given(opening=moves, course=courses)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.decimals} decimals")
def test_a_position_is_worth_what_the_chain_would_pay_whatever_happens(
    kind: Kind,
    opening: Move,
    course: list[Move],
    factory: Any,
    router: Any,
    token_factory: Any,
) -> None:
    tokens = tuple(token_factory(places, f"T{places}") for places in kind.decimals)
    pair = empty_pair(factory, tokens)
    base, quote = in_order(pair, tokens) if kind.base_first else in_order(pair, tokens)[::-1]
    owner, stranger = accounts[1], accounts[2]
    for account in (owner, stranger):
        equip(account, tokens=tokens, pair=pair, router=router)
    trading = Trading(
        World(
            factory=factory,
            router=router,
            pair=pair,
            base=base,
            quote=quote,
            owner=owner,
            stranger=stranger,
            fee_at_start=kind.fee_at_start,
        )
    )
    trading.open_the_pool(opening.side, opening.share)
    for move in course:
        trading.play(move)
