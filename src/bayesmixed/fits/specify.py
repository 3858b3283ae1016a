"""``specify``: from a formula and a data frame to a model that is stated completely but not yet fitted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.design.nesting import warn_of_implicit_nesting
from bayesmixed.design.rank import warn_of_left_out
from bayesmixed.errors import FormulaError
from bayesmixed.families.registry import as_family
from bayesmixed.families.support import check_family, check_formula
from bayesmixed.formula import parse_formula
from bayesmixed.model.design_for import design_for
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, Missing, checked_center, checked_count, checked_seed, seed_sequence
from bayesmixed.surface import public

if TYPE_CHECKING:
    import xarray as xr
    from narwhals.typing import IntoFrame

    type Data = IntoFrame | str | os.PathLike[str]

Formula = str | Sequence[str]
Weights = str | Sequence[float] | pd.Series | np.ndarray[Any, Any]


@public
def specify(
    formula: Formula,
    data: Data,
    *,
    priors: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    data2: Mapping[str, object] | None = None,
    missing: Missing = "drop",
    center: Center = True,
    family: object = "gaussian",
    link: str | None = None,
) -> ModelSpec:
    """State a mixed model or a plain regression completely, without fitting it.

    Use it to look at the design, the default priors or the PyMC graph of a model before any sampling.

    Parameters
    ----------
    formula : str or sequence of str
        In lme4's language, e.g. ``"Reaction ~ Days + (Days | Subject)"``; or several, as in
        :func:`bayesmixed.lmer`.
    data : frame, lazy frame or path
        One row for each observation, as in :func:`bayesmixed.lmer`.
    priors : mapping of str to Prior, optional
        Priors by name, as in :func:`bayesmixed.lmer`; the others keep their defaults.
    weights : str or array, optional
        A column's name, or one number for each row, as in :func:`bayesmixed.lmer`.
    data2 : mapping of str to frame, optional
        Known covariances between levels, as in :func:`bayesmixed.lmer`.
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs.
    center : {True, "fixed", False}, default True
        Where the predictors stand when priors apply: at their means, those of random effects at zero, or all
        at zero; see :func:`bayesmixed.lmer`.
    family : str, Family or bambi.Family, default "gaussian"
        As in :func:`bayesmixed.glmer`.
    link : str, optional
        As in :func:`bayesmixed.glmer`; the family's default link unless given.

    Returns
    -------
    ModelSpec
        Design, priors and family.

    Raises
    ------
    FormulaError, DataError, PriorError, FamilyError
        As in :func:`bayesmixed.lmer` and :func:`bayesmixed.glmer`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> bm.specify("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).design.blocks[0].levels
    ('A', 'B', 'C', 'D', 'E', 'F')
    """
    parsed = parse_formula(formula)
    chosen = as_family(family, link)
    check_formula(parsed, chosen)
    design = design_for(
        chosen, parsed, data, weights=weights, data2=data2, missing=missing, center=checked_center(center)
    )
    chosen = chosen.for_trials(trials=design.response.trials is not None)
    check_family(design, chosen)
    warn_of_left_out(design)
    if chosen.has_residual_sd and design.sums is None:
        warn_of_implicit_nesting(design)
    return ModelSpec(design=design, priors=complete_priors(design, priors, chosen), family=chosen)


def require_structure(spec: ModelSpec, instead: str) -> None:
    """Refuse a regression of independent rows, which another function fits."""
    if spec.design.is_plain:
        raise FormulaError(
            "The formula has no random effects.",
            spec.design.formula.text,
            advice=f"Add a bar, e.g. (1 | group); a regression without groups is {instead}.",
        )


@public
def simulate_prior(
    formula: Formula,
    data: Data,
    *,
    n: int = 1000,
    priors: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    data2: Mapping[str, object] | None = None,
    missing: Missing = "drop",
    family: object = "gaussian",
    link: str | None = None,
    seed: int | None = None,
) -> xr.DataTree:
    """Draw parameters from the prior, and responses given them, before any fitting.

    Use it to see what priors mean for data: :func:`bayesmixed.plots.prior_predictive` draws the answer.

    Parameters
    ----------
    formula : str or sequence of str
        In lme4's language, e.g. ``"Reaction ~ Days + (Days | Subject)"``; or several, as in
        :func:`bayesmixed.lmer`.
    data : frame, lazy frame or path
        One row for each observation, as in :func:`bayesmixed.lmer`; of the response only its location and
        scale are used, for the default priors.
    n : int, default 1000
        Number of draws.
    priors : mapping of str to Prior, optional
        Priors by name, as in :func:`bayesmixed.lmer`; the others keep their defaults.
    weights : str or array, optional
        A column's name, or one number for each row, as in :func:`bayesmixed.lmer`.
    data2 : mapping of str to frame, optional
        Known covariances between levels, as in :func:`bayesmixed.lmer`.
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs.
    family : str, Family or bambi.Family, default "gaussian"
        As in :func:`bayesmixed.glmer`.
    link : str, optional
        As in :func:`bayesmixed.glmer`; the family's default link unless given.
    seed : int, optional
        Repeats the draws; without it every call differs.

    Returns
    -------
    xarray.DataTree
        Groups ``prior`` (the variables of a fit's posterior), ``prior_predictive`` (``y`` with dimensions
        chain, draw, row, in the units of the response) and ``observed_data``.

    Raises
    ------
    FormulaError, DataError, PriorError
        As in :func:`bayesmixed.lmer`; PriorError for an improper prior too.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> tree = bm.simulate_prior("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), n=50, seed=1)
    >>> dict(tree["prior_predictive"]["y"].sizes)
    {'chain': 1, 'draw': 50, 'row': 30}
    """
    from bayesmixed.posterior.prior_draws import prior_tree

    spec = specify(
        formula,
        data,
        priors=priors,
        weights=weights,
        data2=data2,
        missing=missing,
        family=family,
        link=link,
    )
    number = seed_sequence(seed).generate_state(1)[0].item() if seed is None else checked_seed(seed)
    return prior_tree(spec, draws=checked_count(n, "n"), seed=number)
