"""Whether a sleeve may act: the second engine only while its gate is open.

The gate is the rules' own switch, which their hash covers. A gate on the chain, a multi-signature
that says when the engine may act, is one more condition here: what it says is read with the
snapshot, so that a record tells it too.
"""

from __future__ import annotations

from bot.core.rules import Rules
from bot.core.sleeves import Sleeve


def is_open(sleeve: Sleeve, rules: Rules) -> bool:
    """Whether layers of this sleeve may buy and hold; the core always may."""
    return sleeve is Sleeve.CORE or (rules.engine is not None and rules.engine.enabled)
