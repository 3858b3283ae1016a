"""The printed summary, to the letter."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesmixed.covariances.residual import Residual
from bayesmixed.tables.summary_parts import summary_parts

EXPECTED = """\
Linear mixed model fit by exact-marginal NUTS ['bayesmixed']
Formula: Reaction ~ Days + (Days | Subject) + (1 | item)
   Data: 12 rows, 4 columns
  Draws: 1 chain of 101 draws, after 500 of tuning; 1.2 s, seed 7

Scaled residuals:
    Min      1Q Median     3Q    Max
-0.9500 -0.7625 0.2500 0.5125 0.9500

Random effects:
 Groups   Name       Variance Std.Dev. [95% interval]   Corr
 Subject  Intercept 400.00000   20.000 [10.500, 29.500]
          Days       25.00000    5.000 [ 2.625,  7.375] 0.25
 item     Intercept   0.01562    0.125 [ 0.066,  0.184]
 Residual             4.00000    2.000 [ 1.050,  2.950]
Number of obs: 12, groups: Subject, 4; item, 2

Fixed effects:
          Estimate Est.Error lower_2.5 upper_97.5  Rhat ESS_bulk ESS_tail
Intercept 250.0000   14.6501  226.2500   273.7500 1.000     3210     2890
Days       10.0000    0.5860    9.0500    10.9500 1.002     1834     1651

Estimates are posterior medians; intervals are equal-tailed, 95%.
2 rows were left out because a value is missing.
Largest R-hat 1.002; at least 1,834 effective draws in the bulk and 1,651 in the tails."""


def _arguments(printed: Any, **changes: Any) -> tuple[Any, ...]:
    return tuple(changes.get(n, getattr(printed, n)) for n in ("draws", "spec", "run", "diagnostics"))


def test_text(printed: Any) -> None:
    assert summary_parts(*_arguments(printed)).text() == EXPECTED


def test_another_probability(printed: Any) -> None:
    text = summary_parts(*_arguments(printed), prob=0.8).text()
    assert "Std.Dev. [80% interval]" in text
    assert "lower_10 upper_90" in text
    assert "[12.000, 28.000]" in text


def test_problems_come_last(printed: Any) -> None:
    text = summary_parts(*_arguments(printed), problems=["Two chains disagree.", "Draw more."]).text()
    assert text.endswith("in the tails.\nTwo chains disagree.\nDraw more.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"thin": 3}, "1 chain of 101 draws, thinned by 3, after 500 of tuning"),
        ({"chains": 4, "draws": 1000}, "4 chains of 1,000 draws, after"),
        ({"engine": "pymc"}, "fit by NUTS of the PyMC graph"),
    ],
)
def test_how_it_was_run(printed: Any, change: dict[str, Any], words: str) -> None:
    run = replace(printed.run, **change)
    assert words in summary_parts(*_arguments(printed, run=run)).text()


def test_finer_steps_are_stated(printed: Any) -> None:
    assert "finer" not in summary_parts(*_arguments(printed)).text()
    draws = printed.draws.copy()
    draws.attrs["target_accept"] = 0.95
    text = summary_parts(*_arguments(printed, draws=draws)).text()
    assert "after 500 of tuning in finer steps (acceptance rate 0.95);" in text


@pytest.mark.parametrize(
    ("change", "words", "absent"),
    [
        ({"n_dropped": 0}, "12 rows", "left out"),
        ({"n_dropped": 1}, "1 row was left out because a value is missing.", "rows were"),
        ({"residual": Residual(weights=np.ones(12))}, "12 rows, 4 columns, weighted", "unweighted"),
    ],
)
def test_rows(printed: Any, change: dict[str, Any], words: str, absent: str) -> None:
    spec = replace(printed.spec, design=replace(printed.spec.design, **change))
    text = summary_parts(*_arguments(printed, spec=spec)).text()
    assert words in text
    assert absent not in text


def test_unknown_diagnostics_are_not_called_good(printed: Any) -> None:
    diagnostics = printed.diagnostics.assign(r_hat=np.nan)
    text = summary_parts(*_arguments(printed, diagnostics=diagnostics)).text()
    assert "Convergence cannot be judged from these draws." in text
    assert re.search(r"^Days .* NA +1834 +1651$", text, re.MULTILINE)


def test_a_coefficient_without_diagnostics(printed: Any) -> None:
    diagnostics = printed.diagnostics.drop("beta[Days]")
    assert re.search(
        r"^Days .* NA +NA +NA$", summary_parts(*_arguments(printed, diagnostics=diagnostics)).text(), re.M
    )


def test_tiny_standard_deviations_turn_scientific(printed: Any) -> None:
    draws = printed.draws.copy()
    posterior = draws["posterior"].to_dataset()
    draws["posterior"] = posterior.assign(sd_item=posterior["sd_item"] * 1e-9)
    text = summary_parts(*_arguments(printed, draws=draws)).text()
    assert "1.25e-10 [6.563e-11, 1.844e-10]" in text


def test_html_says_the_same_and_escapes_it(printed: Any) -> None:
    design = printed.spec.design
    formula = replace(design.formula, texts=("y ~ x + (1 | <script>)",))
    spec = replace(printed.spec, design=replace(design, formula=formula))
    page = summary_parts(*_arguments(printed, spec=spec)).html()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page)
    parts = summary_parts(*_arguments(printed, spec=spec))
    columns = [*parts.residuals, *parts.random, *parts.fixed]
    assert sorted(cells) == sorted(text for c in columns for text in (c.header, *c.cells))
    assert page.count("<table>") == page.count("</table>") == 3


def test_html_stands_alone(printed: Any) -> None:
    page = summary_parts(*_arguments(printed)).html()
    assert page.startswith('<div class="bayesmixed"><style>')
    assert "http" not in page
    assert "#" not in re.sub(r"&#x?\w+;", "", page), (
        "no fixed colour: light and dark pages both must be legible"
    )


def test_diagnostics_index_may_hold_more(printed: Any) -> None:
    extra = pd.concat([printed.diagnostics, printed.diagnostics.set_axis(["a", "b", "c"])])
    assert summary_parts(*_arguments(printed, diagnostics=extra)).text() == EXPECTED
