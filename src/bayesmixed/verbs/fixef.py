"""Fixed effects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.errors import FamilyError
from bayesmixed.families.family import Family
from bayesmixed.names import LEGEND
from bayesmixed.verbs.sources import Source
from bayesmixed.verbs.summaries import draw_matrix


def fixef(source: Source, *, exponentiate: bool = False, prob: float = 0.95) -> pd.DataFrame:
    """Tabulate the fixed effects with their intervals, the population's part of the model."""
    spec, columns = source.spec, source.coefficients().columns(prob)
    if exponentiate:
        meaning = _ratio(spec.family)
        columns = _exponentiated(columns, draw_matrix(source.draws, names.BETA))
    table = pd.DataFrame({"term": list(spec.design.fixed.terms), **columns, **source.coefficient_tests()})
    if exponentiate:
        table.attrs[LEGEND] = meaning
    others = [
        pd.DataFrame({"term": list(each.fixed.terms), **source.other_coefficients(each.parameter, prob)})
        for each in spec.design.others
    ]
    return beside(spec.design, [table, *others])


def beside(design: Design, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables of the predictors of a model as one, whose first column says which where there are several."""
    if not design.others:
        return tables[0]
    parts = []
    for name, table in zip(design.predictors, tables, strict=True):
        part = table.copy()
        part.insert(0, names.PARAMETER, pd.Series(name, index=table.index, dtype="str"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _ratio(family: Family) -> str:
    """What the exponential of a coefficient is."""
    if not family.ratio:
        raise FamilyError(
            f"exponentiate=True gives ratios, which the coefficients of {family} are not: it is for the "
            "links log, logit and cloglog, and for lognormal responses."
        )
    return family.ratio


def _exponentiated(columns: dict[str, FloatArray], beta: FloatArray) -> dict[str, FloatArray]:
    """Exponentials of medians and bounds, with the standard deviation of the exponentials.

    Of an estimate, which is one draw, their standard error to first order.
    """
    with np.errstate(over="ignore"):
        ratios = np.exp(beta)
        se = ratios.std(axis=0, ddof=1) if len(beta) > 1 else ratios[0] * columns["se"]
        return {name: se if name == "se" else np.exp(values) for name, values in columns.items()}
