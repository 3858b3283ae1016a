"""``specify``: from a formula and a data frame to a model that is stated completely, and not yet fitted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.design.nesting import warn_of_implicit_nesting
from bayesmixed.design.rank import warn_of_left_out
from bayesmixed.errors import FormulaError
from bayesmixed.families.lookup import as_family
from bayesmixed.families.support import check_family, family_of_response
from bayesmixed.formula import parse_formula
from bayesmixed.model.design_for import design_for
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Center, Missing, checked_center, checked_count, checked_seed, seed_sequence
from bayesmixed.priors.prior_set import complete_priors
from bayesmixed.surface import public

if TYPE_CHECKING:
    import xarray as xr
    from narwhals.typing import IntoFrame

    type Data = IntoFrame | str | os.PathLike[str]

Weights = str | Sequence[float] | pd.Series | np.ndarray[Any, Any]


@public
def specify(
    formula: str,
    data: Data,
    *,
    priors: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    missing: Missing = "drop",
    center: Center = True,
    family: object = "gaussian",
    link: str | None = None,
) -> ModelSpec:
    """State a mixed model completely, without fitting it.

    Use it to look at the design, the default priors or the PyMC graph of a model before any sampling.

    Parameters
    ----------
    formula, data, priors, weights, missing, center
        As in :func:`bayesmixed.lmer`.
    family, link
        As in :func:`bayesmixed.glmer`.

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
    >>> specify("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).design.blocks[0].levels
    ('A', 'B', 'C', 'D', 'E', 'F')
    """
    parsed = parse_formula(formula)
    if not parsed.random:
        raise FormulaError(
            "The formula has no random effects.",
            parsed.text,
            advice="Add a bar, e.g. (1 | group); "
            "for a regression without groups use another package, e.g. statsmodels.",
        )
    chosen = as_family(family, link)
    design = design_for(chosen, parsed, data, weights=weights, missing=missing, center=checked_center(center))
    chosen = family_of_response(chosen, design.response)
    check_family(design, chosen)
    warn_of_left_out(design)
    if chosen.has_residual_sd and design.sums is None:
        warn_of_implicit_nesting(design)
    return ModelSpec(design=design, priors=complete_priors(design, priors, chosen), family=chosen)


@public
def simulate_prior(
    formula: str,
    data: Data,
    *,
    n: int = 1000,
    priors: Mapping[str, object] | None = None,
    weights: Weights | None = None,
    missing: Missing = "drop",
    family: object = "gaussian",
    link: str | None = None,
    seed: int | None = None,
) -> xr.DataTree:
    """Parameters drawn from the prior, with responses drawn given them, before any fitting.

    Use it to see what priors mean for data: :func:`arviz.plot_prior_predictive` and its kin read the answer.

    Parameters
    ----------
    formula, data, priors, weights, missing
        As in :func:`bayesmixed.lmer`; the response serves for the scale of the default priors alone.
    family, link
        As in :func:`bayesmixed.glmer`.
    n : int
        Number of draws.
    seed : int, optional
        Repeats the draws; without it every call differs.

    Returns
    -------
    xarray.DataTree
        Groups ``prior`` (the variables of a fit's posterior), ``prior_predictive`` (``y`` with dimensions
        chain, draw, row) and ``observed_data``.

    Raises
    ------
    FormulaError, DataError, PriorError
        As in :func:`bayesmixed.lmer`; PriorError for an improper prior too.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> tree = simulate_prior("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), n=50, seed=1)
    >>> dict(tree["prior_predictive"]["y"].sizes)
    {'chain': 1, 'draw': 50, 'row': 30}
    """
    from bayesmixed.posterior.prior_draws import prior_tree

    spec = specify(formula, data, priors=priors, weights=weights, missing=missing, family=family, link=link)
    number = seed_sequence(seed).generate_state(1)[0].item() if seed is None else checked_seed(seed)
    return prior_tree(spec, draws=checked_count(n, "n"), seed=number)
