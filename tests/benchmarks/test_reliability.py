"""Figures go into their place in the document, and nowhere else."""

from __future__ import annotations

import pytest

from benchmarks.reliability import BEGIN, DOCUMENT, END, put


def test_figures_replace_what_was_between_the_markers() -> None:
    assert put(f"a\n{BEGIN}\nold\n{END}\nz", "new \\1") == f"a\n{BEGIN}\n\nnew \\1\n\n{END}\nz"


def test_a_document_without_markers_is_not_touched() -> None:
    with pytest.raises(ValueError, match="figures:begin"):
        put("a", "new")


def test_the_document_has_the_markers() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert 0 < text.index(BEGIN) < text.index(END)
