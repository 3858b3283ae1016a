"""``fit.report``: a page of any fit, in a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError, FileError
from bayesmixed.report import report_html
from report.pages import read

SHARED = {
    "Fixed effects",
    "Random effects: variances",
    "Random effects: correlations",
    "Intraclass correlation",
    "Explained variance",
    "Estimates in pictures",
    "Data and fit",
    "Random effects of g",
}


@pytest.fixture(scope="module")
def posterior(hostile_fit) -> bm.MixedFit:
    return bm.MixedFit(
        spec=hostile_fit.spec, draws=hostile_fit.draws, run=hostile_fit.run, diagnosis=hostile_fit.diagnosis
    )


@pytest.fixture(scope="module")
def estimate_page(hostile_fit, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pages") / "estimate.html"
    assert hostile_fit.reml().report(path) == str(path)
    return path.read_text(encoding="utf-8")


def headings(page: str) -> set[str]:
    return {part.partition("</h2>")[0] for part in page.split("<h2>")[1:]}


def test_a_posterior_is_written_as_its_page(posterior: bm.MixedFit, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert posterior.report(path, title="A", prob=0.9) == str(path)
    assert path.read_text(encoding="utf-8") == report_html(posterior, title="A", prob=0.9)


def test_an_estimate_has_the_sections_that_need_no_draws(estimate_page: str) -> None:
    assert headings(estimate_page) == SHARED | {"Criteria", "How it was estimated"}
    assert "Values are estimates, se is the standard error" in estimate_page
    assert "posterior median" not in estimate_page


def test_the_page_of_an_estimate_is_whole_and_safe(estimate_page: str, hostile_fit) -> None:
    reader = read(estimate_page)
    assert reader.open == []
    assert not {"script", "link"} & set(reader.tags)
    text = " ".join(reader.text)
    assert all(level in text for level in hostile_fit.spec.design.blocks[0].levels)


def test_numbers_of_an_estimate_are_those_of_its_tables(estimate_page: str, hostile_fit) -> None:
    fit = hostile_fit.reml()
    assert f"{fit.fixef()['df'].iloc[0]:.2f}" in estimate_page
    assert f"<dd>{fit.deviance():.1f}</dd>" in estimate_page


def test_the_report_of_rows_that_lie_elsewhere_shows_a_sample(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(12), 1000)
    y = rng.normal(size=12)[codes] + rng.normal(size=12_000)
    rows = polars.DataFrame({"y": y, "g": [f"g{code}" for code in codes]}).lazy()
    page = Path(bm.lmer("y ~ 1 + (1 | g)", rows, method="ml").report(tmp_path / "page.html"))
    assert "10,000 of 12,000 rows, drawn at random." in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_told(hostile_fit, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"page.html' cannot be written: No such file"):
        hostile_fit.reml().report(tmp_path / "no" / "page.html")


def test_nothing_is_written_of_an_impossible_interval(hostile_fit, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with pytest.raises(BayesmixedError, match="prob"):
        hostile_fit.reml().report(path, prob=2)
    assert not path.exists()


def test_a_page_that_breaks_off_leaves_the_old_one(
    hostile_fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left"):
        hostile_fit.reml().report(path)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_new_page_is_for_whom_the_process_writes(hostile_fit, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        hostile_fit.reml().report(tmp_path / "page.html")
    finally:
        os.umask(before)
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o640
