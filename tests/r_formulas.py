"""What R makes of formulas, and the data that it was asked about: made by ``reference/r_formulas.R``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

_REFERENCE = json.loads((Path(__file__).parent / "reference" / "r_formulas.json").read_text())
LINEAR: dict[str, dict[str, Any]] = _REFERENCE["linear"]
"""By right side: rank, residual sum of squares, and coefficients where no column is aliased."""
MIXED: dict[str, dict[str, Any]] = _REFERENCE["mixed"]
"""By formula: restricted log-likelihood and fixed effects."""


def r_frame() -> pd.DataFrame:
    """The data: ``u`` and ``o`` have declared orders, ``b`` is true or false."""
    data = pd.DataFrame(_REFERENCE["data"])
    data["u"] = pd.Categorical(data["u"], categories=["v", "w", "u"])
    data["o"] = pd.Categorical(data["o"], categories=["lo", "mid", "hi"], ordered=True)
    return data


def factors(term: str) -> frozenset[str]:
    """Factors of a coefficient's name, R's or ours, which differ in brackets and in the case of booleans."""
    plain = term.replace("(Intercept)", "Intercept").replace("FALSE", "False").replace("TRUE", "True")
    for mark in ("[T.", "[", "]", " "):
        plain = plain.replace(mark, "")
    return frozenset(plain.split(":"))
