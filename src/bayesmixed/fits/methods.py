"""What users ask of every fit, from a posterior or an estimate: methods that delegate."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from bayesmixed import verbs
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import ResidualKind

if TYPE_CHECKING:
    from bayesmixed.verbs.sources import Source


class FitMethods(ABC):
    """Verbs that are the same for every fit.

    Attributes
    ----------
    spec : ModelSpec
        Design, priors and family.
    """

    spec: ModelSpec

    @property
    @abstractmethod
    def _source(self) -> Source:
        """Where the numbers come from."""

    @abstractmethod
    def varcorr(self, *, correlations: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Variance components."""

    @abstractmethod
    def _page(self, title: str | None, prob: float) -> str:
        """Report as HTML."""

    @property
    def formula(self) -> str | tuple[str, ...]:
        """The formula as written, or the formulas."""
        return self.spec.design.formula.written

    def ranef(self, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Random effects of every level with their intervals, deviations from the population.

        Use it to see which groups differ, and by how much.

        Parameters
        ----------
        group : str, optional
            One grouping factor; all unless given.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals, or their confidence level.

        Returns
        -------
        pandas.DataFrame
            ``group_var``, ``effect``, ``group`` (the level), ``value``, ``se``, ``lower_2.5``,
            ``upper_97.5``; by grouping factor, then effect, then level. Where sigma has a formula, a first
            column ``parameter`` says whose predictor a row is of (``"mu"``, ``"sigma"``).

        Raises
        ------
        DataError
            When the model does not have the grouping factor `group`.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        The intervals carry the uncertainty of the coefficients and of the variances; lme4's conditional
        standard deviations take both as known.

        Of a fit with ``keep_ranef="moments"`` the standard deviation and the quantiles are those of the
        mixture, over the draws of everything else, of the effects' exact distributions. Ends of intervals of
        99.9, 99.5, 99, 98, 95, 90, 80, 65, 50 and 25 % are kept; others are interpolated.

        Examples
        --------
        >>> fit.ranef().query("group == '308'")[["effect", "value"]].round(0)
           effect    value
         0 Intercept     1
        18 Days          9
        """
        return verbs.ranef(self._source, group=group, prob=prob)

    def coef(self, group: str | None = None, *, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients of every level with their intervals.

        Use it for the line of each group: fixed plus random effects.

        Parameters
        ----------
        group : str, optional
            One grouping factor; all unless given.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals, or their confidence level.

        Returns
        -------
        pandas.DataFrame
            The columns of :meth:`ranef`. Every coefficient of the fixed side appears
            for every level, the ones that do not vary included; effects that are only random follow, with
            fixed part 0.

        Raises
        ------
        DataError
            When the model does not have the grouping factor `group`.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        For level j of a factor, coefficient t is ``beta[t] + ranef[j, t]``, added draw by draw, so that the
        interval holds their covariance. With several grouping factors each one's table adds its own random
        effects alone, as ``coef`` of lme4 does, so that the coefficients of a nested factor are not those of
        its lines: plots, ``equation`` and ``pooling`` add the effects of its parents. Of a fit with
        ``keep_ranef="moments"`` the moments and quantiles of that sum are kept.

        Examples
        --------
        >>> fit.coef("Subject").query("group == '308'")[["effect", "value"]].round(0)
           effect    value
         0 Intercept   253
        18 Days         20
        """
        return verbs.coef(self._source, group=group, prob=prob)

    def heterogeneity(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Spread of the true values of studies, its share of the variance, and Cochran's test.

        Use it for a meta-analysis, ``y | se(s) ~ 1 + (1 | study)``, with moderators or without.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the equal-tailed intervals of a posterior, or level of the profile intervals of
            an estimate.

        Returns
        -------
        pandas.DataFrame
            Columns ``statistic``, ``value``, ``lower_2.5``, ``upper_97.5``, ``df``, ``p_value``, and rows
            ``tau`` (standard deviation of the true values, in the units of the response), ``I2`` (a share),
            ``H2`` and ``Q``, which alone has a test.

        Raises
        ------
        DataError
            When the standard errors are not known, sigma is estimated beside them, or the formula has more
            than one standard deviation of random effects.

        Notes
        -----
        With W = diag(1 / s_i^2) and P = W - W X (X'W X)^-1 X'W the typical variance of an estimate is s^2 =
        (n - p) / tr P, I2 = tau^2 / (tau^2 + s^2), H2 = 1 + tau^2 / s^2 (Higgins and Thompson 2002,
        Statistics in Medicine 21:1539), and Q = y'P y is chi-squared with n - p degrees of freedom where tau
        is zero (Cochran 1954): metafor's numbers. I2 and H2 grow with tau, and so do their intervals.

        Examples
        --------
        >>> trials = bm.lmer(
        ...     "yi | se(sei) ~ 1 + (1 | trial)", bm.load_dataset("bcg"), method="reml"
        ... )
        >>> trials.heterogeneity()[["statistic", "value"]].round(2)
        statistic  value
        tau         0.56
        I2          0.92
        H2         12.86
        Q         152.23
        """
        return verbs.heterogeneity(self._source, prob=prob)

    def resid(
        self,
        kind: ResidualKind = "response",
        *,
        effects: Literal["all", "fixed"] = "all",
        prob: float = 0.95,
    ) -> pd.DataFrame:
        """Residual of every row with its interval: what the model leaves unexplained.

        Use it to check the model; ``fit.plot.residuals()`` and ``fit.plot.residual_quantiles()`` draw it.

        Parameters
        ----------
        kind : {"response", "pearson", "standardized", "quantile", "normalized"}, default "response"
            ``"response"``: y minus the fitted value, in the units of y. ``"pearson"``: that times the square
            root of the row's weight. ``"standardized"``: the first divided by its standard deviation in the
            model, near a standard normal. ``"quantile"``: the normal score of the probability, over all
            draws, of a response below the observed one. ``"normalized"``: the standardized one less what the
            earlier residuals of its series tell of it, where residuals are correlated (nlme's name): near
            independent standard normals.
        effects : {"all", "fixed"}, default "all"
            Around the fitted value with the row's random effects, or around the population's value: then what
            the random effects explain is part of the residual and of its standard deviation.
        prob : float, default 0.95
            Probability inside the equal-tailed intervals, or their confidence level.

        Returns
        -------
        pandas.DataFrame
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5``, one row for every row used, under the data's
            index. Quantile residuals average over the draws, and normalized ones take the correlation at its
            median, so that they have ``value`` alone.

        Raises
        ------
        BayesmixedError
            When `kind`, `effects` or `prob` is not known.
        FamilyError
            For a kind that a family other than gaussian does not have.

        Notes
        -----
        Of another family than gaussian, y is the proportion of successes where there are trials, the Pearson
        and the standardized residual are both divided by the standard deviation that the family gives the
        row, and quantile residuals of counts are randomized; those of a family that is Bambi's alone stand
        among responses drawn from the model.

        The standard deviation of row i is sigma / sqrt(w_i), and with ``effects="fixed"`` the root of sigma^2
        / w_i + sum_k z_ik' S_k z_ik (marginal residuals: Santos Nobre and Singer 2007, Biometrical Journal
        49:863). A quantile residual is Phi^-1(F_i(y_i)) with F_i the posterior predictive distribution
        function, the mean of Phi over the draws (Dunn and Smyth 1996, JCGS 5:236): a standard normal under
        the model, whatever the response's distribution. The row itself was among the data, so that those of
        ``effects="all"`` vary somewhat less than a standard normal where groups are small.

        Examples
        --------
        >>> float(fit.resid("standardized")["value"].abs().max().round(0))
        5.0
        """
        return verbs.resid(self._source, kind=kind, effects=effects, prob=prob)

    def augment(self, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
        """Set fitted values and residuals beside the rows used, ready to be plotted.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the equal-tailed intervals, or their confidence level.
        prefix : str, default ""
            Put before every new column's name; ``"."`` gives broom's names.

        Returns
        -------
        pandas.DataFrame
            The data's columns, then ``fitted``, ``fitted_se``, ``fitted_lower_2.5``, ``fitted_upper_97.5``,
            ``fixed`` (the population's value), ``fixed_se``, ``fixed_lower_2.5``, ``fixed_upper_97.5``,
            ``resid``, ``std_resid``.

        Raises
        ------
        DataError
            When the data have a column of one of these names.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Examples
        --------
        >>> fit.augment(prefix=".").columns.tolist()[2:5]
        ['Subject', '.fitted', '.fitted_se']
        """
        return verbs.augment(self._source, prob=prob, prefix=prefix)

    def ngrps(self) -> pd.Series[int]:
        """Count the observed levels of every grouping factor.

        Returns
        -------
        pandas.Series
            Indexed by ``group``, named ``levels``, in the order of the tables.

        Examples
        --------
        >>> fit.ngrps().to_dict()
        {'Subject': 18}
        """
        blocks = self.spec.design.groups
        index = pd.Index([block.group for block in blocks], name="group")
        return pd.Series([block.n_levels for block in blocks], index=index, name="levels", dtype=np.int64)

    def smooths(self, *, prob: float = 0.95) -> pd.DataFrame:
        """Standard deviation and effective degrees of freedom of every smooth ``s(x)``.

        Use it to see how far a smooth is from a straight line, which has one degree of freedom.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals of the standard deviations, or their confidence level.

        Returns
        -------
        pandas.DataFrame
            ``smooth``, ``sd``, ``sd_2.5``, ``sd_97.5``, ``edf``, ``k``; the same standard deviations stand
            in ``varcorr()``.

        Raises
        ------
        DataError
            When the model does not have smooths.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        The penalized part of a smooth is N(0, sd^2 I) on a basis whose mean variance over the rows is one
        (Wood 2017, Generalized Additive Models, section 5.8). edf is the trace of I - P^-1 over its columns,
        with one for the straight line beside it, given the variances: at the estimate, or in the middle of
        their posterior. It is NaN of other families, and of a posterior with a residual structure.

        Examples
        --------
        >>> bm.lmer("Reaction ~ s(Days, k=5) + (1 | Subject)", sleep, method="reml").smooths()["edf"].round(1)
        0    1.0
        Name: edf, dtype: float64
        """
        return verbs.smooths(self._source, self.varcorr(prob=prob), prob)

    def smooth_curve(self, x: str, *, n: int = 100, prob: float = 0.95) -> pd.DataFrame:
        """The smooths of one column over its range, with intervals for points and for whole curves.

        Use it for a picture of your own; ``fit.plot.smooth(x)`` draws it.

        Parameters
        ----------
        x : str
            The column, e.g. ``"Days"``, or the name of one smooth, e.g. ``"s(Days)"``.
        n : int, default 100
            Number of points from the smallest to the largest value.
        prob : float, default 0.95
            Probability inside the intervals, or their confidence level.

        Returns
        -------
        pandas.DataFrame
            ``smooth``, the column, ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` for every point by
            itself, ``lower_simultaneous`` and ``upper_simultaneous`` for the curve as a whole. A smooth has
            the mean zero over the rows; multiplied by a number, it is the number's slope.

        Raises
        ------
        DataError
            When the model does not have a smooth of `x`.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        The band of the whole curve reaches so many standard deviations to both sides that the largest
        deviation of a curve from the middle is inside with the probability (Ruppert, Wand and Carroll 2003,
        Semiparametric Regression, section 6.5). An estimate's takes the variances as known.

        Examples
        --------
        >>> m = bm.lmer("Reaction ~ s(Days, k=5) + (1 | Subject)", sleep, method="reml")
        >>> m.smooth_curve("Days", n=3)[["smooth", "Days", "value"]].round(0)
        smooth  Days value
        s(Days)    0   -47
        s(Days)    4     0
        s(Days)    9    47
        """
        return verbs.smooth_curve(self._source, x, n=n, prob=prob)

    def nobs(self) -> int:
        """Count the rows that the model uses, without those left out for missing values.

        Returns
        -------
        int
            Rows.

        Examples
        --------
        >>> fit.nobs()
        180
        """
        return self.spec.design.n_rows

    def equation(self, group_level: object, *, group: str | None = None, digits: int = 2) -> str:
        """Write the regression line of one level as the teaching texts do.

        Parameters
        ----------
        group_level : level
            A level by its label or its value, e.g. ``"308"`` or 308.
        group : str, optional
            The grouping factor, needed when several have a level of that name.
        digits : int, default 2
            Decimal places.

        Returns
        -------
        str
            E.g. ``"Reaction = 253.66 + 19.67 Days"``: posterior medians of the line's coefficients (means
            with ``keep_ranef="moments"``). A link other than the identity stands around the response,
            ``"log(y) = ..."``.

        Raises
        ------
        DataError
            When no grouping factor has the level, or several have it.

        Notes
        -----
        The line of a nested level adds the effects of the levels in which it lies, a site's those of its
        range, so that it runs through the rows of the level; ``coef``, as lme4's, adds the level's own
        effects alone. The effects of factors that are crossed with it stand at zero, their average level.

        Examples
        --------
        >>> fit.equation(308)
        'Reaction = 252.59 + 19.70 Days'
        """
        return verbs.equation(self._source, group_level, group=group, digits=digits)

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        prob: float = 0.95,
    ) -> str:
        """Write one self-contained HTML page about the fit.

        Use it to hand on what was fitted, how, and what came out: tables, figures, the data beside the fit;
        of a posterior also priors, convergence and the REML estimates beside it. The page does not need a
        network or a script, prints well, and follows the reader's choice of light or dark.

        Parameters
        ----------
        path : str or path
            File to write, ``.html``; an existing one is replaced.
        title : str, optional
            Heading; the formula unless given.
        prob : float, default 0.95
            Probability inside the intervals, or their confidence level.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileError
            When the file cannot be written.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Examples
        --------
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     os.path.basename(fit.reml().report(os.path.join(folder, "sleep.html")))
        'sleep.html'
        """
        from bayesmixed.report.sections import write_page

        return write_page(path, self._page(title, prob))
