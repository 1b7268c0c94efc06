"""One writer a book: a lock file beside it, held by the kernel for as long as the process lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from bot.core.errors import BookLockedError, BookWriteError


class BookLock:
    """Holds `BOOK.lock` with flock and keeps our process id in it, for people to read.

    The kernel drops the lock when the process ends, however it ends. The file itself stays:
    deleting it would let two processes hold two different files of the same name.
    """

    def __init__(self, book: Path) -> None:
        """Take the lock or refuse at once with the holder's process id."""
        try:
            self._descriptor = os.open(f"{book}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise BookWriteError(file=str(book), problem=error.strerror) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise BookLockedError(file=str(book), pid=pid) from error
        # A disk too full for the number is not a reason to refuse: the lock itself is held.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let the next writer in; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
