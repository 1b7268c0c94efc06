"""Summary, sentences and charts: what they say is what the story says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bot.core.plan import Decision
from bot.core.reasons import Reason, Status
from bot.report.chart import POINTS_MAX, Chart, Series, _kept, draw
from bot.report.reading import Story, read_story
from bot.report.sentences import is_event, sentence
from bot.report.summary import TOTALS, Summary, summarise, summary_rows
from bot.report.waiting import condition_line
from tests.unit.report.story_book import played


@pytest.fixture(scope="module")
def story() -> Story:
    found = read_story(played("crash").rows())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def summary(story: Story) -> Summary:
    return summarise(story)


def test_each_block_of_the_summary_adds_up_to_its_total(summary: Summary) -> None:
    for standing in summary.standing.values():
        rows = dict(summary_rows(standing, with_engine=True))
        labels = list(rows)
        lp, hedges = (labels.index(name) for name in TOTALS[:2])
        assert sum(rows[label] for label in labels[1:lp]) == rows[TOTALS[0]]
        assert sum(rows[label] for label in labels[lp + 1 : hedges]) == rows[TOTALS[1]]
        engine = labels.index(TOTALS[2])
        assert sum(rows[label] for label in labels[hedges + 1 : engine]) == rows[TOTALS[2]]
        assert rows[TOTALS[0]] + rows[TOTALS[1]] + rows[TOTALS[2]] == rows[TOTALS[3]]
        plain = dict(summary_rows(standing, with_engine=False))
        assert plain == {label: rows[label] for label in plain}
        assert not any("engine" in label for label in plain)


def test_every_decision_is_counted_under_its_reason(story: Story, summary: Summary) -> None:
    """Two pools with two layers, decided on at each of 289 ticks."""
    assert sum(summary.reasons.values()) == 289 * 2 * 2
    assert summary.reasons["ARM"] >= 2
    assert summary.filled == 18


def test_money_in_json_is_exact_text(summary: Summary) -> None:
    standing = summary.standing["STETH-WETH"]
    pools = summary.to_json()["pools"]
    assert isinstance(pools, dict)
    row = pools["STETH-WETH"]
    assert Fraction(row["hold"]) * 10**18 == standing.hold_atoms
    assert row["currency"] == "WETH"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence_with_its_numbers(story: Story, reason: Reason) -> None:
    decision = Decision(
        pool="WETH-USDC",
        layer="guard",
        status=Status.IDLE,
        wanted=Status.IDLE,
        reason=reason,
        numbers={"il_bps": 12.5, "cash": "-1500000", "quantity": str(10**17), "left_s": "3600"},
    )
    text = sentence(decision, story.head.spec("WETH-USDC"))
    assert text.startswith("WETH-USDC guard: ")
    for words in ("il_bps 12.5", "cash −1.5000 USDC", "quantity 0.1000 WETH", "left 1h"):
        assert words in text


def test_waiting_is_no_event_and_a_change_of_status_is(story: Story) -> None:
    waiting = [d for tick in story.ticks for d in tick.decisions if d.reason is Reason.BELOW_ARM]
    moving = [d for tick in story.ticks for d in tick.decisions if d.reason is Reason.MONETISE]
    assert waiting
    assert not any(map(is_event, waiting))
    assert moving
    assert all(map(is_event, moving))


def test_conditions_nest_with_brackets() -> None:
    row = {"any": [{"metric": "a", "below": 1}, {"all": [{"not": {"metric": "b", "above": 2}}]}]}
    assert condition_line(row) == "a < 1 or (not (b > 2))"


def test_a_long_chart_keeps_every_high_and_low_on_few_points() -> None:
    values = [float(index % 97) for index in range(20_000)]
    values[12_345], values[777] = 1_000.0, -1_000.0
    chart = Chart(
        title="t", unit="u", times_s=range(20_000),
        series=[Series(name="n", tone="a", values=values)],
    )  # fmt: skip
    kept = _kept(chart)
    assert len(kept) <= POINTS_MAX + 3
    assert {0, 777, 12_345, 19_999} <= set(kept)


def test_a_chart_of_one_value_is_drawn_and_one_of_none_is_not() -> None:
    def chart(value: float | None) -> str:
        one = Series(name="n", tone="a", values=[value])
        return draw(Chart(title="t", unit="u", times_s=[0], series=[one]))

    assert "<svg" in chart(5.0)
    assert chart(None) == ""
