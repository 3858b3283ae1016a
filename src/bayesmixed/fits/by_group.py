"""``lm_by_group``: a regression for every group by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmixed.fits.specify import Weights
from bayesmixed.options import Missing
from bayesmixed.surface import public, public_methods

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame
    from numpy.typing import NDArray

    from bayesmixed.pooled.by_group import GroupEstimates


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False)
class LmByGroup:
    """A regression for every group by itself, made by :func:`lm_by_group`; print it.

    Examples of its methods use ``lines = bm.lm_by_group("Reaction ~ Days", sleep, group="Subject")``.

    Attributes
    ----------
    estimates : GroupEstimates
        Coefficients, their covariances over the residual variance, and sums of squares of all groups.
    """

    estimates: GroupEstimates

    def __str__(self) -> str:
        from bayesmixed.pooled.by_group import estimates_text

        return estimates_text(self.estimates)

    __repr__ = __str__

    @property
    def sigma(self) -> float:
        """Residual standard deviation of all groups together, in the units of the response."""
        return self.estimates.pooled_sigma

    def coef(self, *, pooled: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients of every group with their tests.

        Use it to see how groups differ before they are pooled.

        Parameters
        ----------
        pooled : bool, default False
            Whether standard errors take one residual standard deviation for all groups, with all degrees of
            freedom, as ``summary`` of nlme's ``lmList`` does; else every group has its own, as R's ``lm`` of
            its rows.
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            ``group_var``, ``effect``, ``group`` (the level), ``value``, ``se``, ``lower_2.5``,
            ``upper_97.5`` (by Student's t), ``t``, ``df``, ``p_value``; by effect, then group. NaN where the
            rows of a group do not determine the number, as :meth:`groups` says.

        Raises
        ------
        BayesmixedError
            When `prob` is not between 0 and 1.

        Examples
        --------
        >>> lines.coef().query("group == '308'")[["effect", "value", "se", "p_value"]].round(2)
           effect     value    se p_value
         0 Intercept 244.19 28.08       0
        18 Days       21.76  5.26       0
        """
        from bayesmixed.pooled.by_group import coefficients_table

        return coefficients_table(self.estimates, prob, pooled=pooled)

    def groups(self) -> pd.DataFrame:
        """Size and residual standard deviation of every group, and what its rows do not tell.

        Use it to see which groups are too small, or scatter more than others.

        Returns
        -------
        pandas.DataFrame
            ``group``, ``n`` (rows), ``df`` (rows less coefficients), ``sigma`` (NaN without degrees of
            freedom), ``note`` (why coefficients are NaN, or empty).

        Examples
        --------
        >>> lines.groups().head(2).round(1)
        group  n df sigma note
        308   10  8  47.8
        309   10  8   8.9
        """
        from bayesmixed.pooled.by_group import groups_table

        return groups_table(self.estimates)

    def plot(
        self,
        *,
        pooled: bool = False,
        sort_by: str | None = None,
        prob: float = 0.95,
        ax: Any = None,
    ) -> NDArray[Any]:
        """Coefficients of every group with their intervals, a panel for each.

        Use it as nlme's ``plot(intervals(lmList))``, to see which coefficients should vary in a mixed model.

        Parameters
        ----------
        pooled : bool, default False
            Whether intervals take one residual standard deviation for all groups, as in :meth:`coef`.
        sort_by : str, optional
            Coefficient that sorts the groups in all panels; each panel sorts by its own values unless given.
        prob : float, default 0.95
            Confidence level of the intervals.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each panel; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (p,), one for each coefficient.

        Raises
        ------
        DataError
            When no coefficient is named `sort_by`.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        Groups whose rows do not determine a coefficient, or its error, are left out of its panel. Intervals
        that leave zero out are coloured.

        Examples
        --------
        >>> [ax.get_title() for ax in lines.plot(sort_by="Days")]
        ['Intercept', 'Days']
        """
        from bayesmixed.pooled.by_group import interval_plot

        return interval_plot(self.coef(pooled=pooled, prob=prob), prob, sort_by=sort_by, ax=ax)


@public
def lm_by_group(
    formula: str,
    data: IntoDataFrame,
    *,
    group: str,
    weights: Weights | None = None,
    missing: Missing = "drop",
) -> LmByGroup:
    """Fit a linear regression to every group by itself, by least squares.

    Use it as nlme's ``lmList``: what the groups say without each other, before a mixed model pools them.

    Parameters
    ----------
    formula : str
        As in :func:`bayesmixed.lm`, e.g. ``"Reaction ~ Days"``.
    data : pandas, polars or Arrow frame
        One row for each observation; it is not changed.
    group : str
        The grouping factor: a column, or several as in a formula, ``"a:b"``.
    weights : str or array, optional
        A column's name, or one number for each row: the residual variance of a row is sigma^2 / weight.
    missing : {"drop", "raise"}, default "drop"
        What happens to rows that lack a value which the model needs.

    Returns
    -------
    LmByGroup
        With ``coef()``, ``groups()``, ``plot()`` and ``sigma``.

    Raises
    ------
    FormulaError
        When the formula cannot be read or has a bar.
    DataError
        When the data do not fit the formula, or there is only one group.

    Warns
    -----
    DesignWarning
        When groups have too few different rows: what they do not determine is NaN.

    Notes
    -----
    The same regressions stand as ``none`` in :func:`bayesmixed.pooling`, beside partial pooling.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> lines = bm.lm_by_group("Reaction ~ Days", bm.load_dataset("sleepstudy"), group="Subject")
    >>> round(lines.sigma, 1)
    25.6
    """
    from bayesmixed.design.frame import to_pandas
    from bayesmixed.pooled.by_group import estimate_by_group

    found = estimate_by_group(formula, to_pandas(data), group, weights=weights, missing=missing)
    return LmByGroup(estimates=found)
