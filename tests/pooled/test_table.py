"""Pooling in print."""

from __future__ import annotations

import bayesmixed as bm


def test_text_and_html_show_sizes_and_first_groups() -> None:
    pooling = bm.pooling("langPOST ~ IQ_verb + (1 | schoolNR)", bm.load_dataset("bdf"), method="reml")
    text, html = str(pooling), pooling._repr_html_()
    assert text.startswith("Pooling over schoolNR: langPOST ~ IQ_verb + (1 | schoolNR)")
    assert "The first 12 of 131 groups" in text
    assert "intercepts" in text
    assert "reliability: share" in text
    assert text.count("reliability: share") == 1
    assert "<table" in html
    assert "Intercept by schoolNR" in html
