"""The report: the same bytes every time, nothing from outside, nothing that a token could say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.errors import BookMissingError
from bot.core.ledger import Balances
from bot.core.ports import Row
from bot.edges.memory_store import MemoryStore
from bot.report.page import report_page
from tests.unit.report.story_book import played

MARKUP = "<img src=x onerror=alert(1)>"


class RewrittenBook:
    """A played book with one word replaced everywhere, as a hostile token would have it."""

    file = "/secret/place/book.sqlite"

    def __init__(self, store: MemoryStore, old: str, new: str) -> None:
        self._store, self._old, self._new = store, old, new

    def rows(self) -> Iterator[Row]:
        for row in self._store.rows():
            quoted = json.dumps(self._new)[1:-1]
            yield replace(row, body=row.body.replace(self._old, quoted))

    def balances(self) -> Balances:
        return {
            (account.replace(self._old, self._new), currency.replace(self._old, self._new)): atoms
            for (account, currency), atoms in self._store.balances().items()
        }

    def check(self) -> object:
        return self._store.check()


def test_the_same_journal_gives_the_same_bytes() -> None:
    assert report_page(played("crash", 150)) == report_page(played("crash", 150))


def test_a_report_has_every_part_that_a_reader_needs() -> None:
    page = report_page(played("crash"))
    for words in (
        "Paper trading; no advice",
        "bid and ask of a model",
        "Price and layers",
        "Impermanent loss and fees",
        "Against holding the tokens",
        "breaks even from",
        "The hedges&#x27; money",
        "Open hedges",
        "MONETISE",
        "Assets:Cash",
        "ab" * 32,
        "crash.sqlite",
        "derived anew from entry one",
    ):
        assert words in page, words


def test_a_report_asks_nothing_of_the_network() -> None:
    page = report_page(played("crash", 60))
    assert not re.search(r"https?:|\bsrc=|@import|url\(|fetch\(|<link", page)


def test_a_token_that_calls_itself_markup_is_shown_as_text() -> None:
    page = report_page(RewrittenBook(played("crash", 150), "WETH", MARKUP))
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_token_cannot_end_the_script_that_holds_a_charts_figures() -> None:
    page = report_page(RewrittenBook(played("crash", 150), "WETH", "</script><b>"))
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == page.count("<script")
    for text in scripts[:-1]:
        assert json.loads(text).keys() == {"t", "s"}


def test_a_report_names_the_book_but_not_the_folder_it_lies_in() -> None:
    page = report_page(RewrittenBook(played("crash", 30), "WETH", "WETH"))
    assert "book.sqlite" in page
    assert "/secret/place" not in page


def test_only_rules_and_venue_of_the_terms_are_shown() -> None:
    """Whatever else a book was opened with, an address with a key in it say, stays out."""
    secret = '"terms":{"rpc_url":"https://node/v3/KEY",'
    page = report_page(RewrittenBookText(played("crash", 30), '"terms":{', secret))
    assert "KEY" not in page
    assert "Rules and venue" in page


class RewrittenBookText(RewrittenBook):
    """The same on the raw text of the rows."""

    def rows(self) -> Iterator[Row]:
        for row in self._store.rows():
            yield replace(row, body=row.body.replace(self._old, self._new))


def test_a_book_without_a_first_row_has_no_report() -> None:
    with pytest.raises(BookMissingError):
        report_page(MemoryStore(name="empty"))
