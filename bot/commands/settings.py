"""config and version: what is configured, and what this is."""

from __future__ import annotations

from argparse import Namespace

from bot.commands.terminal import Terminal


def show(args: Namespace, terminal: Terminal) -> int:
    """Every value of a run, and who said it; secrets are hidden."""
    from bot.config import show_run

    settings = show_run(args.config)
    if terminal.wants_json:
        terminal.emit(
            [
                {"key": setting.key, "value": setting.value, "source": setting.source}
                for setting in settings
            ]
        )
        return 0
    terminal.table(
        ("key", "value", "from"),
        [(setting.key, _words(setting.value), setting.source) for setting in settings],
    )
    return 0


def _words(value: object) -> str:
    """A value for people: texts as they are, lists and tables as JSON."""
    import json

    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value)


def check(args: Namespace, terminal: Terminal) -> int:
    """All problems of a run file with its rules, or of a rule file; the first's exit code."""
    from bot.config import check_rules, check_run

    files = args.config or [args.rules]
    problems = check_run(args.config) if args.config else check_rules(args.rules)
    if terminal.wants_json:
        terminal.emit(
            {
                "files": files,
                "ok": not problems,
                "problems": [
                    {**{name: str(value) for name, value in problem.operands.items()}}
                    for problem in problems
                ],
            }
        )
    elif not problems:
        terminal.say(f"{', '.join(files)}: every key is known and every value fits")
    else:
        for problem in problems:
            terminal.stderr.write(f"layerhedge: {problem.line}\n")
    return problems[0].exit_code if problems else 0


def schema(args: Namespace, terminal: Terminal) -> int:
    """The JSON schema, for editors."""
    from bot.config import rules_schema, run_schema

    terminal.emit(rules_schema() if args.kind == "rules" else run_schema())
    return 0


def version(args: Namespace, terminal: Terminal) -> int:
    """The version of layerhedge and of Python."""
    import platform

    from bot import __version__

    if terminal.wants_json:
        terminal.emit({"layerhedge": __version__, "python": platform.python_version()})
    else:
        terminal.say(f"layerhedge {__version__}, Python {platform.python_version()}")
    return 0
