"""The compiled loops under option_arrays.py and implied_vol.py: numba, one core, SIMD lanes.

Only those two import this module, and late: numba takes most of a second to load, and the first
call of all compiles (seconds, then cached on disk). All loops are in one file because numba's
cache notices a change of this file only.

How they reach SIMD: log, exp and the normal tail are straight-line polynomials, a condition is a
choice between two values, and a block works in one flat scratch array with rows BLOCK apart, so
that the compiler can prove that no row overlaps another. `contract` lets it fuse a * b + c.
Callers have checked all ranges (option_arrays.py), which is why nothing here can be nan.
Source of the formulas: docs/maths.md sections 3.1 to 3.5; docs/adr/0023-option-kernels.md.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

BLOCK = 256
"""Lanes per block: its 16 rows stay within the first-level cache."""

STDEV_MIN = 1e-100
"""Below it nothing is left but intrinsic value."""
DISTANCE_MAX, EXPONENT_MIN = 1e60, -708.0
LOG_TWO_HIGH, LOG_TWO_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
ROUNDER = 6755399441055744.0
"""1.5 * 2**52: adding it rounds to a whole number, which then stands in the lowest bits."""
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
DENSITY_TOP = 1.0 / math.sqrt(2.0 * math.pi)

ITERATIONS_MAX = 12
STEP_ENOUGH = 1e-4
"""The step is of fourth order: after one this small, relative to s, nothing is left to gain."""

VALUE_MIN, TINY = 1e-280, 1e-300
MILLS_TOP = math.sqrt(0.5 * math.pi)

SOLVED, BELOW_INTRINSIC, ABOVE_BOUND, NO_INFORMATION = 0.0, 1.0, 2.0, 3.0
LOW, MIDDLE, HIGH = 1.0, 0.0, 2.0
INFORMATION_VOL, ROUNDING = 1e-9, 2.0**-52

lanes = njit(inline="always", error_model="numpy", fastmath={"contract"})
compiled = njit(cache=True, error_model="numpy", fastmath={"contract"}, nogil=True)


@lanes
def _exp(y: Any) -> Any:
    """e**y for |y| <= 708: a power of two times the Taylor polynomial on half a log 2 around 0."""
    turned = y * 1.4426950408889634 + ROUNDER
    whole = turned - ROUNDER
    q = (y - whole * LOG_TWO_HIGH) - whole * LOG_TWO_LOW
    p = 1.0 / 6227020800.0
    p = ((p * q + 1.0 / 479001600.0) * q + 1.0 / 39916800.0) * q + 1.0 / 3628800.0
    p = ((p * q + 1.0 / 362880.0) * q + 1.0 / 40320.0) * q + 1.0 / 5040.0
    p = ((p * q + 1.0 / 720.0) * q + 1.0 / 120.0) * q + 1.0 / 24.0
    p = ((p * q + 1.0 / 6.0) * q + 0.5) * q + 1.0
    p = p * q + 1.0
    power = (np.float64(turned).view(np.int64) << 52) + np.int64(1023 << 52)
    return p * np.int64(power).view(np.float64)


@lanes
def _log_ratio(above: Any, below: Any, ratio: Any) -> Any:
    """ln(above / below), both > 0, exact to the end near 1; `ratio` is above / below, roughly.

    2 artanh(z) with z = (a - b)/(a + b) after a power of two has brought them within root two:
    a - b is then exact.
    """
    whole = (np.float64(ratio).view(np.int64) - np.int64(ROOT_HALF_BITS)) >> 52
    scaled = below * np.int64((whole + 1023) << 52).view(np.float64)
    z = (above - scaled) / (above + scaled)
    w = z * z
    p = 1.0 / 25.0
    p = ((p * w + 1.0 / 23.0) * w + 1.0 / 21.0) * w + 1.0 / 19.0
    p = ((p * w + 1.0 / 17.0) * w + 1.0 / 15.0) * w + 1.0 / 13.0
    p = ((p * w + 1.0 / 11.0) * w + 1.0 / 9.0) * w + 1.0 / 7.0
    p = (p * w + 1.0 / 5.0) * w + 1.0 / 3.0
    octaves = np.float64(whole)
    return octaves * LOG_TWO_HIGH + (2.0 * z + (2.0 * z * w * p + octaves * LOG_TWO_LOW))


@lanes
def _mills(x: Any) -> Any:
    """N(-x) / n(x) for x >= 0, within 3e-16 of itself.

    (1 + x) times it is smooth in t = (x - 5)/(x + 5) on all of [-1, 1]: its Chebyshev series to
    23rd degree, from 40 digits, written in powers of t.
    """
    one_by = 1.0 / ((x + 5.0) * (x + 1.0))
    t = (x - 5.0) * (x + 1.0) * one_by
    p = -9.564832934712551e-10
    p = ((p * t - 7.073898575561589e-10) * t + 1.1032071151574336e-08) * t + 9.092476134019147e-09
    p = ((p * t - 7.758520236786343e-08) * t - 6.588974491108954e-08) * t + 4.91996233147834e-07
    p = ((p * t + 3.2054316652589574e-07) * t - 3.277287633208865e-06) * t - 1.7633239265736746e-07
    p = ((p * t + 2.270961270923768e-05) * t - 2.480583845192319e-05) * t - 0.0001343742785571135
    p = ((p * t + 0.00045704392357953655) * t + 1.9530638370790786e-05) * t - 0.004201290329187307
    p = ((p * t + 0.01634823128102938) * t - 0.03802659218584139) * t + 0.0615050458401865
    p = ((p * t - 0.0661776007790963) * t + 0.0250721793016388) * t + 0.07778159886873769
    p = (p * t - 0.22948753825211315) * t + 1.1568486282918946
    return p * (x + 5.0) * one_by


@compiled
def _figures_block(w: Any) -> None:
    """Rows 0 to 5: call (1 or -1), spot, strike, vol, years, rate; from 6 on price, delta, gamma,
    vega, theta, rho, vanna, volga and the price of the digital."""
    for i in range(BLOCK):
        sign, spot, strike = w[i], w[i + BLOCK], w[i + 2 * BLOCK]
        vol, years, rate = w[i + 3 * BLOCK], w[i + 4 * BLOCK], w[i + 5 * BLOCK]
        root = math.sqrt(years)
        discount = _exp(-rate * years)
        owed = strike * discount
        # Division is what takes longest here, so there are five.
        by_both, by_stdev = 1.0 / (spot * owed), 1.0 / max(vol * root, STDEV_MIN)
        by_spot, by_owed = owed * by_both, spot * by_both
        x = _log_ratio(spot, strike, spot * discount * by_owed) + rate * years
        far, half = min(abs(x) * by_stdev, DISTANCE_MAX), 0.5 * vol * root
        exponent = -0.5 * (far * far + half * half)
        # spot * n(d+) = owed * n(d-): one density serves both tails and every Greek.
        density = math.sqrt(spot * owed) * DENSITY_TOP * _exp(max(exponent, EXPONENT_MIN))
        density = density if exponent > EXPONENT_MIN else 0.0
        tail = density * _mills(abs(far - half))
        low_part = tail if far >= half else min(spot, owed) - tail
        high_part = density * _mills(far + half)
        is_below = x <= 0.0
        plus = (low_part if is_below else high_part) * by_spot
        minus = (high_part if is_below else low_part) * by_owed
        is_outside = (sign > 0.0) == is_below
        plus = plus if is_outside else 1.0 - plus
        minus = minus if is_outside else 1.0 - minus
        strike_term = sign * owed * minus
        density = density if vol * root > STDEV_MIN else 0.0
        vega, d_mean = density * root, x * by_stdev
        intrinsic = 0.0 if is_outside else abs(spot - owed)
        w[i + 6 * BLOCK] = max(low_part - high_part, 0.0) + intrinsic
        w[i + 7 * BLOCK] = sign * plus
        w[i + 8 * BLOCK] = density * by_spot * by_spot * by_stdev
        w[i + 9 * BLOCK] = vega
        w[i + 10 * BLOCK] = -0.5 * density * vol * vol * by_stdev - rate * strike_term
        w[i + 11 * BLOCK] = strike_term * years
        w[i + 12 * BLOCK] = -vega * (d_mean - half) * by_stdev * by_spot
        w[i + 13 * BLOCK] = vega * (d_mean + half) * (d_mean - half) * root * by_stdev
        w[i + 14 * BLOCK] = discount * minus


@lanes
def _load(w: Any, columns: Any, start: Any, size: Any) -> None:
    """One block of inputs into rows 0 to 5; what a short block leaves over stays as it was."""
    for row in range(6):
        source = columns[row, start : start + size]
        target = w[row * BLOCK : (row + 1) * BLOCK]
        for i in range(size):
            target[i] = source[i]


@compiled
def fill_figures(columns: Any, size: Any, out: Any, at: Any) -> None:
    """Price the first `size` of columns (6, any) into the rows of out, from `at` on."""
    w = np.ones(15 * BLOCK)
    for start in range(0, size, BLOCK):
        count = min(BLOCK, size - start)
        _load(w, columns, start, count)
        _figures_block(w)
        for row in range(out.shape[0]):
            source = w[(6 + row) * BLOCK : (7 + row) * BLOCK]
            target = out[row, at + start : at + start + count]
            for i in range(count):
                target[i] = source[i]


@compiled
def fill_forward_figures(columns: Any, size: Any, out: Any, at: Any) -> None:
    """The same for options on a forward: at rate 0, then discounted. out has 8 rows."""
    rates = columns[5].copy()
    columns[5] = 0.0
    fill_figures(columns, size, out, at)
    for i in range(size):
        rate, years = rates[i], columns[4, i]
        discount = math.exp(-rate * years)
        for row in range(8):
            out[row, at + i] *= discount
        out[4, at + i] += rate * out[0, at + i]
        out[5, at + i] = -years * out[0, at + i]


@compiled
def _start_block(w: Any) -> None:
    """From rows 0 to 5 (call, spot, strike, price, years, rate) to the normalised problem.

    Rows from 6 on: x = |ln(F/K)|, the out-of-the-money value b over the root of spot * owed, its
    bound, ln b, first guess of s = vol * sqrt(years), b's rounding error, status.
    """
    for i in range(BLOCK):
        sign, spot, strike = w[i], w[i + BLOCK], w[i + 2 * BLOCK]
        price, years, rate = w[i + 3 * BLOCK], w[i + 4 * BLOCK], w[i + 5 * BLOCK]
        discount = _exp(-rate * years)
        owed = strike * discount
        x = _log_ratio(spot, strike, spot / strike) + rate * years
        is_outside = (sign > 0.0) == (x <= 0.0)
        x = abs(x)
        by_root = 1.0 / math.sqrt(spot * owed)
        value = (price if is_outside else price - abs(spot - owed)) * by_root
        noise = ROUNDING * (abs(price) + (0.0 if is_outside else spot + owed)) * by_root
        bound = _exp(-0.5 * min(x, 1400.0))
        is_empty = years <= 0.0 or value <= VALUE_MIN or value >= bound
        status = NO_INFORMATION if is_empty else SOLVED
        status = BELOW_INTRINSIC if value < -noise else status
        status = ABOVE_BOUND if price >= (spot if sign > 0.0 else owed) else status
        turn = math.sqrt(2.0 * x)
        turn_value = DENSITY_TOP * bound * max(MILLS_TOP - _mills(turn), 0.0)
        b = value if status == SOLVED else turn_value
        is_low = b < turn_value
        low_b = b if is_low else 1.0
        turn_b = turn_value if is_low else 1.0
        depth = 0.25 * x + _log_ratio(turn_b, low_b, turn_b / low_b)
        # ln b falls by x^2 / (2 s^2) and by 3 ln s, to be counted from the turn.
        first = max(x / math.sqrt(2.0 * max(depth, VALUE_MIN)), VALUE_MIN)
        start = max(turn, VALUE_MIN)
        lowered = depth + 3.0 * _log_ratio(first, start, first / start)
        s_low = x / math.sqrt(2.0 * max(lowered, 0.5 * depth, VALUE_MIN))
        s_high = turn + (b - turn_value) / (DENSITY_TOP * bound)
        w[i + 6 * BLOCK] = x
        w[i + 7 * BLOCK] = b
        w[i + 8 * BLOCK] = bound
        w[i + 9 * BLOCK] = _log_ratio(low_b, 1.0, low_b)
        w[i + 10 * BLOCK] = max(s_low if is_low else s_high, VALUE_MIN)
        w[i + 11 * BLOCK] = noise
        w[i + 12 * BLOCK] = status
        is_high = b > 0.5 * (bound + turn_value)
        w[i + 13 * BLOCK] = LOW if is_low else (HIGH if is_high else MIDDLE)


@compiled
def _step_block(w: Any) -> None:
    """One Householder step of third order on 1/ln b, on b, or on ln(bound - b), by region."""
    for i in range(BLOCK):
        x, goal, bound = w[i + 6 * BLOCK], w[i + 7 * BLOCK], w[i + 8 * BLOCK]
        s, region = w[i + 10 * BLOCK], w[i + 13 * BLOCK]
        by_s = 1.0 / s
        far, half = min(x * by_s, DISTANCE_MAX), 0.5 * s
        exponent = max(-0.5 * (far * far + half * half), EXPONENT_MIN)
        slope = DENSITY_TOP * _exp(exponent)
        high_part = slope * _mills(far + half)
        tail = slope * _mills(abs(far - half))
        b = max((tail if far >= half else bound - tail) - high_part, TINY)
        rest = max((bound - tail if far >= half else tail) + high_part, TINY)
        is_low, is_high = region == LOW, region == HIGH
        above = goal if is_low else (rest if is_high else 1.0)
        below = b if is_low else (bound - goal if is_high else 1.0)
        distance = _log_ratio(above, below, above / below)
        log_b = min(w[i + 9 * BLOCK] - distance, -TINY)
        q = slope / (b if is_low else rest)
        second = (far * far - half * half) * by_s
        third = second * second - 3.0 * far * far * by_s * by_s - 0.25
        by_log = q / log_b
        low_second = second - q
        low_third = third - 3.0 * second * q + 2.0 * q * q
        newton = (goal - b) / slope
        newton = distance / q if is_high else newton
        newton = distance * log_b / (q * w[i + 9 * BLOCK]) if is_low else newton
        bend = second + q if is_high else second
        twist = third + 3.0 * second * q + 2.0 * q * q if is_high else third
        bend = low_second - 2.0 * by_log if is_low else bend
        twist = low_third - 6.0 * low_second * by_log + 6.0 * by_log * by_log if is_low else twist
        top = 1.0 + 0.5 * bend * newton
        bottom = 1.0 + newton * (bend + twist * newton / 6.0)
        step = newton * top / bottom if top > 0.1 and bottom > 0.1 else newton
        step = max(min(step, 2.0 * s), -0.7 * s)
        w[i + 10 * BLOCK] = s + step
        w[i + 14 * BLOCK] = abs(step) * by_s
        w[i + 15 * BLOCK] = slope


@compiled
def fill_implied(columns: Any, size: Any, out: Any, at: Any) -> None:
    """Invert the first `size` of columns (6, any): out, from `at` on, gets vol and status."""
    w = np.ones(16 * BLOCK)
    for start in range(0, size, BLOCK):
        count = min(BLOCK, size - start)
        _load(w, columns, start, count)
        _start_block(w)
        rounds, widest = 0, 1.0
        while widest > STEP_ENOUGH and rounds < ITERATIONS_MAX:
            _step_block(w)
            rounds += 1
            widest = 0.0
            for i in range(count):
                widest = max(widest, w[14 * BLOCK + i])
        for i in range(count):
            root, code = math.sqrt(w[4 * BLOCK + i]), w[12 * BLOCK + i]
            error, slope = w[11 * BLOCK + i], w[15 * BLOCK + i]
            is_vague = error > INFORMATION_VOL * slope * root or w[14 * BLOCK + i] > STEP_ENOUGH
            code = NO_INFORMATION if code == SOLVED and is_vague else code
            out[0, at + start + i] = w[10 * BLOCK + i] / root if code == SOLVED else 0.0
            out[1, at + start + i] = code
