"""The ledger as a Parquet file: the columns of the CSV, with amounts typed as decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bot.core.ledger import Entry
from bot.core.snapshot import DECIMALS_MAX
from bot.report.ledger_export import COLUMNS, posting_columns

ROWS_PER_GROUP = 20_000
"""Postings held in memory at a time."""

_INTEGERS = {"seq", "tick", "block_number"}
_DIGITS = 76
"""What a 256-bit decimal holds: 40 before the point; a pair's reserves have 34 (uint112)."""


def export_parquet(
    entries: Iterable[Entry], path: str | Path, *, decimals: Mapping[str, int]
) -> int:
    """Write one row a posting and return how many; `atoms` is exact text, `amount` a decimal."""
    schema = pa.schema([(name, _type(name)) for name in COLUMNS])
    amount = COLUMNS.index("amount")
    rows = (
        (*columns[:amount], Decimal(columns[amount]), *columns[amount + 1 :])
        for entry in entries
        for posting in entry.postings
        for columns in [posting_columns(entry, posting, decimals=decimals)]
    )
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            arrays = [
                pa.array(values, type=_type(name))
                for name, values in zip(COLUMNS, zip(*group, strict=True), strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count


def _type(column: str) -> pa.DataType:
    if column == "amount":
        return pa.decimal256(_DIGITS, DECIMALS_MAX)
    return pa.int64() if column in _INTEGERS else pa.string()
