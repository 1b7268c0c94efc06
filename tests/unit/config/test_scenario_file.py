"""Scenario files: what they become, and what is refused in which words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config.scenario_file import SHIPPED, load_scenario
from bot.core.errors import ConfigError
from bot.core.scenario import (
    FeeCue,
    GateCue,
    Knot,
    LiquidityCue,
    LiquidityMove,
    PushCue,
    ReorgCue,
    Scenario,
    StaleCue,
    StallCue,
    ThinCue,
    Turnover,
)
from tests.builders.scripts import TWO_DAYS, scenario_of, two_days

SHIPPED_NAMES = (
    "alvh_tour", "calm", "carry", "crash", "flash_swap", "real_crash", "reorg", "sandwich",
    "stale_node", "thin_pool", "vol_pool", "whipsaw",
)  # fmt: skip


def test_days_become_whole_steps_and_amounts_become_atoms() -> None:
    scenario = two_days()
    (pool,) = scenario.pools
    assert (scenario.step_s, scenario.steps_count) == (3_600, 48)
    assert scenario.start_s == datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()
    assert pool.reserve_base_atoms == 1000 * 10**18
    assert (pool.base_symbol, pool.base_decimals) == ("WETH", 18)
    assert (pool.quote_symbol, pool.quote_decimals) == ("USDC", 6)
    assert pool.path == (
        Knot(step=0, price=2000.0),
        Knot(step=24, price=1900.0),
        Knot(step=48, price=1800.0),
    )


def test_turnover_is_one_number_or_a_path_whose_points_hold_until_the_next() -> None:
    (flat,) = two_days().pools
    assert flat.turnover == (Turnover(step=0, bps_per_day=2_000),)
    path = TWO_DAYS.replace("day = 2000", "day = [[0, 2000], [0.5, 0], [1.5, 700]]")
    (pool,) = scenario_of(path).pools
    told = [pool.turnover_bps_per_day(step) for step in (0, 11, 12, 35, 36, 48)]
    assert told == [2_000, 2_000, 0, 0, 700, 700]


def test_events_become_cues_in_the_order_of_their_steps() -> None:
    scenario = two_days(
        'kind = "stall"\nday = 1.5\nsteps = 3',
        'kind = "protocol_fee"\nday = 0.25\non = true',
        'kind = "reorg"\nday = 1\ndepth = 2',
        'kind = "withdraw"\nday = 0.5\npool = "WETH-USDC"\nshare_bps = 2500',
    )
    assert scenario.cues == (
        FeeCue(step=6, on=True),
        LiquidityCue(step=12, pool="WETH-USDC", move=LiquidityMove.WITHDRAW, share_bps=2500),
        ReorgCue(step=24, depth=2),
        StallCue(step=36, steps=3),
    )


POOL = 'pool = "WETH-USDC"\n'


def test_attacks_become_cues() -> None:
    scenario = two_days(
        f'kind = "sandwich"\nday = 0.25\n{POOL}move_bps = -500\nvictim_bps = 200',
        f'kind = "flash_swap"\nday = 0.5\n{POOL}move_bps = 3000',
        f'kind = "spike"\nday = 0.75\n{POOL}move_bps = -2500\nblocks = 2',
        f'kind = "thin"\nday = 1\n{POOL}share_bps = 200\nsteps = 6',
        'kind = "stale_node"\nday = 1.5\nsteps = 3',
    )
    assert scenario.cues == (
        PushCue(step=6, pool="WETH-USDC", move_bps=-500, victim_bps=200),
        PushCue(step=12, pool="WETH-USDC", move_bps=3000),
        PushCue(step=18, pool="WETH-USDC", move_bps=-2500, blocks=2),
        ThinCue(step=24, pool="WETH-USDC", share_bps=200, steps=6),
        StaleCue(step=36, steps=3),
    )
    assert [step for step in range(49) if scenario.is_stale(step)] == [36, 37, 38]
    assert scenario.reads_old_blocks
    assert not two_days().reads_old_blocks


def test_words_of_the_multisig_become_cues_and_there_is_one_a_step() -> None:
    opened, shut = (
        f'kind = "gate"\nday = {day}\nhours = {hours}' for day, hours in ((1, 5), (2, 0))
    )
    scenario = two_days(opened, shut)
    assert scenario.cues == (GateCue(step=24, span_s=18_000), GateCue(step=48, span_s=0))
    assert scenario.has_gate
    assert not two_days().has_gate
    with pytest.raises(ConfigError, match="another word of the multisig"):
        two_days(opened, shut, shut)


def test_a_gate_is_told_by_events_or_by_a_feed_not_by_both() -> None:
    feed = FEED.replace("gas_wei", "engine_gate_s")
    event = '[[event]]\nkind = "gate"\nday = 1\nhours = 5\n'
    assert scenario_of(TWO_DAYS + feed).feeds.at(2**40)["engine_gate_s"] == 30 * 10**9
    with pytest.raises(ConfigError, match="engine_gate_s is told by the gate's events"):
        scenario_of(TWO_DAYS + feed + event)


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_a_shipped_scenario_loads_under_its_own_name(name: str) -> None:
    assert load_scenario(name).name == name


def test_every_shipped_file_is_known_here() -> None:
    assert tuple(sorted(path.stem for path in SHIPPED.glob("*.toml"))) == SHIPPED_NAMES


def test_a_scenario_can_be_given_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TWO_DAYS)
    assert load_scenario(str(path)) == two_days()


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError) as refusal:
        load_scenario("crsh")
    assert ", ".join(SHIPPED_NAMES) in refusal.value.line


REFUSED = [
    ("seed = 1", "sed = 1", "sed", "did you mean `seed`?"),
    ("vol = 0.5", "vool = 0.5", "pool[1].vool", "did you mean `vol`?"),
    ("seed = 1\n", "", "seed", "add it"),
    ("seed = 1", "seed = -1", "seed", "from 0 to"),
    ("seed = 1", "seed = true", "seed", "whole number"),
    ("seed = 1", "seed =", "file", "syntax"),
    ("days = 2", "days = 2.01", "days", "steps of 3600 s"),
    ("days = 2", "days = 0", "days", "above 0"),
    ("days = 2", "days = 3650", "pool[1].path", "last day"),
    ("days = 2", "days = 1e40", "days", "to 3650"),
    ("days = 2", "days = nan", "days", "number"),
    ("08:00:00Z", "08:00:00", "start", "2026-03-02T08:00:00Z"),
    ("WETH = 18", "WETH = 37", "tokens.WETH", "from 0 to 36"),
    ("WETH = 18", "weth = 18", "tokens.weth", "capital"),
    ('"WETH-USDC"', '"WETH-DAI"', "pool[1].name", "BASE-QUOTE"),
    ("reserve_base = 1000", "reserve_base = 0", "pool[1].reserve_base", "above 0"),
    ("reserve_base = 1000", "reserve_base = 1e-19", "pool[1].reserve_base", "18 decimal"),
    ("vol = 0.5", "vol = -0.5", "pool[1].vol", "from 0 to 10"),
    ("[1, 1900]", "[1.001, 1900]", "pool[1].path[2]", "steps of 3600 s"),
    ("[1, 1900]", "[0, 1900]", "pool[1].path[2]", "step 1"),
    ("[1, 1900]", "[1, 0]", "pool[1].path[2]", "above 0"),
    ("[2, 1800]", "[1.5, 1800]", "pool[1].path", "end at the last day"),
    ("[0, 2000]", "[0.5, 2000]", "pool[1].path", "begin at day 0"),
    ("vol = 0.5", 'vol = 0.5\nproduct_of = ["A-B"]', "pool[1].product_of", "known"),
    ("owner_share_bps = 1000", "owner_share_bps = 10000", "pool[1].owner_share_bps", "9999"),
    ("day = 2000", "day = -1", "pool[1].turnover_bps_per_day", "from 0 to 1000000"),
    ("day = 2000", "day = []", "pool[1].turnover_bps_per_day", "[[0, BPS], [DAY, BPS]]"),
    ("day = 2000", "day = [[0, 1], 2]", "pool[1].turnover_bps_per_day[2]", "[DAY, BPS]"),
    ("day = 2000", "day = [[0, 1], [1, 0.5]]", "pool[1].turnover_bps_per_day[2]", "whole number"),
    ("day = 2000", "day = [[1, 1]]", "pool[1].turnover_bps_per_day", "begin with [0, BPS]"),
    ("day = 2000", "day = [[0, 1], [0, 2]]", "pool[1].turnover_bps_per_day[2]", "step 1"),
    ("day = 2000", "day = [[0, 1], [0.01, 2]]", "pool[1].turnover_bps_per_day[2]", "3600 s"),
]


@pytest.mark.parametrize(("right", "wrong", "key", "advice"), REFUSED)
def test_what_cannot_be_obeyed_is_refused_by_file_key_and_cure(
    right: str, wrong: str, key: str, advice: str
) -> None:
    assert TWO_DAYS.count(right) == 1
    with pytest.raises(ConfigError) as refusal:
        scenario_of(TWO_DAYS.replace(right, wrong))
    assert refusal.value.operands["key"] == key
    assert advice in refusal.value.line


REFUSED_EVENTS = [
    ('kind = "deposti"\nday = 1', "kind", "did you mean `deposit`?"),
    ('kind = "stall"\nday = 1\ndepth = 1', "depth", "known: kind, day, steps"),
    ('kind = "gate"\nday = 1\nhours = 169', "hours", "0 to 168"),
    ('kind = "gate"\nday = 0\nhours = 1', "day", "step 1"),
    ('kind = "stall"\nday = 0\nsteps = 1', "day", "step 1"),
    ('kind = "stall"\nday = 3\nsteps = 1', "day", "to step 48"),
    ('kind = "reorg"\nday = 0.125\ndepth = 3', "depth", "at most 2"),
    ('kind = "protocol_fee"\nday = 1\non = "yes"', "on", "true or false"),
    (f'kind = "spike"\nday = 1\n{POOL}move_bps = 99\nblocks = 1', "move_bps", "100 or more"),
    (f'kind = "spike"\nday = 1\n{POOL}move_bps = -10000\nblocks = 1', "move_bps", "-9900"),
    (f'kind = "flash_swap"\nday = 1\n{POOL}move_bps = 100\nblocks = 1', "blocks", "known"),
    (f'kind = "thin"\nday = 1\n{POOL}share_bps = 1\nsteps = 25', "steps", "come back"),
    (
        'kind = "send"\nday = 1\npool = "WETH-USDT"\nshare_bps = 1',
        "pool",
        "did you mean `WETH-USDC`?",
    ),
]


@pytest.mark.parametrize(("event", "key", "advice"), REFUSED_EVENTS)
def test_an_event_that_cannot_happen_is_refused(event: str, key: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        two_days(event)
    assert refusal.value.operands["key"] == f"event[1].{key}"
    assert advice in refusal.value.line


@pytest.mark.parametrize(
    "other",
    [
        'kind = "protocol_fee"\nday = 1.125\non = true',
        'kind = "gate"\nday = 1.125\nhours = 1',
        'kind = "reorg"\nday = 1.25\ndepth = 4',
        'kind = "reorg"\nday = 1.125\ndepth = 1',
        f'kind = "flash_swap"\nday = 1.125\n{POOL}move_bps = 1000',
        f'kind = "spike"\nday = 0.875\n{POOL}move_bps = 1000\nblocks = 4',
        f'kind = "thin"\nday = 0.875\n{POOL}share_bps = 1000\nsteps = 4',
    ],
)
def test_nothing_may_happen_in_a_stall(other: str) -> None:
    with pytest.raises(ConfigError, match="stall"):
        two_days('kind = "stall"\nday = 1\nsteps = 4', other)


def test_reorgs_may_not_reach_into_each_other() -> None:
    with pytest.raises(ConfigError, match="another reorg"):
        two_days('kind = "reorg"\nday = 1\ndepth = 2', 'kind = "reorg"\nday = 1.125\ndepth = 3')


def test_a_reorg_may_not_take_the_block_that_a_stale_node_shows() -> None:
    with pytest.raises(ConfigError, match="stale node"):
        two_days('kind = "stale_node"\nday = 1\nsteps = 4', 'kind = "reorg"\nday = 1.25\ndepth = 6')


def test_an_attacker_is_done_before_the_next_one_comes() -> None:
    spike = f'kind = "spike"\nday = 1\n{POOL}move_bps = 1000\nblocks = 3'
    with pytest.raises(ConfigError, match="another attack"):
        two_days(spike, f'kind = "flash_swap"\nday = 1\n{POOL}move_bps = 1000')
    assert (
        len(two_days(spike, f'kind = "flash_swap"\nday = 1.125\n{POOL}move_bps = 1000').cues) == 2
    )


def test_a_pool_is_not_thinned_where_the_protocol_collects_its_fee() -> None:
    """The fee's LP tokens are a third party's: what the other LPs hold would not be known."""
    with pytest.raises(ConfigError, match="protocol"):
        two_days(
            'kind = "protocol_fee"\nday = 1\non = true',
            f'kind = "thin"\nday = 0.5\n{POOL}share_bps = 1000\nsteps = 4',
        )


def test_the_same_pair_of_tokens_cannot_be_there_twice() -> None:
    pool = TWO_DAYS[TWO_DAYS.index("[[pool]]") :]
    twice = TWO_DAYS + pool.replace('"WETH-USDC"', '"USDC-WETH"')
    with pytest.raises(ConfigError, match="twice"):
        scenario_of(twice)


def test_equal_texts_are_equal_scenarios() -> None:
    scenario: Scenario = two_days()
    assert scenario == two_days()
    assert hash(scenario) == hash(two_days())


FEED = """
[[feed]]
name = "gas_wei"
points = [[0, 20], [1, "30000000000"]]
"""


def test_feeds_hold_from_their_day_on_by_block_time() -> None:
    scenario = scenario_of(TWO_DAYS + FEED)
    day_s = 86_400
    values = [scenario.feeds.at(scenario.start_s + s) for s in (-1, 0, day_s - 1, day_s, 9 * day_s)]
    assert values == [{}, {"gas_wei": 20}, {"gas_wei": 20}, *[{"gas_wei": 30 * 10**9}] * 2]
    assert not two_days().feeds


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"gas_wei"', '"gas_gwei"', "gas_gwei is no feed"),
        ("[0, 20]", "[0, -20]", "gas_wei is -20"),
        ("[0, 20]", "[0, 2.5]", "is no whole number"),
        ("[0, 20]", "[0]", "is no point"),
        ("[0, 20]", "[0.01, 20]", "is no whole step"),
        ("[0, 20]", "[1, 20]", "day 1 is step 24"),
        ("[0, 20]", "[5, 20]", "day 5 is step 120"),
        ("points = ", "points = [] # ", "has 0 entries"),
    ],
)
def test_a_feed_that_says_nothing_is_refused(before: str, after: str, words: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        scenario_of(TWO_DAYS + FEED.replace(before, after))
    assert words in str(refusal.value)
    assert "feed[1]" in str(refusal.value)


def test_a_feed_is_given_once() -> None:
    with pytest.raises(ConfigError, match="gas_wei is there twice"):
        scenario_of(TWO_DAYS + FEED + FEED)
