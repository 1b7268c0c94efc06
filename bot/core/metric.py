"""What a metric is called by: its unit and its meaning, for rule files, records and docs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias


class Metric(NamedTuple):
    """unit: of its value, as people write it. meaning: in a few words, with the formula."""

    unit: str
    meaning: str


Family: TypeAlias = Mapping[str, Metric]
"""Metrics that are measured together, by name."""
