"""Name Anvil's packages for every platform in package-lock.json.

npm leaves an optional package out of the lock when the registry it asked does not hold it, and
then `npm ci` refuses the lock as incomplete. Such a package is written here with its version and
platform, without a digest: nobody can vouch for bytes that were not seen. npm skips it on other
platforms, and on its own it takes the digest that the registry gives.
"""

import json
import sys
from pathlib import Path

CPU_BY_SUFFIX = {"amd64": "x64", "arm64": "arm64"}


def complete(lock: dict) -> dict:
    """Return the lock with an entry for each optional platform package of Anvil."""
    packages = lock["packages"]
    anvil = packages["node_modules/@foundry-rs/anvil"]
    for name, version in anvil["optionalDependencies"].items():
        system, suffix = name.removeprefix("@foundry-rs/anvil-").split("-")
        binary = "bin/anvil.exe" if system == "win32" else "bin/anvil"
        packages.setdefault(
            f"node_modules/{name}",
            {
                "version": version,
                "cpu": [CPU_BY_SUFFIX[suffix]],
                "license": anvil["license"],
                "optional": True,
                "os": [system],
                "bin": {"anvil": binary},
                "engines": {"node": ">=20"},
            },
        )
    lock["packages"] = {"": packages.pop(""), **dict(sorted(packages.items()))}
    return lock


if __name__ == "__main__":
    path = Path(sys.argv[1])
    lock = complete(json.loads(path.read_text()))
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
