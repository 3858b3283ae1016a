"""Variances and correlations of the printed summaries, bar by bar as lme4's."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.engines.records import RunInfo
from bayesmixed.tables.reml_summary import reml_summary_parts
from bayesmixed.tables.summary_parts import SummaryParts, summary_parts

LME4 = json.loads((Path(__file__).resolve().parents[1] / "reference" / "lme4_bars.json").read_text())
RUN = RunInfo(engine="collapsed", plan=(), draws=1, tune=0, chains=1, thin=1, seed=1, seconds=0.0)
NO_DIAGNOSTICS = pd.DataFrame({"r_hat": [1.0], "ess_bulk": [1.0], "ess_tail": [1.0]}, index=["sigma"])


def as_read(parts: SummaryParts) -> dict[tuple[str, str, str], float]:
    """Standard deviations and correlations as a reader takes them, by lme4's grp, var1 and var2.

    The i-th cell under Corr belongs to the i-th effect of the group whose name stands above.
    """
    cells = {column.header or f"corr {i}": column.cells for i, column in enumerate(parts.random)}
    corr = [name for name in cells if name.startswith(("Corr", "corr"))]
    found: dict[tuple[str, str, str], float] = {}
    group, members = "", list[str]()
    for row, (label, effect) in enumerate(zip(cells["Groups"], cells["Name"], strict=True)):
        group, members = (label, []) if label else (group, members)
        name = effect.replace("Intercept", "(Intercept)")
        found[group, name, ""] = float(cells["Std.Dev."][row])
        for place, column in enumerate(corr):
            if cells[column][row]:
                found[group, members[place], name] = float(cells[column][row])
        members.append(name)
    return found


@pytest.mark.parametrize("formula", LME4["models"])
def test_a_correlation_reads_as_that_of_its_own_bar(formula: str) -> None:
    """Numbers of lme4 1.1-31, for the REML summary, and for the posterior's with one draw at the estimate."""
    sleep = bm.load_dataset("sleepstudy").assign(late=lambda d: (d["Days"] > 5).astype(float))
    fit = bm.lmer(formula, sleep, method="reml")
    expected = {(grp, one, two): value for grp, one, two, value in LME4["models"][formula]}
    for parts in (
        reml_summary_parts(fit.estimate, fit.point, fit.spec),
        summary_parts(fit.point, fit.spec, RUN, NO_DIAGNOSTICS),
    ):
        found = as_read(parts)
        assert set(found) == set(expected)
        for key, value in expected.items():
            assert found[key] == pytest.approx(value, abs=0.006 if key[2] else 0.01), key


def test_names_of_bars_do_not_meet_a_factor_of_that_name() -> None:
    sleep = bm.load_dataset("sleepstudy").assign(part=lambda d: d["Days"] % 4)
    sleep = sleep.rename(columns={"part": "Subject.1"})
    fit = bm.lmer("Reaction ~ Days + (Days || Subject) + (1 | `Subject.1`)", sleep, method="reml")
    labels = reml_summary_parts(fit.estimate, fit.point, fit.spec).random[0].cells
    assert labels == ("Subject", "Subject.2", "Subject.1", "Residual")


def test_paper_tables_name_both_effects_of_a_correlation() -> None:
    sleep = bm.load_dataset("sleepstudy").assign(late=lambda d: (d["Days"] > 5).astype(float))
    fit = bm.lmer(next(iter(LME4["models"])), sleep, method="reml")
    for text in (fit.to_markdown(), fit.to_latex(), fit.to_html()):
        assert "Subject cor(Days, late)" in text
        assert text.count("cor(") == 1
