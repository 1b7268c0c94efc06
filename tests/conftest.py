"""How hard the property tests look: `dev` at the desk, `pr` in CI, `nightly` when there is time."""

import os

import pytest
from hypothesis import HealthCheck, settings

# No deadline: the first example of a compiled function pays for its compilation.
COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("dev", max_examples=50, **COMMON)
settings.register_profile("pr", max_examples=300, derandomize=True, **COMMON)
settings.register_profile("nightly", max_examples=10_000, **COMMON)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile: HYPOTHESIS_PROFILE, else `pr` in CI, else `dev`."""
    if config.pluginmanager.hasplugin("pytest-brownie"):
        return  # brownie sets its own, which its isolation of the chain needs
    in_ci = os.environ.get("CI") == "true"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("pr" if in_ci else "dev"))
