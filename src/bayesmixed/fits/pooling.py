"""``pooling``: complete, no and partial pooling of the same data, fitted together for teaching."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed.design.nesting import lineage
from bayesmixed.fits.lmer import lmer
from bayesmixed.fits.mixed_fit import MixedFit
from bayesmixed.fits.reml_fit import RemlFit
from bayesmixed.fits.specify import Weights
from bayesmixed.formula import parse_formula
from bayesmixed.options import Missing, NoPooling, PoolingMethod, one_of
from bayesmixed.surface import public, public_methods, uses
from bayesmixed.verbs.lines import line_points

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

    from bayesmixed.pooled.plots import PoolingPlots
    from bayesmixed.pooled.records import PooledGroups


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class Pooling:
    """Complete, no and partial pooling side by side, made by :func:`pooling`; print it.

    Examples of its methods use
    ``pooled = bm.pooling("Reaction ~ Days + (Days | Subject)", sleep, method="reml")``.

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
        from bayesmixed.pooled.methods import pooling_text

        return pooling_text(self.groups)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Sizes and estimates as a notebook shows them."""
        from bayesmixed.pooled.methods import pooling_html

        return pooling_html(self.groups)

    @cached_property
    def plot(self) -> PoolingPlots:
        """Pictures of shrinkage: ``shrinkage()``, ``lines()``, ``by_size()``."""
        from bayesmixed.pooled.plots import PoolingPlots

        return PoolingPlots(groups=self.groups)

    def table(self) -> pd.DataFrame:
        """Coefficients of every group under complete, no and partial pooling.

        Use it to see how far the mixed model moves each group.

        Returns
        -------
        pandas.DataFrame
            ``group`` (the level), ``effect``, ``complete``, ``none``, ``partial``, ``reliability``, ``n``
            (rows of the group), ``note``; by effect, then group. ``none`` is NaN where the rows of a group do
            not determine it. ``partial`` of a nested factor adds the effects of its parents, so that it can
            be compared with ``none``. ``reliability`` is the share of an effect's variance between groups
            that the group's own rows determine, from 0 (pooled completely) to 1 (not at all).

        Examples
        --------
        >>> pooled.table().loc[[0], ["group", "effect", "complete", "none", "partial"]].round(1)
        group effect    complete  none partial
        308   Intercept    251.4 244.2   253.7
        """
        from bayesmixed.pooled.methods import pooling_table

        return pooling_table(self.groups)

    def models(self) -> pd.DataFrame:
        """Sizes of the models, from complete pooling to none.

        Use it to show what partial pooling costs: fewer effective coefficients than a regression per group.

        Returns
        -------
        pandas.DataFrame
            ``model`` (complete: one regression; partial: the mixed model; intercepts: groups as fixed
            intercepts; lines: a regression per group), ``coefficients`` (estimated freely), ``variances``
            (variances and correlations), ``effective``, ``sigma`` (in the units of the response).

        Notes
        -----
        The effective number of coefficients is the trace of the hat matrix; for the mixed model it is that of
        its conditional means, variances taken as known (Hodges and Sargent 2001, Biometrika 88:367).

        Examples
        --------
        >>> pooled.models()[["model", "coefficients", "effective"]].round(1)
        model      coefficients effective
        complete              2         2
        partial               2        29
        intercepts           19        19
        lines                36        36
        """
        from bayesmixed.pooled.methods import sizes_table

        return sizes_table(self.groups)

    def errors(self, *, k: int | None = None, seed: int = 0) -> pd.DataFrame:
        """Cross-validated errors of the models on rows of the same groups.

        Use it to show why partial pooling predicts best.

        Parameters
        ----------
        k : int, optional
            Number of folds; unless given every row is left out alone, exactly.
        seed : int, default 0
            Repeats the folds.

        Returns
        -------
        pandas.DataFrame
            ``model`` (complete, partial, intercepts, lines), ``rmse_fit`` (of all rows, by the models of all
            rows), ``rmse`` and ``mae`` (of left-out rows), in the units of the response; ``rows`` (left-out
            rows that every model can predict).

        Raises
        ------
        BayesmixedError
            When `k` is not a whole number from 2 to the number of rows, or `seed` is not a seed.

        Notes
        -----
        A left-out row's residual is its residual over 1 - its leverage, exactly so for the regressions and
        for the mixed model with its variances held, which are not estimated again. Folds are drawn within
        groups: each takes about a k-th of every group's rows. A model cannot predict a row that is not a
        combination of the rows it was fitted to (the only one with a level of a factor, or of a group of one
        row); such rows are not counted, and the legend says how many there are.

        Examples
        --------
        >>> pooled.errors()[["model", "rmse"]].round(1)
        model      rmse
        complete   48.0
        partial    28.5
        intercepts 32.8
        lines      29.4
        """
        from bayesmixed.pooled.errors import pooling_errors

        return pooling_errors(self.groups, k=k, seed=seed)

    def explorer(self, path: str | os.PathLike[str], *, title: str | None = None) -> str:
        """Write a page on which a slider runs from complete to no pooling.

        Use it in a lecture: the page does not need a server, a network or Python.

        Parameters
        ----------
        path : str or path
            The HTML file to write; an existing one is replaced.
        title : str, optional
            Heading of the page; the formula unless given.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileError
            When the place cannot be written.

        Examples
        --------
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     os.path.basename(pooled.explorer(os.path.join(folder, "explorer.html")))
        'explorer.html'
        """
        from bayesmixed.pooled.explorer import write_explorer

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
    >>> pooled.fit.fixef()["value"].round(1).tolist()
    [251.4, 10.5]
    """
    from bayesmixed.pooled.conditional_estimates import estimate_of_draws
    from bayesmixed.pooled.methods import only_block, pooled_groups

    one_of(method, PoolingMethod, "method")
    parsed = parse_formula(formula)
    parsed.refuse_residuals("pooling()")
    parsed.refuse_coupled("pooling()")
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
