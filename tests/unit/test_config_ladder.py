"""A pair of conditions that loads cannot flap: drawn conditions, judged by the core's own logic."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.config.ladder import boxes, check_layers
from bot.config.places import Place, Source
from bot.core.conditions import AllOf, AnyOf, Comparison, Condition, NotOf, holds

METRICS = ("il_bps", "move_sigma", "realised_vol")
THRESHOLDS = st.integers(-3, 3).map(float)
POINTS = st.fixed_dictionaries(
    # Halves and quarters: on both sides of every threshold, never on one.
    {name: st.integers(-14, 14).map(lambda n: (n + 0.5) / 4) for name in METRICS}
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


def problems(arm: Condition, disarm: Condition) -> list[str]:
    place = Place(key="layer", source=Source(name="drawn", folder=Path()), problems=[])
    check_layers([{"arm": arm, "disarm": disarm}], place)
    return [error.line for error in place.problems]


@given(condition=CONDITIONS, point=POINTS)
def test_a_point_is_in_a_box_exactly_where_the_condition_holds(
    condition: Condition, point: dict[str, float]
) -> None:
    inside = any(
        all(low < point[metric] < high for metric, (low, high) in box.items())
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
