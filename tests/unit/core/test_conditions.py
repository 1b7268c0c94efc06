"""Conditions in three-valued logic, against the truth tables of Kleene, and what never fires."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conditions import AllOf, AnyOf, Comparison, Condition, NotOf, comparisons, holds

TRUE = Comparison(metric="known", above=0.0)
FALSE = Comparison(metric="known", above=2.0)
UNKNOWN = Comparison(metric="cold", above=0.0)
METRICS = {"known": 1.0, "cold": None}
RANK = {False: 0, None: 1, True: 2}  # Kleene: `all` is the least, `any` the greatest
LEAVES: dict[bool | None, Condition] = {True: TRUE, False: FALSE, None: UNKNOWN}


@pytest.mark.parametrize("verdicts", list(product(RANK, repeat=3)))
def test_all_is_the_least_and_any_the_greatest_of_its_parts(
    verdicts: tuple[bool | None, ...],
) -> None:
    parts = tuple(LEAVES[verdict] for verdict in verdicts)
    assert holds(AllOf(parts=parts), METRICS) is min(verdicts, key=RANK.__getitem__)
    assert holds(AnyOf(parts=parts), METRICS) is max(verdicts, key=RANK.__getitem__)


def test_not_turns_known_verdicts_and_leaves_the_unknown_unknown() -> None:
    found = [holds(NotOf(part=part), METRICS) for part in (TRUE, FALSE, UNKNOWN)]
    assert found == [False, True, None]


@pytest.mark.parametrize(
    ("value", "expected"), [(0.9, False), (1.0, False), (1.1, True), (1.9, True), (2.0, False)]
)
def test_thresholds_are_strict_on_both_sides(value: float, expected: bool) -> None:
    band = Comparison(metric="known", above=1.0, below=2.0)
    assert holds(band, {"known": value}) is expected


conditions = st.recursive(
    st.sampled_from([TRUE, FALSE, UNKNOWN]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(parts=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(parts=tuple(parts))),
        inner.map(lambda part: NotOf(part=part)),
    ),
    max_leaves=8,
)


@given(condition=conditions)
def test_a_verdict_that_is_known_stays_the_same_whatever_the_cold_metric_turns_out_to_be(
    condition: Condition,
) -> None:
    verdict = holds(condition, METRICS)
    later = {holds(condition, {"known": 1.0, "cold": value}) for value in (-1.0, 1.0)}
    assert None not in later
    if verdict is not None:
        assert later == {verdict}


def test_every_comparison_is_found_in_reading_order() -> None:
    nested = AllOf(parts=(TRUE, NotOf(part=AnyOf(parts=(UNKNOWN, FALSE)))))
    assert list(comparisons(nested)) == [TRUE, UNKNOWN, FALSE]
