"""Words from the chain made harmless for a terminal."""

from __future__ import annotations


def clean(words: str) -> str:
    """Words with everything unprintable replaced, so that no symbol can steer a terminal.

    >>> clean("A" + chr(27) + "[2JB")
    'A\ufffd[2JB'
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in words)
