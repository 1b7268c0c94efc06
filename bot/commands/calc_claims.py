"""calc claim, strip and lvr: impermanent loss as a claim, its options, and what arbitrage takes."""

from __future__ import annotations

from argparse import Namespace
from math import inf
from typing import TYPE_CHECKING

from bot.commands.terminal import Terminal
from bot.core.errors import OptionInputError, UsageError

if TYPE_CHECKING:
    from bot.core.option_legs import OptionPrices
    from bot.core.residual import Position

YEAR_DAYS = 365.0
YEAR_S = 365 * 86_400

LOG_SV_FLAGS = ("theta", "kappa1", "kappa2", "beta", "volvol")
OU_FLAGS = ("mean_reversion", "mean", "price")

CLAIM_LABELS = {
    "value": "expected loss over entry value, quote",
    "premium": "what protection against it costs, quote",
    "forward": "expected price at the horizon",
    "vol": "constant volatility with the same spread at the horizon",
    "loss_now": "the loss at the price now, quote",
    "lvr_fraction": "what arbitrage takes until then, full range, over the value now",
}
STRIP_LABELS = {
    "legs": "options to buy: kind, strike, quantity in base",
    "value": "expected loss as these legs price it, quote; buying them costs minus it",
    "value_continuous": "the same of a strip without steps, quote",
    "residual_max": "what legs and loss differ by at the most over the covered range, quote",
}
LVR_LABELS = {
    "lvr_fraction": "loss versus rebalancing, over the position's value",
    "efficiency": "liquidity over that of a full range of the same value",
    "arb_share": "share of it that arbitrage takes with this fee and block time",
    "arb_fraction": "what arbitrage takes of it with this fee and block time, the same",
}


def claim(args: Namespace, terminal: Terminal) -> int:
    """What protection of a position against impermanent loss is worth."""
    _refuse_unless_moving(args)
    for model, flags in (("log-sv", LOG_SV_FLAGS), ("ou", OU_FLAGS)):
        stray = [name for name in flags if getattr(args, name) is not None]
        if stray and args.model != model:
            problem = f"--{stray[0].replace('_', '-')} belongs to --model {model}"
            raise UsageError(problem=problem, command="calc claim")
    if args.model == "log-sv":
        return _log_sv(args, terminal)
    if args.model == "ou":
        return _ou(args, terminal)
    from bot.core.claim import claim_value, position_value

    position = position_of(args)
    given = {
        "entry": position.entry,
        "forward": position.entry if args.forward is None else args.forward,
        "vol": args.vol,
        "years": args.days / YEAR_DAYS,
        "lower": position.lower,
        "upper": position.upper,
        "notional": position.notional,
    }
    value = claim_value(**given).item()
    figures = {"value": value, "premium": 0.0 - value}
    if terminal.wants_json:
        terminal.emit(figures)
        return 0
    lp = position_value(**given)
    rows = [(key, f"{figure:.10g}", CLAIM_LABELS[key]) for key, figure in figures.items()]
    rows += [
        ("lp value", f"{lp.value.item():.10g}", "the position, its time value included, quote"),
        ("lp delta", f"{lp.delta.item():.10g}", "base, per 1 of the forward"),
        ("lp gamma", f"{lp.gamma.item():.10g}", "change of delta, per 1 of the forward"),
        ("lp vega", f"{lp.vega.item():.10g}", "quote, per 1.00 of volatility"),
        ("lp theta", f"{lp.theta.item():.10g}", "quote per year of time passing"),
    ]
    terminal.table(("key", "value", ""), rows, right=("value",))
    return 0


def _log_sv(args: Namespace, terminal: Terminal) -> int:
    """The claim under log-normal stochastic volatility; --vol is the volatility now."""
    if missing := [f"--{name}" for name in LOG_SV_FLAGS if getattr(args, name) is None]:
        problem = f"--model log-sv needs {', '.join(missing)} too"
        raise UsageError(problem=problem, command="calc claim")
    from bot.core.claim_transform import log_sv_claim
    from bot.core.log_sv import LogSv

    model = LogSv(vol=args.vol, **{name: getattr(args, name) for name in LOG_SV_FLAGS})
    value = log_sv_claim(
        model, position_of(args), years=args.days / YEAR_DAYS, forward=args.forward
    ).item()
    terminal.figures({"value": value, "premium": 0.0 - value}, CLAIM_LABELS)
    return 0


def _ou(args: Namespace, terminal: Terminal) -> int:
    """The claim on a price that comes back, such as a volatility token's; --vol is of moments."""
    if args.mean_reversion is None or args.forward is not None:
        problem = "--model ou needs --mean-reversion, and its forward follows from it"
        raise UsageError(problem=problem, command="calc claim")
    from bot.core.claim import claim_payoff
    from bot.core.vol_token_pool import VolToken, ou_claim, ou_lvr

    position, years = position_of(args), args.days / YEAR_DAYS
    price = position.entry if args.price is None else args.price
    mean = position.entry if args.mean is None else args.mean
    model = VolToken(mean=mean, reversion=args.mean_reversion, vol=args.vol)
    value = ou_claim(model, position, years=years, price=price)
    now = claim_payoff(
        price, entry=position.entry, lower=position.lower, upper=position.upper,
        notional=position.notional,
    )  # fmt: skip
    figures = {
        "value": value,
        "premium": 0.0 - value,
        "forward": model.forward(price, years),
        "vol": model.vol_until(years),
        "loss_now": now.item(),
        "lvr_fraction": ou_lvr(model, years=years, price=price),
    }
    terminal.figures(figures, CLAIM_LABELS)
    return 0


