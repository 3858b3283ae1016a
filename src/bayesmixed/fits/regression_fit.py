"""The fit that ``lm(method="ols")`` and ``glm(method="ml")`` return: methods that delegate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from bayesmixed import verbs
from bayesmixed.errors import BayesmixedError, FormulaError
from bayesmixed.fits.reml_fit import RemlFit, reml_fit
from bayesmixed.options import RegressionIntervals, one_of
from bayesmixed.surface import public_methods, uses
from bayesmixed.tables.regression_summary import regression_summary_parts
from bayesmixed.verbs.regressed import Regressed

if TYPE_CHECKING:
    from bayesmixed.engines.regression import Regression, RegressionMethod
    from bayesmixed.model.spec import ModelSpec
    from bayesmixed.tables.summary_parts import SummaryParts


@public_methods
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RegressionFit(RemlFit):
    """A regression without random effects by least squares or maximum likelihood; print it.

    :func:`bayesmixed.lm` makes one with ``method="ols"``, :func:`bayesmixed.glm` with ``method="ml"``. It has
    the verbs of :class:`bayesmixed.RemlFit`; those about random effects are refused. Examples of its methods
    use ``line = bm.lm("Reaction ~ Days", sleep, method="ols")``.

    Attributes
    ----------
    spec : ModelSpec
        The design and the family; its priors are not used.
    estimate : Regression
        The estimate.
    """

    estimate: Regression  # type: ignore[assignment]

    @property
    def _parts(self) -> SummaryParts:
        """What the printed summary says."""
        return regression_summary_parts(self._source)

    @property
    def method(self) -> Literal["ols", "ml"]:  # type: ignore[override]
        """How it was estimated, ``"ols"`` (least squares) or ``"ml"`` (maximum likelihood)."""
        return self.estimate.by

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in the units of the response; NaN in families without it."""
        return self.estimate.optimum.sigma

    @property
    def _source(self) -> Regressed:
        """Where the numbers come from."""
        return Regressed(estimate=self.estimate, spec=self.spec)

    def fixef(self, *, exponentiate: bool = False, prob: float = 0.95) -> pd.DataFrame:
        """Coefficients with their tests, as R's ``summary`` of ``lm`` and ``glm``.

        Use it for the effects of the predictors.

        Parameters
        ----------
        exponentiate : bool, default False
            Whether exponentials are given in place of coefficients, such as odds ratios (links logit and
            cloglog) and ratios of means (link log).
        prob : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row for each column of X: ``term``, ``value``, ``se``, ``lower_2.5``, ``upper_97.5``; of least
            squares ``t``, ``df`` (rows less coefficients), ``p_value`` (two-sided) by Student's t; of maximum
            likelihood ``z``, ``p_value`` by the normal distribution.

        Raises
        ------
        FamilyError
            When `exponentiate` is asked for and the link has no ratio.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        Of an exponential family the standard errors are those of Fisher's information, as R's, with the
        family's own parameter at its maximum likelihood estimate: of a gamma response
        ``summary(fit, dispersion = MASS::gamma.dispersion(fit))``. Others have the observed information.

        Examples
        --------
        >>> line.fixef()[["term", "value", "se", "df"]].round(2)
        term       value   se  df
        Intercept 251.41 6.61 178
        Days       10.47 1.24 178
        """
        return verbs.fixef(self._source, exponentiate=exponentiate, prob=prob)

    @uses("method", dict.fromkeys(("wald", "profile"), ("parameters", "prob")), instead="boot")
    def confint(
        self,
        parameters: str | Sequence[str] | None = None,
        *,
        method: RegressionIntervals = "wald",
        prob: float = 0.95,
        n: int = 500,
        seed: int | None = None,
        progress: bool = False,
    ) -> pd.DataFrame:
        """Confidence intervals of the coefficients, and of sigma of least squares.

        Use it as R's ``confint`` of ``lm``.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Names as printed; ``"beta"`` stands for all coefficients; all unless given.
        method : {"wald", "profile", "boot"}, default "wald"
            So many standard errors to both sides; the coefficients that the likelihood does not refuse, of
            maximum likelihood; percentiles of a parametric bootstrap.
        prob : float, default 0.95
            Confidence level.
        n : int, default 500
            Number of bootstrap refits.
        seed : int, optional
            Repeats the bootstrap.
        progress : bool, default False
            Whether the bootstrap shows a progress bar.

        Returns
        -------
        pandas.DataFrame
            ``parameter``, ``kind`` (``"beta"`` or ``"sigma"``), ``group``, ``effect``, ``estimate``,
            ``lower_2.5``, ``upper_97.5``.

        Raises
        ------
        BayesmixedError
            When `method`, `prob`, `n` or one of `parameters` is not known; for a profile of least squares,
            whose t intervals are exact.

        Notes
        -----
        Coefficients have Student's t interval, of maximum likelihood the normal one, R's ``confint.default``;
        ``method="profile"`` is ``confint`` of ``glm``: where the deviance, minimized over everything else,
        exceeds its minimum by the chi-squared quantile. Sigma of least squares has the chi-squared interval.

        Examples
        --------
        >>> line.confint("Days")[["parameter", "lower_2.5", "upper_97.5"]].round(1)
        parameter lower_2.5 upper_97.5
        Days              8       12.9
        """
        from bayesmixed.verbs.estimate.confint import confint

        one_of(method, RegressionIntervals, "method")
        if method == "profile" and self.method == "ols":
            raise BayesmixedError("The t intervals of least squares are exact: leave method='profile' out.")
        return confint(
            self.estimate, method=method, prob=prob, parameters=parameters, n=n, seed=seed, progress=progress
        )

    def r2(self, *, prob: float = 0.95) -> pd.DataFrame:  # type: ignore[override]
        """Explained variance: R2 and adjusted R2, or the share of the deviance, or of the variance.

        Use it to say how much of the response the predictors explain.

        Parameters
        ----------
        prob : float, default 0.95
            Taken for the sake of other fits; there are no intervals.

        Returns
        -------
        pandas.DataFrame
            ``type`` (``multiple``, ``adjusted``; of other families ``deviance``, and where there is none
            ``marginal``), ``r2``, ``lower_2.5``, ``upper_97.5`` (NaN), ``formula``.

        Notes
        -----
        1 - SSE / SST, with SST around the mean where there is an intercept, and 1 - (1 - R2)
        (n - 1) / (n - p): R's ``summary.lm``. Of other families 1 - deviance / null deviance; of families
        without a deviance Nakagawa's share, as in :meth:`bayesmixed.MixedFit.r2`.

        Examples
        --------
        >>> line.r2()[["type", "r2"]].round(3)
        type        r2
        multiple 0.286
        adjusted 0.282
        """
        from bayesmixed.verbs.glance import regression_r2

        if not self.spec.family.is_exponential:
            return verbs.r2(self._source, prob=prob)
        return regression_r2(self.estimate, prob)

    def glance(self) -> pd.DataFrame:
        """Put the estimate into one row, as broom.

        Use it to stack models under each other.

        Returns
        -------
        pandas.DataFrame
            One row: ``nobs``, ``sigma``, ``engine`` (``"ols"`` or ``"ml"``), ``npar``, ``log_likelihood``,
            ``AIC``, ``AICc``, ``BIC``, ``deviance``, ``df_residual`` (rows less coefficients); of least
            squares ``r2``, ``adj_r2``, ``F``, ``df_F``, ``p_value`` (of all predictors together); of other
            families with a deviance ``null_deviance``, ``df_null``.

        Examples
        --------
        >>> line.glance()[["sigma", "r2", "F", "AIC"]].round(2)
        sigma   r2     F    AIC
        47.71 0.29 71.46 1906.3
        """
        from bayesmixed.verbs.glance import regression_glance

        return regression_glance(self.estimate)

    def deviance(self) -> float:
        """Residual deviance, R's ``deviance``.

        Use :meth:`log_likelihood` for minus half of lme4's deviance.

        Returns
        -------
        float
            Of a gaussian model the weighted residual sum of squares; of other families twice what the log
            likelihood lacks of that of a model with every mean at its response, in units of the dispersion.

        Raises
        ------
        FamilyError
            When the family does not have a deviance.

        Examples
        --------
        >>> round(line.deviance())
        405252
        """
        return self.estimate.deviance

    def augment(self, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
        """Set fitted values, residuals and influence beside the rows used, as broom.

        Use it to find rows on which the estimate hangs.

        Parameters
        ----------
        prob : float, default 0.95
            Confidence level of the intervals.
        prefix : str, default ""
            Put before every new column's name, e.g. ``"."``.

        Returns
        -------
        pandas.DataFrame
            The data's columns, then ``fitted``, ``fitted_se``, ``fitted_lower_2.5``, ``fitted_upper_97.5``,
            ``resid``, ``std_resid`` (over sigma sqrt((1 - leverage) / w)), ``leverage`` (the diagonal of the
            hat matrix), ``cooks_distance``, and of least squares ``sigma_without`` (sigma with the row left
            out) and ``student_resid`` (``std_resid`` by that sigma). Of other families residuals are divided
            by the standard deviation that the family gives the row.

        Raises
        ------
        DataError
            When the data have a column of one of these names.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Notes
        -----
        R's ``hatvalues``, ``rstandard``, ``rstudent`` and ``cooks.distance``; of other families those of
        Pearson residuals. A row that alone determines its fit (leverage 1) has NaN.

        Examples
        --------
        >>> line.augment().loc[:1, ["std_resid", "leverage", "cooks_distance"]].round(4)
        std_resid leverage cooks_distance
          -0.0390   0.0192              0
          -0.0669   0.0138              0
        """
        return verbs.augment(self._source, prob=prob, prefix=prefix)


def estimate_fit(spec: ModelSpec, by: Literal["reml", "ml"]) -> RemlFit:
    """Estimate a model of any kind; REML of a regression is least squares."""
    if spec.design.is_plain and (by == "ml" or spec.family.is_gaussian):
        return regression_fit(spec, "ml" if by == "ml" else "ols")
    return reml_fit(spec, by)


def regression_fit(spec: ModelSpec, by: RegressionMethod) -> RegressionFit:
    """Estimate a specified regression without random effects."""
    from bayesmixed.engines.regression import estimate_regression

    if not spec.design.is_plain:
        raise FormulaError(
            "Least squares take residuals as independent, of one variance; the formula says otherwise.",
            spec.design.formula.text,
            advice="Write bm.lmer(formula, data, method='reml') for its estimate, or method='bayes'.",
        )
    return RegressionFit(spec=spec, estimate=estimate_regression(spec, by))
