"""``pooling``: complete, no and partial pooling of the same data, fitted together for teaching."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed.design.lineage import lineage
from bayesmixed.fits.lmer import lmer
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.reml_fit import RemlFit
from bayesmixed.fits.specify import Weights
from bayesmixed.options import Missing, NoPooling, PoolingMethod, one_of
from bayesmixed.surface import public, public_methods, uses
from bayesmixed.verbs.coef import line_points

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from bayesmixed.pooled.plot_methods import PoolingPlots
    from bayesmixed.pooled.records import PooledGroups


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class Pooling:
    """Complete, no and partial pooling side by side, made by :func:`pooling`.

    Attributes
    ----------
    fit : MixedFit or RemlFit
        Partial pooling: the mixed model.
    groups : PooledGroups
        The estimates of all three.
    """

    fit: MixedFit | RemlFit
    groups: PooledGroups

    def __str__(self) -> str:
        from bayesmixed.pooled.table import pooling_text

        return pooling_text(self.groups)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Sizes and estimates as a notebook shows them."""
        from bayesmixed.pooled.table import pooling_html

        return pooling_html(self.groups)

    @cached_property
    def plot(self) -> PoolingPlots:
        """Pictures of shrinkage; see :class:`bayesmixed.pooled.plot_methods.PoolingPlots`."""
        from bayesmixed.pooled.plot_methods import PoolingPlots

        return PoolingPlots(groups=self.groups)

    def table(self) -> pd.DataFrame:
        """Coefficients of every group three ways; see :func:`bayesmixed.pooled.methods.pooling_table`."""
        from bayesmixed.pooled.methods import pooling_table

        return pooling_table(self.groups)

    def models(self) -> pd.DataFrame:
        """Sizes of the models; see :func:`bayesmixed.pooled.methods.sizes_table`."""
        from bayesmixed.pooled.methods import sizes_table

        return sizes_table(self.groups)

    def errors(self, *, k: int | None = None, seed: int = 0) -> pd.DataFrame:
        """Cross-validated errors; see :func:`bayesmixed.pooled.errors.pooling_errors`."""
        from bayesmixed.pooled.errors import pooling_errors

        return pooling_errors(self.groups, k=k, seed=seed)

    def explorer(self, path: str | os.PathLike[str], *, title: str | None = None) -> str:
        """Write a page with a slider from complete to no pooling."""
        from bayesmixed.pooled.explorer_page import write_explorer

        draws = self.fit.draws if isinstance(self.fit, MixedFit) else None
        return write_explorer(self.groups, path, draws=draws, title=title)


@public
@uses("method", {"reml": ("formula", "data", "group", "no_pooling", "weights", "missing")}, instead="bayes")
def pooling(
    formula: str,
    data: IntoDataFrame,
    *,
    method: PoolingMethod = "bayes",
    group: str | None = None,
    no_pooling: NoPooling = "model",
    weights: Weights | None = None,
    missing: Missing = "drop",
    seed: int | None = None,
) -> Pooling:
    """Fit complete, no and partial pooling to the same data.

    Use it to teach shrinkage: what one regression, a regression per group and the mixed model say about the
    same groups, and why the third predicts best.

    Parameters
    ----------
    formula : str
        The mixed model in lme4's language.
    data : pandas, polars or Arrow frame
        One row for each observation.
    method : {"bayes", "reml"}, default "bayes"
        How the mixed model is fitted: ``partial`` holds posterior medians, or lme4's estimates.
    group : str, optional
        The grouping factor to look at; needed when the model has several. The lines of a nested one add the
        effects of its parents; those of crossed factors stand at zero, their average level.
    no_pooling : {"model", "lines"}, default "model"
        Which coefficients each group has for itself without pooling. ``"model"``: those that vary in the
        mixed model, a regression per group for ``(x | g)`` and groups as fixed intercepts for ``(1 | g)``.
        ``"lines"``: all of them, a regression per group.
    weights : str or array, optional
        A column's name, or one number for each row: the residual variance of a row is sigma^2 / weight.
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs.
    seed : int, optional
        Repeats the draws; only for ``method="bayes"``.

    Returns
    -------
    Pooling
        With ``table()``, ``models()``, ``errors()``, ``plot`` and ``explorer()``.

    Raises
    ------
    FormulaError, DataError
        As in :func:`~bayesmixed.lmer`.
    BayesmixedError
        When the model has several grouping factors and `group` is not given, or a seed is given with REML.

    Notes
    -----
    Gelman and Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, chapter 12.
    Reliabilities, errors and the explorer take the variances at their REML estimates or posterior medians
    and the coefficients with flat priors.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> sleep = bm.load_dataset("sleepstudy")
    >>> pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", sleep, method="reml")
    >>> pooled.table().loc[[0], ["group", "effect", "complete", "none", "partial"]].round(1)
    group effect    complete  none partial
    308   Intercept    251.4 244.2   253.7
    >>> pooled.models()[["model", "coefficients", "effective"]].round(1)
    model      coefficients effective
    complete              2         2
    partial               2        29
    intercepts           19        19
    lines                36        36
    """
    from bayesmixed.pooled.conditional_estimates import estimate_of_draws
    from bayesmixed.pooled.methods import only_block, pooled_groups

    one_of(method, PoolingMethod, "method")
    if method == "reml":
        fit: MixedFit | RemlFit = lmer(formula, data, weights=weights, missing=missing, method="reml")
    else:
        fit = lmer(formula, data, weights=weights, missing=missing, seed=seed)
    if isinstance(fit, RemlFit):
        groups = pooled_groups(fit.estimate, group=group, no_pooling=no_pooling)
    else:
        design = fit.spec.design
        groups = pooled_groups(
            estimate_of_draws(design, fit.draws),
            partial=line_points(fit.draws, fit.spec, lineage(design, only_block(design, group))),
            group=group,
            no_pooling=no_pooling,
        )
    return Pooling(fit=fit, groups=groups)
