"""Every parameter of a model as one number a draw, under the label that a user writes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from bayesmixed import names
from bayesmixed.design.records import Design, FloatArray
from bayesmixed.extract.blocks import correlated_pairs


def quantities(draws: xr.DataTree, design: Design) -> dict[str, FloatArray]:
    """Draws of every coefficient, standard deviation and correlation, by label.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    design : Design
        The design that was fitted.

    Returns
    -------
    dict
        The labels of :func:`labels` to arrays of shape (chain, draw), in the same order.
    """
    posterior = draws["posterior"].to_dataset()
    columns = list(np.moveaxis(_values(posterior, names.BETA), -1, 0))
    for block in design.blocks:
        columns += list(np.moveaxis(_values(posterior, names.sd(block.group)), -1, 0))
        if block.has_correlation:
            corr = _values(posterior, names.corr(block.group))
            columns += [corr[..., a, b] for a, b in correlated_pairs(block)]
    parameters = [str(name) for name, values in posterior.data_vars.items() if values.ndim == 2]
    columns += [_values(posterior, name) for name in parameters]
    return dict(zip(labels(design, parameters), columns, strict=True))


def labels(design: Design, parameters: Iterable[str] = (names.SIGMA,)) -> list[str]:
    """Labels of all parameters but the random effects, in the order of the tables.

    Parameters
    ----------
    design : Design
        A design.
    parameters : iterable of str
        Auxiliary parameters of the family.

    Returns
    -------
    list of str
        ``"Days"``, ``"sd_Subject[Days]"``, ``"corr_Subject[Intercept, Days]"``, ``"sigma"`` and so on.
    """
    out = list(design.fixed.terms)
    for block in design.blocks:
        out += [names.sd_of(block.group, effect) for effect in block.effects]
        out += [corr_of(block.group, block.effects[a], block.effects[b]) for a, b in correlated_pairs(block)]
    return [*out, *parameters]


def corr_of(group: str, first: str, second: str) -> str:
    """Label of one correlation: ``"corr_Subject[Intercept, Days]"``."""
    return f"{names.corr(group)}[{first}, {second}]"


def other_spellings(design: Design) -> dict[str, str]:
    """Further ways in which a user may write a label, each with the label it stands for.

    Parameters
    ----------
    design : Design
        The design that was fitted.

    Returns
    -------
    dict
        ``"sd_Subject"`` where only one effect varies, ``"corr_Subject"`` where only two are correlated, and
        the effects of a correlation in either order, with or without a space.
    """
    out: dict[str, str] = {}
    for block in design.blocks:
        if block.n_effects == 1:
            out[names.sd(block.group)] = names.sd_of(block.group, block.effects[0])
        pairs = [(block.effects[a], block.effects[b]) for a, b in correlated_pairs(block)]
        for a, b in pairs:
            label = corr_of(block.group, a, b)
            spellings = (f"[{a},{b}]", f"[{b}, {a}]", f"[{b},{a}]")
            out |= {names.corr(block.group) + spelling: label for spelling in spellings}
        if len(pairs) == 1:
            out[names.corr(block.group)] = corr_of(block.group, *pairs[0])
    return out


def _values(posterior: xr.Dataset, variable: str) -> FloatArray:
    """Draws of one variable, chain and draw first."""
    array = posterior[variable].transpose(names.CHAIN, names.DRAW, ...)
    return np.asarray(array.values, dtype=np.float64)
