"""What must hold between the keys of a rule file: no flapping, and a ladder that only climbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from bot.config.boxes import MIRROR, bounds, boxes, meet, spoken
from bot.config.holding import check_holding
from bot.config.places import Place
from bot.core.conditions import Condition
from bot.core.errors import DisarmBeyondArmError, LadderOrderError
from bot.core.instruments import INSTRUMENTS
from bot.core.layer_metrics import LAYER_METRICS
from bot.core.rules import SizeBy, moves_bps
from bot.core.sleeves import Sleeve

Values: TypeAlias = Mapping[str, Any]
"""The valid keys of one table; those that did not fit are missing."""

ORDINARY_SIGMA = 0.2
"""Any sigma orders moves alike; this one turns them into bps for the checks that need some."""

ON_INDEX_SIZES = (SizeBy.VEGA.value, SizeBy.CAPITAL.value)
"""What can measure contracts on the volatility index: they have no payoff at a price."""


def check_layers(layers: Sequence[Values], place: Place) -> None:
    """Report what is wrong within each layer, then from layer to layer. place: of the list."""
    places = [place.item(number) for number in range(1, len(layers) + 1)]
    for layer, at in zip(layers, places, strict=True):
        _check_instrument(layer, at)
        _check_size(layer, at)
        check_holding(layer, at)
        if "arm" in layer and "disarm" in layer:
            _check_hysteresis(layer["arm"], layer["disarm"], at.child("disarm"))
        if "disarm" in layer:
            _check_strike(layer["disarm"], at.child("disarm"))
        if layer.get("freeze") is not None and layer.get("thaw") is not None:
            _check_thaw(layer["freeze"], layer["thaw"], at.child("thaw"))
    _check_names(layers, places)
    for sleeve in Sleeve:
        climbing = [
            (layer, at)
            for layer, at in zip(layers, places, strict=True)
            if not layer.get("funds_budget") and layer.get("sleeve") == sleeve.value
        ]
        _check_arms_ascend(climbing)
        _check_ratios_rise(climbing)


def _check_hysteresis(arm: Condition, disarm: Condition, at: Place) -> None:
    """Between arming and disarming there must be a band in which neither holds."""
    pairs = [
        (metric, side, armed, disarmed)
        for metric, side, armed in bounds(arm)
        for other, other_side, disarmed in bounds(disarm)
        if other == metric and other_side == MIRROR[side]
    ]
    if not pairs:
        metrics = ", ".join(dict.fromkeys(metric for metric, _, _ in bounds(arm)))
        at.report(
            f"never takes back what armed the layer ({metrics})",
            "disarm on the other side of a metric of `arm`",
        )
        return
    for metric, side, armed, disarmed in pairs:
        word = "below" if side == "above" else "above"
        if (disarmed >= armed) if side == "above" else (disarmed <= armed):
            at.report(
                f"{metric} arms {side} {armed:g} and disarms {word} {disarmed:g}: no gap",
                f"set the disarm threshold of {metric} {word} {armed:g}",
                DisarmBeyondArmError,
            )
            return
    both = (meet(one, other) for one, other in product(boxes(arm), boxes(disarm)))
    overlap = next((box for box in both if box is not None), None)
    if overlap is not None:
        at.report(
            f"and arm are both true when {spoken(overlap)}",
            "where arm says `any` let disarm say `all`, and the other way round",
        )


def _check_strike(disarm: Condition, at: Place) -> None:
    """What is measured from the last strike is 0 right behind it: that alone must not disarm."""
    for box in boxes(disarm):
        if box.keys() <= LAYER_METRICS.keys() and all(
            low <= (0.0, 0) <= high for low, high in box.values()
        ):
            at.report(
                f"is true as soon as a hedge is struck: {spoken(box)} is measured from there",
                "ask for a metric besides that is measured from the entry, such as move_sigma",
            )
            return


def _check_thaw(freeze: Condition, thaw: Condition, at: Place) -> None:
    """Where both speak of one metric they must exclude each other; elsewhere the freeze decides."""
    for one, other in product(boxes(freeze), boxes(thaw)):
        overlap = meet(one, other)
        if overlap is not None and one.keys() & other.keys():
            at.report(
                f"and freeze are both true when {spoken(overlap)}",
                "thaw where freeze is false, or leave thaw out",
            )
            return


def _check_instrument(layer: Values, at: Place) -> None:
    given = _moves(layer, "offsets", at)
    if "instrument" not in layer or given is None:
        return
    key, offsets_bps = given
    if not offsets_bps:
        at.child(key).report("is missing", "give offsets_bps, or offsets_sigma")
        return
    if key == "offsets_sigma" and INSTRUMENTS[layer["instrument"]].on_index:
        at.child(key).report(
            "measures moves of the price, and this instrument is on the volatility index",
            "give offsets_bps, from the index",
        )
        return
    problem = INSTRUMENTS[layer["instrument"]].problem(offsets_bps)
    if problem is not None:
        at.child(key).report(
            f"{_spelled(key, layer[key])} does not fit {layer['instrument']}: {problem}",
            "see docs/rules.md",
        )


def _moves(layer: Values, name: str, at: Place) -> tuple[str, tuple[int, ...]] | None:
    """The key that gives these moves, and they in bps at an ordinary sigma; None if misread."""
    in_bps, in_sigma = f"{name}_bps", f"{name}_sigma"
    if in_bps not in layer or in_sigma not in layer:
        return None
    if layer[in_bps] and layer[in_sigma]:
        at.child(in_sigma).report(f"says again what {in_bps} says", "leave one of them out")
        return None
    if layer[in_sigma]:
        return in_sigma, moves_bps(layer[in_sigma], sigma=ORDINARY_SIGMA)
    return in_bps, layer[in_bps]


def _spelled(key: str, moves: Sequence[int]) -> str:
    """Moves as the rule file spells them."""
    in_sigma = key.endswith("_sigma")
    return str([move / 1_000 for move in moves] if in_sigma else list(moves))


def _check_size(layer: Values, at: Place) -> None:
    """`il` needs prices to size at, and none of them may be spot itself."""
    given = _moves(layer, "stress", at)
    if given is None or "size_by" not in layer:
        return
    key, stress = given
    if _is_on_index(layer) and layer["size_by"] not in ON_INDEX_SIZES:
        at.child("size_by").report(
            f"{layer['size_by']!r} does not measure contracts on the volatility index",
            'size it by "vega" or "capital"',
        )
        return
    if layer["size_by"] == SizeBy.IL.value and (not stress or 0 in stress):
        at.child(key).report(
            f"{_spelled(key, layer[key])} gives no move to size the hedge at",
            'give moves other than 0, like [-3000, 3000], or size_by = "base"',
        )
        return
    if layer["size_by"] == SizeBy.IL.value:
        _check_pays(layer, stress, at.child(key))
        return
    if stress:
        at.child(key).report(f'has no effect with size_by = "{layer["size_by"]}"', "leave it out")
    if layer["size_by"] == SizeBy.RISK.value:
        _check_owes(layer, at.child("size_by"))


def _is_on_index(layer: Values) -> bool:
    return "instrument" in layer and INSTRUMENTS[layer["instrument"]].on_index


def _check_owes(layer: Values, at: Place) -> None:
    """What cannot lose more than its premium has no risk to be sized by."""
    given = _moves(layer, "offsets", at)
    if given is None or "instrument" not in layer:
        return
    instrument = INSTRUMENTS[layer["instrument"]]
    if instrument.problem(given[1]) is None and not instrument.owes(given[1]):
        at.report(
            f"{layer['instrument']} cannot lose more than its premium",
            'size it by "il", "base", "delta", "gamma" or "vega"',
        )


def _check_pays(layer: Values, stress_bps: tuple[int, ...], at: Place) -> None:
    """A layer sized at prices where its instrument pays nothing would never buy."""
    given = _moves(layer, "offsets", at)
    if given is None or "instrument" not in layer:
        return
    instrument = INSTRUMENTS[layer["instrument"]]
    if instrument.problem(given[1]) is None and not any(
        instrument.pays(given[1], move_bps=move) for move in stress_bps
    ):
        at.report(
            f"gives no move at which {layer['instrument']} pays anything",
            "give moves beyond its strikes",
        )


def _check_names(layers: Sequence[Values], places: Sequence[Place]) -> None:
    seen: dict[str, str] = {}
    for layer, at in zip(layers, places, strict=True):
        name = layer.get("name")
        if name in seen:
            at.child("name").report(f"{name!r} is the name of {seen[name]} too", "rename one")
        elif name is not None:
            seen[name] = at.key


def _check_arms_ascend(layers: Sequence[tuple[Values, Place]]) -> None:
    """On a metric that several layers arm on, each must ask for more than the one before."""
    seen: dict[tuple[str, str], tuple[float, str]] = {}
    for layer, at in layers:
        first: dict[tuple[str, str], float] = {}
        for metric, side, threshold in bounds(layer["arm"]) if "arm" in layer else ():
            easiest = min if side == "above" else max
            first[metric, side] = easiest(threshold, first.get((metric, side), threshold))
        for (metric, side), threshold in first.items():
            before, where = seen.get((metric, side), (None, ""))
            if before is not None and (
                threshold <= before if side == "above" else threshold >= before
            ):
                at.child("arm").report(
                    f"{metric} {side} {threshold:g} is no further than {before:g} of {where}",
                    "order the layers from mild to severe",
                    LadderOrderError,
                )
            seen[metric, side] = threshold, at.key


def _check_ratios_rise(layers: Sequence[tuple[Values, Place]]) -> None:
    """Among layers that are sized alike, a further one must not cover less."""
    seen: dict[str, tuple[int, str]] = {}
    for layer, at in layers:
        ratio, size_by = layer.get("hedge_ratio_bps"), layer.get("size_by")
        if ratio is None or size_by is None:
            continue
        before, where = seen.get(size_by, (0, ""))
        if ratio < before:
            at.child("hedge_ratio_bps").report(
                f"{ratio} is less than {before} of {where}",
                "let ratios rise along the ladder",
                LadderOrderError,
            )
        seen[size_by] = ratio, at.key