def strip(args: Namespace, terminal: Terminal) -> int:
    """The options on even strikes that replicate a position's loss, and what they miss."""
    from bot.core.replication import strip_ends, strip_legs, strip_value
    from bot.core.residual import residual_bounds

    if (args.vol is None) != (args.days is None):
        raise UsageError(problem="give --vol and --days together", command="calc strip")
    position = position_of(args)
    legs = strip_legs(position, step=args.step)
    low, high = strip_ends(position)
    value = continuous = None
    if args.vol is not None:
        _refuse_unless_moving(args)
        prices = black_prices(forward=position.entry, vol=args.vol, years=args.days / YEAR_DAYS)
        value = 0.0 - legs.cost(prices).item()
        continuous = strip_value(prices, position)
    bounds = residual_bounds(legs, position, low=low, high=high)
    rows = [
        {"kind": "call" if is_call else "put", "strike": strike, "quantity": quantity}
        for is_call, strike, quantity in zip(
            legs.is_call.tolist(), legs.strikes.tolist(), legs.quantities.tolist(), strict=True
        )
    ]
    figures = {
        "value": value,
        "value_continuous": continuous,
        "residual_max": bounds.worst,
    }
    if terminal.wants_json:
        terminal.emit({"legs": rows, **figures})
        return 0
    terminal.table(
        ("kind", "strike", "quantity"),
        [(row["kind"], f"{row['strike']:.10g}", f"{row['quantity']:.10g}") for row in rows],
        right=("strike", "quantity"),
    )
    covered = f"covered: final prices from {low:.10g} to {high:.10g}"
    terminal.figures(figures, STRIP_LABELS, title=covered)
    return 0


def lvr(args: Namespace, terminal: Terminal) -> int:
    """Loss versus rebalancing, and what arbitrage takes of it with fees and block time."""
    from bot.core.lvr import efficiency_of, lvr_rate, trade_share_constant, trade_share_poisson

    _refuse_unless_moving(args)
    price = args.entry if args.price is None else args.price
    if price is None and not (args.lower is None and args.upper is None):
        raise UsageError(problem="a range needs --price (or --entry)", command="calc lvr")
    if (args.fee_bps is None) != (args.block_seconds is None):
        raise UsageError(problem="give --fee-bps and --block-seconds together", command="calc lvr")
    refuse_unless_above_zero(entry=args.entry, block_seconds=args.block_seconds)
    where = {
        "price": 1.0 if price is None else price,
        "lower": 0.0 if args.lower is None else args.lower,
        "upper": inf if args.upper is None else args.upper,
    }
    taken = lvr_rate(args.vol, **where).item() * (args.days / YEAR_DAYS)
    figures: dict[str, float | None] = {
        "lvr_fraction": taken,
        "efficiency": efficiency_of(**where).item(),
        "arb_share": None,
        "arb_fraction": None,
    }
    if args.fee_bps is not None:
        share_of = trade_share_constant if args.blocks == "constant" else trade_share_poisson
        share = share_of(
            args.vol, fee=args.fee_bps / 10_000, block_years=args.block_seconds / YEAR_S
        ).item()
        figures |= {"arb_share": share, "arb_fraction": taken * share}
    terminal.figures(figures, LVR_LABELS)
    return 0


def position_of(args: Namespace) -> Position:
    """The position that --entry, --lower, --upper and --notional describe."""
    from bot.core.residual import Position

    return Position(
        entry=args.entry,
        lower=0.0 if args.lower is None else args.lower,
        upper=inf if args.upper is None else args.upper,
        notional=args.notional,
    )


def _refuse_unless_moving(args: Namespace) -> None:
    """Without time or volatility there is no expected loss to tell."""
    refuse_unless_above_zero(vol=args.vol, days=args.days)


def refuse_unless_above_zero(**given: float | None) -> None:
    """Refuse, by name, what was given and is not a number above 0."""
    for name, value in given.items():
        if value is not None and not 0.0 < value < inf:
            raise OptionInputError(name=name, value=value, problem="it must be above 0")


def black_prices(*, forward: float, vol: float, years: float) -> OptionPrices:
    """Black-76 for arrays of options, rate 0."""
    import numpy as np

    from bot.core.checked import Floats
    from bot.core.option_legs import Bools
    from bot.core.options import black_price
    from bot.core.orders import ContractKind

    def prices(is_call: Bools, strikes: Floats) -> Floats:
        return np.array(
            [
                black_price(
                    kind=ContractKind.CALL if call else ContractKind.PUT,
                    forward=forward,
                    strike=strike,
                    vol=vol,
                    years=years,
                )
                for call, strike in zip(is_call.tolist(), strikes.tolist(), strict=True)
            ]
        )

    return prices
