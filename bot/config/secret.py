"""Values that may hold a key: kept whole for their one use, never shown whole."""

from __future__ import annotations


class Secret:
    """A text whose str and repr tell only what everybody may see; `reveal` gives it to its user.

    shown: what everybody may see. Not a dataclass, so that no asdict walks into it.
    """

    __slots__ = ("_shown", "_value")

    def __init__(self, value: str, *, shown: str) -> None:
        self._value = value
        self._shown = shown

    def reveal(self) -> str:
        """The whole text, for the one call that needs it."""
        return self._value

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"Secret({self._shown!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to files")


def url_shown(url: str) -> str:
    """An address without user, path and query, where providers put their keys.

    >>> url_shown("https://user:word@rpc.example/v2/KEY")
    'https://rpc.example/...'
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority = rest.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    host = authority.rpartition("@")[2]
    return f"{scheme}://{host}" if rest.rstrip("/") == host else f"{scheme}://{host}/..."
