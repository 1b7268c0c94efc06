"""Market data that lies beside the checkout and is no part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"


def shared_data(name: str) -> Path:
    """A file of it; the test is skipped, with the reason, on a machine that has none."""
    if not FOLDER.is_dir():
        pytest.skip("the market data of ../shared/data is not on this machine")
    return FOLDER / name
