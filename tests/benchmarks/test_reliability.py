"""Figures go into their place in the document, and nowhere else."""

from __future__ import annotations

import pytest

from benchmarks.reliability import DOCUMENT, MEASURES, markers, put


def test_figures_replace_what_was_between_their_markers() -> None:
    begin, end = markers("soak")
    other = "\n".join(markers("faults"))
    before, after = f"a\n{other}\nb\n{begin}\n", f"\n{end}\nz"
    assert put(f"{before}old{after}", "soak", "new \\1") == f"{before}\nnew \\1\n{after}"


def test_a_document_without_markers_is_not_touched() -> None:
    with pytest.raises(ValueError, match="soak:begin"):
        put("\n".join(markers("faults")), "soak", "new")


@pytest.mark.parametrize("name", MEASURES)
def test_the_document_has_the_markers(name: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = markers(name)
    assert 0 < text.index(begin) < text.index(end)
