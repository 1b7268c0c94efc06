"""A pair of conditions that loads cannot flap: drawn conditions, judged by the core's own logic."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.config.boxes import boxes
from bot.config.ladder import check_layers
from bot.config.places import Place, Source
from bot.core.conditions import AllOf, AnyOf, Comparison, Condition, NotOf, comparisons, holds

METRICS = ("il_bps", "move_sigma", "realised_vol")
THRESHOLDS = st.integers(-3, 3).map(float)
POINTS = st.fixed_dictionaries(
    # On every threshold, and on both sides of it.
    {name: st.integers(-7, 7).map(lambda n: n / 2) for name in METRICS}
)


def comparison(metric: str, low: float | None, high: float | None) -> Comparison:
    return Comparison(metric=metric, above=low, below=high)


COMPARISONS = st.one_of(
    st.builds(comparison, st.sampled_from(METRICS), THRESHOLDS, st.none()),
    st.builds(comparison, st.sampled_from(METRICS), st.none(), THRESHOLDS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(parts=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(parts=tuple(parts))),
        inner.map(lambda part: NotOf(part=part)),
    ),
    max_leaves=4,
)


def problems(arm: Condition, disarm: Condition, **others: Condition) -> list[str]:
    place = Place(key="layer", source=Source(name="drawn", folder=Path()), problems=[])
    check_layers([{"arm": arm, "disarm": disarm, **others}], place)
    return [error.line for error in place.problems]


@given(condition=CONDITIONS, point=POINTS)
def test_a_point_is_in_a_box_exactly_where_the_condition_holds(
    condition: Condition, point: dict[str, float]
) -> None:
    inside = any(
        all(low <= (point[metric], 0) <= high for metric, (low, high) in box.items())
        for box in boxes(condition)
    )
    assert inside is holds(condition, point)


@given(arm=CONDITIONS, disarm=CONDITIONS, point=POINTS)
def test_a_layer_that_could_arm_and_disarm_at_once_is_refused(
    arm: Condition, disarm: Condition, point: dict[str, float]
) -> None:
    if holds(arm, point) and holds(disarm, point):
        assert problems(arm, disarm)


@given(threshold=THRESHOLDS, gap=st.integers(1, 8))
def test_a_band_between_arm_and_disarm_loads_and_its_inverse_does_not(
    threshold: float, gap: int
) -> None:
    arm = comparison("il_bps", threshold, None)
    assert problems(arm, comparison("il_bps", None, threshold - gap / 4)) == []
    assert problems(arm, comparison("il_bps", None, threshold + gap / 4)) != []


CROSSED = AllOf(
    parts=(
        NotOf(part=comparison("macd_cross", 1.0, None)),
        NotOf(part=comparison("macd_cross", None, 1.0)),
    )
)
"""Exactly 1: neither above nor below it."""


def test_a_single_value_at_which_both_are_true_was_overlooked() -> None:
    """A whole number is told by two `not`s; its box is a point. At a crossover with an impermanent
    loss of nothing this layer would arm and disarm."""
    arm = AnyOf(parts=(comparison("il_bps", 50.0, None), CROSSED))
    disarm = comparison("il_bps", None, 25.0)
    assert holds(arm, {"il_bps": 0.0, "macd_cross": 1.0})
    assert holds(disarm, {"il_bps": 0.0, "macd_cross": 1.0})
    (line,) = problems(arm, disarm)
    assert "both true when macd_cross = 1 and il_bps < 25" in line


ARM, DISARM = comparison("il_bps", 50.0, None), comparison("il_bps", None, 25.0)
FREEZE = comparison("move_bps", None, -3_000.0)


def test_a_thaw_within_its_freeze_does_not_load() -> None:
    (line,) = problems(ARM, DISARM, freeze=FREEZE, thaw=comparison("move_bps", -3_500.0, None))
    assert "thaw: and freeze are both true when move_bps > -3500 and move_bps < -3000" in line


def test_a_thaw_beyond_its_freeze_or_on_another_metric_loads() -> None:
    for thaw in (comparison("move_bps", -2_500.0, None), comparison("realised_vol", None, 5.0)):
        assert problems(ARM, DISARM, freeze=FREEZE, thaw=thaw) == []


@given(freeze=CONDITIONS, thaw=CONDITIONS, point=POINTS)
def test_a_freeze_and_its_thaw_on_the_same_metrics_are_never_both_true_in_what_loads(
    freeze: Condition, thaw: Condition, point: dict[str, float]
) -> None:
    names = {each.metric for part in (freeze, thaw) for each in comparisons(part)}
    if len(names) == 1 and holds(freeze, point) and holds(thaw, point):
        assert problems(ARM, DISARM, freeze=freeze, thaw=thaw)


def test_a_layer_that_was_struck_and_sold_at_once_loaded() -> None:
    """The distance from the last strike is 0 right behind it."""
    arm = comparison("move_sigma_restrike_abs", 0.5, None)
    back = comparison("move_sigma_restrike_abs", None, 0.1)
    (line,) = problems(arm, back)
    assert "true as soon as a hedge is struck: move_sigma_restrike_abs < 0.1" in line
    near_entry = comparison("move_sigma_abs", None, 0.5)
    assert problems(arm, AllOf(parts=(back, near_entry))) == []
    away = comparison("move_sigma_restrike", 0.5, None)
    assert problems(comparison("move_sigma_restrike", None, -0.5), away) == []
