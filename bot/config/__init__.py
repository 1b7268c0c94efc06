"""Run files, rule files and environment -> frozen, validated values. The keys are in docs/.

The only reader of the environment. pydantic is not used: importing it costs more than a whole
tick, and the tables of keys (run_keys, rule_keys) give schema and docs as well.
"""

from bot.config.rule_file import check_rules, load_rules, rules_schema
from bot.config.run_config import (
    ChainConfig,
    PoolConfig,
    PositionConfig,
    RunConfig,
    SchedulerConfig,
    VenueConfig,
)
from bot.config.run_file import Setting, check_run, load_run, run_schema, show_run
from bot.config.secret import Secret

__all__ = [
    "ChainConfig",
    "PoolConfig",
    "PositionConfig",
    "RunConfig",
    "SchedulerConfig",
    "Secret",
    "Setting",
    "VenueConfig",
    "check_rules",
    "check_run",
    "load_rules",
    "load_run",
    "rules_schema",
    "run_schema",
    "show_run",
]
