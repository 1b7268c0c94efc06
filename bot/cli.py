"""The command line: parser, dispatch, exit codes. Commands live in bot/commands, loaded on demand.

Exit codes: 0 done, 2 wrong usage, 130 ended by Ctrl-C with the books closed, else the error's own
(docs/errors.md). docs/commands.md has every command, flag and key.
"""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import NoReturn

from bot.commands.options import build_parser
from bot.commands.terminal import Terminal, terminal_of
from bot.core.errors import BotError

EXIT_INTERNAL = 1
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
VERBOSE_TRACEBACK = 2


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    args = build_parser().parse_args(argv)
    terminal = terminal_of(args)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _run(args, terminal)
        terminal.stdout.flush()
        return code
    except KeyboardInterrupt:
        terminal.stderr.write("layerhedge: interrupted; the books are closed\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader is gone; without this Python complains once more when it flushes at exit.
        sys.stdout = None
        return EXIT_PIPE_CLOSED


def _run(args: argparse.Namespace, terminal: Terminal) -> int:
    try:
        module, function = args.handler.split(":")
        code: int = getattr(import_module(module), function)(args, terminal)
    except BotError as error:
        if terminal.verbosity >= VERBOSE_TRACEBACK:
            raise
        return terminal.fail(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        if terminal.verbosity >= VERBOSE_TRACEBACK:
            raise
        name, text = type(error).__name__, " ".join(str(error).split())
        terminal.stderr.write(
            f"layerhedge: unexpected {name}: {text}; run it again with -vv and report it\n"
        )
        return EXIT_INTERNAL
    return code


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """A polite end is asked for: end as with Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
