"""Build contracts/ with npm's solc into bot/artifacts/, or check that the artifacts are current.

    python tooling/build_contracts.py            writes bot/artifacts/*.json
    python tooling/build_contracts.py --check    exit code 1 when a file differs from its source

The artifacts are committed, so that nobody needs a compiler to run layerhedge.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = ("EngineGate", "PoolLens", "TransferProbe", "test/TestToken", "test/FeeToken")
ARTIFACTS = ROOT / "bot" / "artifacts"

EVM_VERSION = "paris"
"""No opcode newer than Paris: runs on Ganache and on chains that never took PUSH0."""

OUTPUTS = (
    "abi",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
)

TIMEOUT_S = 120

COMPILE_JS = """
const solc = require('solc');
process.stdout.write(solc.compile(require('fs').readFileSync(0, 'utf8')));
"""


def standard_input() -> dict[str, Any]:
    """solc's standard JSON input for every source under contracts/."""
    paths = sorted((ROOT / "contracts").rglob("*.sol"))
    return {
        "language": "Solidity",
        "sources": {
            path.relative_to(ROOT).as_posix(): {"content": path.read_text()} for path in paths
        },
        "settings": {
            "evmVersion": EVM_VERSION,
            "optimizer": {"enabled": True, "runs": 1_000_000},
            # No metadata hash: the same code gives the same bytes wherever it is built.
            "metadata": {"bytecodeHash": "none", "appendCBOR": False},
            "outputSelection": {"*": {"*": list(OUTPUTS)}},
        },
    }


def build(*, node: str = "node", modules: Path = ROOT / "node_modules") -> dict[str, str]:
    """Compile, and return the text of every artifact by file name."""
    done = subprocess.run(
        [node, "-e", COMPILE_JS],
        input=json.dumps(standard_input()),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
        cwd=modules.parent,
    )
    output = json.loads(done.stdout)
    problems = [error["formattedMessage"] for error in output.get("errors", ())]
    if problems:
        raise SystemExit("".join(problems))
    return dict(_artifact(output, name) for name in CONTRACTS)


def _artifact(output: dict[str, Any], path: str) -> tuple[str, str]:
    name = path.rpartition("/")[2]
    built = output["contracts"][f"contracts/{path}.sol"][name]
    deployed = built["evm"]["deployedBytecode"]
    filled = sorted(
        place["start"] for places in deployed["immutableReferences"].values() for place in places
    )
    fields = {
        "contractName": name,
        "sourcePath": f"contracts/{path}.sol",
        "evmVersion": EVM_VERSION,
        "abi": built["abi"],
        "bytecode": "0x" + built["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + deployed["object"],
        # Where the constructor fills in words that are zero here: offsets in bytes.
        **({"immutables": filled} if filled else {}),
    }
    return f"{name}.json", json.dumps(fields, indent=1) + "\n"


def main() -> int:
    """Write the artifacts, or compare them."""
    parser = argparse.ArgumentParser(description="Build the contracts into bot/artifacts/.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    stale = []
    for name, text in build().items():
        path = ARTIFACTS / name
        if check and (not path.exists() or path.read_text() != text):
            stale.append(name)
        elif not check:
            path.write_text(text)
    if stale:
        sys.stderr.write(f"not what the sources build: {', '.join(stale)}\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
