"""The page of benchmarks names every peer that is better, out of made-up runs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def page() -> Iterator[ModuleType]:
    """The script that writes the page."""
    pytest.importorskip("psutil")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("bench_page")


def run(system: str, first: float | None, fit: float | None = None, **more: Any) -> dict[str, Any]:
    """A line of the file of results."""
    times = {"first_answer": first, "fit": fit}
    return {
        "case": "sleepstudy",
        "system": system,
        "caches": "full",
        "versions": {system: "1"},
        "machine": "2 cores",
        "date": "2030-01-01",
        "limit": 600.0,
        "over": fit is None,
        **{name: seconds for name, seconds in times.items() if seconds is not None},
        **more,
    }


POSTERIOR = {"min_ess": 3000.0, "ess_per_second": 3000.0, "peak_gigabytes": 0.4}
OURS = [
    run("bayesmixed", 40.0, 1.0, caches="empty", **POSTERIOR),
    *(run("bayesmixed", seconds, 1.0, **POSTERIOR) for seconds in (2.1, 2.0, 99.0)),
]


@pytest.mark.parametrize(
    ("peer", "sentences"),
    [
        ([], []),
        (
            [run("lme4", 0.9, 1.5, peak_gigabytes=0.5)],
            [
                "On sleepstudy lme4 (estimates alone), beside bayesmixed, gives its first answer sooner: "
                "0.90 s against 2.1 s; gives its very first answer on a machine sooner: 0.90 s against 40 s."
            ],
        ),
        (
            [run("brms", 60.0, 5.0, min_ess=3500.0, ess_per_second=700.0, peak_gigabytes=1.2)],
            ["On sleepstudy brms, beside bayesmixed, has more effective draws: 3,500 against 3,000."],
        ),
        ([run("rstanarm", None)], []),
        ([{"case": "sleepstudy", "system": "statsmodels", "left_out": "not installed"}], []),
    ],
    ids=["alone", "sooner", "more draws", "over the limit", "left out"],
)
def test_peers_that_are_better_are_named(page: ModuleType, peer: list[Any], sentences: list[str]) -> None:
    assert page.faster_peers(page.summarize(OURS + peer)) == sentences


def test_old_versions_do_not_count(page: ModuleType) -> None:
    old = run("lme4", 0.1, 0.1, versions={"lme4": "0"})
    assert page.summarize([old, run("lme4", 9.0, 9.0)])["sleepstudy", "lme4"].values["fit"] == 9.0


def test_a_run_over_the_limit_says_so(page: ModuleType) -> None:
    lines = page.table(page.summarize([*OURS, run("rstanarm", 400.0)]))
    assert "| rstanarm | 400 s | 400 s | over 600 s | - | - | - | - | 1 |" in lines
