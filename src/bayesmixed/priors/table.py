"""The priors of a model as a printable table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.families.records import GAUSSIAN, Family
from bayesmixed.printing.frame import ResultTable
from bayesmixed.priors.link_scale import scale_words
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed.priors.prior_set import parameter_roles
from bayesmixed.surface import public

AUXILIARY_NOTES = {
    names.ALPHA: "1 / alpha ~ Gamma(0.4, 0.3)",
    names.KAPPA: "1 / kappa ~ Gamma(0.4, 0.3)",
    names.NU: "degrees of freedom",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorRow:
    """One line of a prior table.

    Attributes
    ----------
    parameter : str
        Name under which a user replaces the prior.
    prior : Prior
        The prior used.
    source : {"default", "user"}
        Who chose it.
    note : str
        What its scale was made of, or where its parameter lives.
    """

    parameter: str
    prior: Prior
    source: Literal["default", "user"]
    note: str


@dataclass(frozen=True, slots=True)
class PriorTable:
    """The priors of a fit, as they were used; print it, or call `table`.

    Attributes
    ----------
    rows : tuple[PriorRow, ...]
        One for each parameter.
    """

    rows: tuple[PriorRow, ...]

    @public
    def table(self) -> pd.DataFrame:
        """Lay the priors out as a data frame with columns parameter, prior, source, note (all text)."""
        records = [(row.parameter, str(row.prior), row.source, row.note) for row in self.rows]
        return pd.DataFrame(records, columns=["parameter", "prior", "source", "note"])

    def __str__(self) -> str:
        return str(ResultTable(self.table()))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Table as a notebook shows it."""
        return ResultTable(self.table())._repr_html_()


def prior_table(design: Design, prior_set: PriorSet, family: Family = GAUSSIAN) -> PriorTable:
    """Table of the priors of a model.

    Parameters
    ----------
    design : Design
        The model's design.
    prior_set : PriorSet
        Its priors.
    family : Family
        Distribution of the response.

    Returns
    -------
    PriorTable
        Coefficients, standard deviations and correlations by factor, parameters of the family.
    """
    notes = _notes(design, family)
    rows = []
    for label, prior in zip(parameter_roles(design, prior_set.parameters), prior_set.in_order, strict=True):
        chosen = label in prior_set.user
        note = _place(design, label) if chosen else notes[label]
        rows.append(PriorRow(parameter=label, prior=prior, source="user" if chosen else "default", note=note))
    return PriorTable(tuple(rows))


def _place(design: Design, label: str) -> str:
    """Where the prior of a parameter stands, when that is not at zero."""
    moved = _moved(design.fixed.terms, design.fixed.centring)
    for block in design.blocks:
        labels = [names.sd_of(block.group, effect) for effect in block.effects]
        moved |= _moved(labels, block.centring)
        if block.is_centred:
            moved.add(names.corr(block.group))
    return "at the means of the columns" if label in moved else ""


def _moved(labels: Sequence[str], centring: FloatArray) -> set[str]:
    """Labels of what is not the same for centred columns as for the columns as they are."""
    beyond = centring - np.eye(len(labels))
    return {label for label, row in zip(labels, beyond, strict=True) if np.any(row)}


def _notes(design: Design, family: Family) -> dict[str, str]:
    """Say what every default prior was made of."""
    fixed = design.fixed
    words = scale_words(family, has_offset=bool(design.formula.offsets))
    size = words.unit if fixed.has_intercept else words.level
    notes = {
        term: f"2.5 {size} / {_spread('x', design, term, fixed.matrix, j)}".replace("  ", " ")
        for j, term in enumerate(fixed.terms)
    }
    if fixed.has_intercept:
        notes[fixed.terms[0]] = f"{words.centre}, 2.5 {words.unit}".strip()
    for block in design.blocks:
        for k, effect in enumerate(block.effects):
            spread = "" if effect == names.INTERCEPT else _spread("z", design, effect, block.columns, k)
            divisor = f" / {spread}" if spread else ""
            notes[names.sd_of(block.group, effect)] = f"{words.unit or '1'}{divisor}"
        notes[names.corr(block.group)] = "density ~ det(C)^(eta - 1)"
    for label, note in notes.items():
        place = _place(design, label)
        notes[label] = f"{place}: {note}" if place else note
    return {**notes, **dict.fromkeys(family.auxiliary, ""), names.SIGMA: words.sigma, **AUXILIARY_NOTES}


def _spread(symbol: str, design: Design, name: str, matrix: FloatArray, j: int) -> str:
    """Name of a column's scale: its standard deviation, or its root mean square when it is constant."""
    constant = np.ptp(matrix[:, j]) == 0 if design.sums is None else name in design.sums.constant
    return f"rms({symbol})" if constant else f"sd({symbol})"
