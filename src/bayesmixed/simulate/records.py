"""What a simulation gives: data with the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayesmixed.printing.frame import ResultTable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Simulation:
    """Simulated data with the parameters and random effects that made them.

    Attributes
    ----------
    formula : str
        As written; a fit of it to `data` estimates `truth`.
    data : pandas.DataFrame
        Grouping columns, predictors and the response.
    truth : pandas.DataFrame
        ``parameter``, ``value``: coefficients, standard deviations, correlations and sigma under the labels
        ``"Days"``, ``"sd_Subject[Days]"``, ``"corr_Subject[Intercept, Days]"``, ``"sigma"``.
    ranef : pandas.DataFrame
        ``group_var``, ``effect``, ``group``, ``value``: the random effects of every level, as the verb
        ``ranef()`` of a fit lays them out.
    """

    formula: str
    data: pd.DataFrame
    truth: pd.DataFrame
    ranef: pd.DataFrame

    def __str__(self) -> str:
        head = f"{len(self.data)} rows simulated from {self.formula!r}"
        return f"{head}\n{ResultTable(self.truth)}"

    __repr__ = __str__
