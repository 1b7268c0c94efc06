"""One spelling for every value that is hashed or journalled: canonical JSON and its digest.

Keys sorted, no white space, integers of the chain as decimal strings, floats as their shortest
repr after rounding on their own island, no NaN and no infinity, no wall time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Json: TypeAlias = Union[  # noqa: UP007 - a recursive alias needs the quoted spelling
    bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None
]


# No check for circles, which is a third of the time: a Json is a tree.
_ENCODER = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,
)


def canonical_json(value: Json) -> str:
    """Return the one text of a value.

    >>> canonical_json({"b": 1, "a": ["2", None]})
    '{"a":["2",null],"b":1}'
    """
    return _ENCODER.encode(value)


def digest_text(text: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(*cause: Json) -> str:
    """The id of whatever these values cause: same cause, same id, on every machine.

    >>> digest("a", 1) == digest("a", 1) != digest("a", "1")
    True
    """
    return digest_text(canonical_json(cause))
