"""The committed artifacts are what the sources build, with the locked compiler."""

from __future__ import annotations

from bot.edges.node import javascript_binary, node_modules
from tooling.build_contracts import ARTIFACTS, CONTRACTS, build


def test_the_committed_artifacts_are_what_the_sources_build() -> None:
    built = build(node=javascript_binary(), modules=node_modules())
    assert sorted(built) == sorted(path.rpartition("/")[2] + ".json" for path in CONTRACTS)
    for name, text in built.items():
        assert (ARTIFACTS / name).read_text() == text, f"{name}: run tooling/build_contracts.py"
