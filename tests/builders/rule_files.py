"""Rule files written for a test, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

from bot.config import check_rules


def written(folder: Path, text: str) -> Path:
    """A rule file of this text."""
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    """Key, problem and remedy of each error, without the file's name."""
    path = written(folder, text)
    return [error.line.replace(f"{path}: ", "") for error in check_rules(path)]
