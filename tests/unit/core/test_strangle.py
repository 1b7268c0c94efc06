"""A strangle sized at two prices: the reference, its ends, and its wedge against a fine grid."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from bot.core.errors import OptionInputError
from bot.core.residual import Position, residual
from bot.core.strangle import strangle_at_ends

FULL = Position(entry=2000.0, notional=1e6)
ENDS = {"put": 1600.0, "call": 2400.0, "low": 1000.0, "high": 3000.0}


def test_the_example_has_the_references_sizes_losses_and_wedge() -> None:
    """Source: quant reference section 4."""
    found = strangle_at_ends(FULL, **ENDS)
    assert found.legs.quantities == pytest.approx([71.48869802, 42.09188101], abs=5.1e-9)
    assert found.loss_low == pytest.approx(42893.2188, abs=5.1e-5)
    assert found.loss_high == pytest.approx(25255.1286, abs=5.1e-5)
    assert found.uncovered == pytest.approx(5572.81, abs=5.1e-3)
    assert found.bounds.lowest_price == 1600.0


@pytest.mark.parametrize(
    "position", [FULL, Position(entry=2000.0, lower=1500.0, upper=2500.0, notional=7.0)]
)
@pytest.mark.parametrize("strikes", [(1600.0, 2400.0), (2000.0, 2000.0), (1950.0, 2900.0)])
def test_it_pays_the_loss_at_both_ends_and_its_wedge_is_the_worst_on_a_grid(
    position: Position, strikes: tuple[float, float]
) -> None:
    """Oracle: 200,001 final prices."""
    put, call = strikes
    found = strangle_at_ends(position, put=put, call=call, low=1000.0, high=3000.0)
    ends = residual([1000.0, 3000.0], legs=found.legs, position=position)
    assert ends == pytest.approx([0.0, 0.0], abs=1e-10 * position.notional)
    grid = residual(np.linspace(1000.0, 3000.0, 200_001), legs=found.legs, position=position)
    assert found.uncovered == pytest.approx(-grid.min(), rel=1e-3, abs=1e-9 * position.notional)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"low": 1600.0}, "put is 1600.0: it must be above low, 1600.0"),
        ({"call": 1599.0}, "call is 1599.0: it must be above put, 1600.0"),
        ({"high": 2400.0}, "high is 2400.0: it must be above call, 2400.0"),
        ({"put": nan}, "put is nan"),
        ({"low": 0.0}, "price is 0.0"),
    ],
)
def test_strikes_and_ends_that_do_not_ascend_are_refused(
    changes: dict[str, float], words: str
) -> None:
    with pytest.raises(OptionInputError, match=words):
        strangle_at_ends(FULL, **ENDS | changes)
