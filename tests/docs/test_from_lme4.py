"""What the page for users of lme4 promises, in lme4's own numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import bayesmixed as bm

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "howto" / "from_lme4.md"
RESIDUALS = json.loads((TESTS / "reference" / "lme4_residuals.json").read_text())
KINDS = {"": "response", 'kind="pearson"': "pearson", 'kind="standardized"': "standardized"}
ROWS = dict(re.findall(r"^\| `(resid\(m.*?\))` \| `fit\.resid\((.*?)\)`", PAGE.read_text(), re.MULTILINE))


@pytest.mark.parametrize(("weights", "model"), [(None, "unweighted"), (np.tile([1.0, 2, 4], 60), "weighted")])
def test_residuals_are_those_of_lme4s_call(weights: np.ndarray | None, model: str) -> None:
    """The numbers are lme4 1.1-31's; it leaves weights out of ``scaled`` alone, and we have no such kind."""
    sleep = bm.load_dataset("sleepstudy")
    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, weights=weights, method="reml")
    assert len(ROWS) == 3
    same = dict(ROWS) | ({} if weights is not None else {"resid(m, scaled = TRUE)": 'kind="standardized"'})
    for call, argument in same.items():
        ours = fit.resid(kind=KINDS[argument])["value"].to_numpy()[:4]
        np.testing.assert_allclose(ours, RESIDUALS[model][call], atol=1e-3, err_msg=call)
