"""Every script in ``examples/`` runs, in silence but for what it prints, and prints what it promises."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

PROMISED = {
    "sleepstudy.py": ("Linear mixed model fit", "The line of subject 308: Reaction = ", "on day 9?"),
    "penicillin_crossed.py": ("sample is crossed and small", "plate    Intercept", "sample    Intercept F"),
    "dyestuff2_singular.py": (
        "sd_Batch[Intercept]",
        "P(batches vary more than yields within a batch | data) = 0.0",
    ),
    "arviz_tour.py": ("beta[temp]", "elpd_loo", "recipes", "likelihood diagnosis"),
    "random_intercepts.py": ("sd_student[Intercept] 0.250", "Share of the variance between students"),
    "slopes.py": ("42.837", "cor_Days.Intercept|Subject", "By posterior"),
    "nested_and_crossed.py": ("write (1 | batch/cask)", "batch:cask    30", "cask      3"),
    "two_levels.py": ("schoolSES   0.2", "two schools not yet seen"),
    "shrinkage_explorer.py": ("complete     47.449", "Open in a browser"),
}


def test_every_example_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PROMISED)


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_example_prints_what_it_promises(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    printed = capsys.readouterr().out
    assert [phrase for phrase in PROMISED[name] if phrase not in printed] == []


def test_sleepstudy_is_near_lme4(capsys: pytest.CaptureFixture[str]) -> None:
    """The coefficients of lme4 1.1-31 (REML) are 251.405 and 10.467; priors and chance move them little."""
    names = runpy.run_path(str(EXAMPLES / "sleepstudy.py"), run_name="__main__")
    capsys.readouterr()
    assert names["fit"].fixef()["value"].to_list() == pytest.approx([251.405, 10.467], rel=0.02)
