"""One spelling and one digest for every value."""

from __future__ import annotations

import hashlib

import pytest

from bot.core.canonical import canonical_json, digest, digest_text


def test_the_order_of_keys_does_not_change_the_text() -> None:
    assert canonical_json({"b": [1, "2"], "a": None}) == '{"a":null,"b":[1,"2"]}'
    assert canonical_json({"a": None, "b": (1, "2")}) == '{"a":null,"b":[1,"2"]}'


def test_text_is_kept_in_utf8_and_not_escaped() -> None:
    assert canonical_json("σ") == '"σ"'
    assert digest_text("σ") == hashlib.sha256(b"\xcf\x83").hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_know_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"x": value})


def test_a_digest_tells_types_and_grouping_apart() -> None:
    causes = [("a", 1), ("a", "1"), (["a", 1],), ("a",), ("a", 1, None)]
    assert len({digest(*cause) for cause in causes}) == len(causes)


def test_a_digest_is_the_sha256_of_the_canonical_text() -> None:
    assert digest("a", 1) == hashlib.sha256(b'["a",1]').hexdigest()
