"""Every command and flag. Imports nothing but argparse: `--help` answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable

EPILOG = "Paper trading only: no order leaves this machine, and nothing here is advice."

Adder = Callable[..., argparse.ArgumentParser]


def build_parser() -> argparse.ArgumentParser:
    """The whole command line. `handler` of the result is `module:function`."""
    parser = argparse.ArgumentParser(
        prog="layerhedge",
        description="Paper-trade layered option hedges for Uniswap liquidity positions.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    # The shared flags stand before or after the command: a flag that is absent sets nothing, and
    # these defaults count only where neither place has set one.
    _shared(parser)
    parser.set_defaults(json=False, no_color=False, verbose=0, book=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(
        name: str, text: str, handler: str, under: object = commands
    ) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = under.add_parser(  # type: ignore[attr-defined]
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        _shared(command)
        command.set_defaults(handler=f"bot.commands.{handler}")
        return command

    def group(name: str, text: str) -> object:
        parent = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        _shared(parent)
        return parent.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)

    _add_runs(add)
    _add_looks(add)
    _add_books(add, group)
    _add_tools(add, group)
    return parser


def _shared(parser: argparse.ArgumentParser) -> None:
    """The flags of every command."""
    absent = argparse.SUPPRESS
    parser.add_argument("--json", action="store_true", default=absent, help="output for machines")
    parser.add_argument(
        "--book", metavar="PATH", default=absent, help="the book; by default the newest one"
    )
    parser.add_argument("--no-color", action="store_true", default=absent, help="no colours")
    parser.add_argument(
        "-v", "--verbose", action="count", default=absent, help="more detail; -vv with tracebacks"
    )


def _add_runs(add: Adder) -> None:
    demo = add("demo", "play a crash on a local chain and hedge it", "runs:demo")
    demo.add_argument("--scenario", metavar="NAME", default="crash", help="name or .toml file")
    demo.add_argument("--node", choices=("anvil", "ganache"), default="anvil")
    demo.add_argument("--rules", metavar="FILE", help="rule file; the scenario names one")
    demo.add_argument("--report", metavar="FILE", help="where the report goes")
    pace = demo.add_mutually_exclusive_group()
    pace.add_argument("--fast", action="store_true", help="as fast as the chain goes")
    pace.add_argument(
        "--pace", type=_seconds, metavar="SECONDS", help="least time a step (default 0.15)"
    )
    run = add("run", "hedge a real position on paper, from any RPC", "runs:run")
    _config(run)
    run.add_argument("--max-ticks", type=_count, metavar="N", help="stop after so many ticks")
    run.add_argument("--once", action="store_true", help="one tick, then stop")
    run.add_argument(
        "--fork-url", metavar="URL", help="fork this RPC in a local Anvil and read that"
    )
    run.add_argument("--no-live", action="store_true", help="one line an event, no live picture")
    replay = add("replay", "play a scenario or a journal again", "runs:replay")
    source = replay.add_mutually_exclusive_group(required=True)
    source.add_argument("scenario", nargs="?", metavar="SCENARIO", help="name or .toml file")
    source.add_argument("--journal", metavar="FILE", help="a book whose journal is replayed")
    replay.add_argument("--rules", metavar="FILE", help="rule file; the scenario names one")
    replay.add_argument("--engine", choices=("model", "anvil", "ganache"), default="model")


def _add_looks(add: Adder) -> None:
    add("status", "show where the book stands", "looks:status")
    inspect = add("inspect", "look at one tick and print the plan, book nothing", "runs:inspect")
    _config(inspect)
    inspect.add_argument("--fork-url", metavar="URL", help="fork this RPC in a local Anvil")
    explain = add("explain", "say why a tick did what it did", "looks:explain")
    explain.add_argument("tick", metavar="TICK", help="its number, or `last`")
    add("positions", "show LP positions and open hedges", "looks:positions")
    history = add("history", "show what happened", "looks:history")
    history.add_argument("-n", type=_count, metavar="N", default=20, help="the last N events")


def _add_books(add: Adder, group: Callable[[str, str], object]) -> None:
    ledger = group("ledger", "check, show or export the ledger")
    add("check", "derive the whole book anew and compare", "books:ledger_check", ledger)
    show = add("show", "show balances and the last entries", "books:ledger_show", ledger)
    show.add_argument("-n", type=_count, metavar="N", default=10, help="the last N entries")
    export = add("export", "write the ledger to a file", "books:ledger_export", ledger)
    export.add_argument("--format", choices=("beancount", "csv", "parquet"), required=True)
    export.add_argument("-o", "--output", metavar="FILE", help="stdout without it")
    journal = group("journal", "verify the journal")
    add("verify", "decide every recorded tick again", "books:journal_verify", journal)
    report = add("report", "write the report as one HTML file", "books:report")
    report.add_argument("-o", "--output", metavar="FILE", help="beside the book without it")
    health = add("health", "tell by exit code whether a run is alive", "books:health")
    health.add_argument(
        "--max-age", type=_count, metavar="SECONDS", default=180, help="oldest heartbeat"
    )


def _add_tools(add: Adder, group: Callable[[str, str], object]) -> None:
    calc = group("calc", "the maths, for people")
    il = add("il", "impermanent loss between two prices", "calc:il", calc)
    il.add_argument("--ratio", type=float, metavar="R", help="price now over price at entry")
    il.add_argument("--entry", type=float, metavar="P0", help="price at entry, quote per base")
    il.add_argument("--price", type=float, metavar="P", help="price now")
    il.add_argument("--lower", type=float, metavar="PA", help="lower end of the range")
    il.add_argument("--upper", type=float, metavar="PB", help="upper end of the range")
    il.add_argument("--value", type=float, metavar="V0", default=1.0, help="value at entry")
    tick = add("tick", "price and tick of a Uniswap V3 pool", "calc:tick", calc)
    either = tick.add_mutually_exclusive_group(required=True)
    either.add_argument("--sqrt-price-x96", type=_count, metavar="X", help="as the pool keeps it")
    either.add_argument("--tick", type=int, metavar="I", help="the price at which a tick begins")
    tick.add_argument("--base-token", type=int, choices=(0, 1), default=0, help="0 without it")
    tick.add_argument("--decimals0", type=int, metavar="N", default=18, help="of token0 (18)")
    tick.add_argument("--decimals1", type=int, metavar="N", default=18, help="of token1 (18)")
    _add_calc_option(add, calc)
    _add_calc_vol(add, calc)
    _add_calc_claims(add, calc)
    _add_calc_hedges(add, calc)
    doctor = add("doctor", "check this machine and this folder", "doctor:doctor")
    doctor.add_argument(
        "-c", "--config", metavar="FILE", action="append", help="check its RPC and book too"
    )
    config = group("config", "show and check configuration")
    _config(add("show", "show what a run file comes to, secrets hidden", "settings:show", config))
    check = add("check", "check a run file and its rules", "settings:check", config)
    either = check.add_mutually_exclusive_group(required=True)
    _config(either, required=False)
    either.add_argument("--rules", metavar="FILE", help="only this rule file")
    schema = add("schema", "print the JSON schema of a file", "settings:schema", config)
    schema.add_argument("kind", nargs="?", choices=("rules", "run"), default="rules")
    add("version", "print the version", "settings:version")


def _add_calc_vol(add: Adder, calc: object) -> None:
    vol = add("vol", "realised volatility of a file of prices", "calc_vol:vol", calc)
    vol.add_argument(
        "--estimator",
        metavar="NAME",
        required=True,
        help="close, parkinson, garman_klass, rogers_satchell or yang_zhang",
    )
    vol.add_argument("--zero-mean", action="store_true", help="close: the drift taken as nought")
    cone = add("cone", "realised volatility by horizon, least to most", "calc_vol:cone", calc)
    cone.add_argument("--horizons", metavar="N,N", required=True, help="bars, such as 7,14,30")
    for command in (vol, cone):
        command.add_argument("--prices", metavar="FILE", required=True, help="CSV or Parquet")
        command.add_argument("--bars", metavar="STEP", default="1d", help="5m, 1h, 1d (default)")
        command.add_argument(
            "--timerange", metavar="A-B", help="UTC, half-open: 20200301-20200401; all without it"
        )
    index = add("volindex", "volatility index of an option chain", "calc_vol:volindex", calc)
    index.add_argument("--chain", metavar="FILE", required=True, help="CSV or .csv.gz")
    index.add_argument("--at", metavar="TIME", required=True, help="ISO 8601, UTC without a zone")
    index.add_argument("--days", type=float, metavar="D", required=True, help="days ahead")
    index.add_argument("--rate", type=float, metavar="R", default=0.0, help="continuous, annual")
    index.add_argument("--rate-next", type=float, metavar="R", help="of the second expiry; R too")
    rank = add("ivrank", "where implied volatility stands, and a day's move", "calc_vol:rank", calc)
    rank.add_argument("--history", metavar="FILE", required=True, help="CSV or Parquet, by day")
    rank.add_argument("--column", metavar="NAME", default="close", help="levels (close without it)")
    rank.add_argument("--days", type=_count, metavar="N", default=365, help="the last N rows (365)")
    surface = add("surface", "a surface fitted to an option chain", "calc_surface:surface", calc)
    surface.add_argument("--chain", metavar="FILE", required=True, help="CSV or .csv.gz")
    surface.add_argument("--at", metavar="TIME", help="ISO 8601; the file's quote time without it")


def _add_calc_claims(add: Adder, calc: object) -> None:
    claim = add("claim", "expected impermanent loss, and its premium", "calc_claims:claim", calc)
    strip = add("strip", "options that replicate impermanent loss", "calc_claims:strip", calc)
    lvr = add("lvr", "loss versus rebalancing, and arbitrage", "calc_claims:lvr", calc)
    for command in (claim, strip, lvr):
        is_lvr, is_strip = command is lvr, command is strip
        command.add_argument(
            "--entry", type=float, metavar="P0", required=not is_lvr, help="price at entry"
        )
        command.add_argument("--lower", type=float, metavar="PA", help="lower end of the range")
        command.add_argument("--upper", type=float, metavar="PB", help="upper end of the range")
        command.add_argument(
            "--vol", type=float, metavar="S", required=not is_strip, help="annual, a fraction"
        )
        command.add_argument("--days", type=float, metavar="D", required=not is_strip, help="days")
    claim.add_argument("--forward", type=float, metavar="F", help="P0 without it")
    claim.add_argument(
        "--model", choices=("bsm", "log-sv", "ou"), default="bsm", help="of the price (bsm)"
    )
    claim.add_argument("--mean", type=float, metavar="M", help="ou: the price it comes back to; P0")
    claim.add_argument("--mean-reversion", type=float, metavar="K", help="ou: its speed, a year")
    claim.add_argument("--price", type=float, metavar="P", help="ou: price now; P0 without it")
    claim.add_argument("--theta", type=float, metavar="V", help="log-sv: where volatility tends to")
    claim.add_argument("--kappa1", type=float, metavar="K", help="log-sv: speed of return, a year")
    claim.add_argument("--kappa2", type=float, metavar="K", help="log-sv: more by volatility")
    claim.add_argument("--beta", type=float, metavar="B", help="log-sv: volatility by returns")
    claim.add_argument("--volvol", type=float, metavar="E", help="log-sv: the rest of vol's own")
    claim.add_argument("--notional", type=float, metavar="N", default=1.0, help="value at entry")
    strip.add_argument("--notional", type=float, metavar="N", required=True, help="value at entry")
    strip.add_argument("--step", type=float, metavar="DK", required=True, help="between strikes")
    lvr.add_argument("--price", type=float, metavar="P", help="price now; P0 without it")
    lvr.add_argument("--fee-bps", type=float, metavar="F", help="fee of a swap")
    lvr.add_argument("--block-seconds", type=float, metavar="B", help="mean time between blocks")
    lvr.add_argument(
        "--blocks", choices=("poisson", "constant"), default="poisson", help="how they arrive"
    )


def _add_calc_hedges(add: Adder, calc: object) -> None:
    strangle = add("strangle", "a strangle sized at two prices", "calc_hedges:strangle", calc)
    even = add("breakeven", "where fees pay for the losses", "calc_hedges:breakeven", calc)
    for command in (strangle, even):
        command.add_argument(
            "--entry", type=float, metavar="P0", required=True, help="price at entry"
        )
        command.add_argument("--lower", type=float, metavar="PA", help="lower end of the range")
        command.add_argument("--upper", type=float, metavar="PB", help="upper end of the range")
        command.add_argument("--vol", type=float, metavar="S", help="annual, a fraction")
        command.add_argument("--days", type=float, metavar="D", help="days")
    even.set_defaults(notional=1.0)
    even.add_argument("--fee-bps", type=float, metavar="F", help="fee of a swap")
    even.add_argument("--fees", type=float, metavar="X", help="earned in D days, over P0's value")
    strangle.add_argument("--notional", type=float, metavar="N", required=True, help="at entry")
    strangle.add_argument("--put", type=float, metavar="KP", required=True, help="its strike")
    strangle.add_argument("--call", type=float, metavar="KC", required=True, help="its strike")
    strangle.add_argument("--low", type=float, metavar="LO", required=True, help="covered from")
    strangle.add_argument("--high", type=float, metavar="HI", required=True, help="covered to")


def _add_calc_option(add: Adder, calc: object) -> None:
    option = add("option", "price and Greeks of one option", "calc_option:option", calc)
    option.add_argument("--kind", choices=("call", "put"), required=True)
    option.add_argument("--spot", type=float, metavar="S", help="quote per base")
    option.add_argument("--forward", type=float, metavar="F", help="instead of it: Black-76")
    option.add_argument("--digital", action="store_true", help="pays 1 quote or nothing")
    option.add_argument("--strike", type=float, metavar="K", required=True, help="quote per base")
    option.add_argument(
        "--vol", type=float, metavar="S", required=True, help="annual, 0.8 is 80 %%"
    )
    option.add_argument("--days", type=float, metavar="D", required=True, help="to expiry")
    option.add_argument("--rate", type=float, metavar="R", default=0.0, help="annual, continuous")


def _config(parser: argparse._ActionsContainer, *, required: bool = True) -> None:
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        action="append",
        required=required,
        help="the run file; given again, later files win key by key",
    )


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 60.0:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 60 seconds")
    return value
