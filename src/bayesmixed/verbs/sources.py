"""Where a verb's numbers come from: the draws of a posterior, or an estimate by REML or ML.

A verb is written once, over a `Source`, and asks it for

- ``coefficients()``: the fixed effects, and ``coefficient_tests()`` of each against zero
- ``rows(wanted)``: means, linear predictors or new responses of any rows, and ``row_sd()``, how far the
  responses of the fit's rows lie around their means; ``holding(wanted)`` is the same source with all at hand
  that these rows need
- ``effects(block, effect)`` and ``level_coefficients(block, name)``: of all levels of a grouping factor
- ``deviations()`` and ``correlations()`` of the random effects and the residuals, in the order of the tables;
  ``strata()``: residual standard deviations of some rows
- ``other_coefficients(parameter)``: of the predictors of parameters beside the mean
- ``with_intervals(table)``: a table that is made of draws of parameters, such as shares of variance
- ``draws``: the posterior, or the estimate laid out like a posterior of one draw.

Coefficients and rows come as `Quantities`, m numbers that can be subtracted from each other (``-``) and from
values (``below``), multiplied and divided by values, averaged, and then summarized as columns of a table: for
a posterior draw by draw, for an estimate as linear combinations of coefficients and random effects, which
have standard errors and degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
import xarray as xr

from bayesmixed import names
from bayesmixed.design.prediction_rows import PredictionRows, trials_of_rows
from bayesmixed.design.records import FloatArray, GroupBlock
from bayesmixed.engines.reml.estimate import Estimate
from bayesmixed.engines.reml.uncertainty import LevelCovariances
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import NewLevels, PredictKind, VarianceIntervals, checked_seed, one_of
from bayesmixed.posterior.linear_predictor import keeps_moments, level_moments, new_level_effects
from bayesmixed.posterior.response import prediction_draws, row_keys
from bayesmixed.verbs.drawn import (
    Drawn,
    Effects,
    add_group_variances,
    n_draws,
    residual_sds,
    row_matrix,
)
from bayesmixed.verbs.estimate.bootstrap import bootstrap, bootstrap_tree
from bayesmixed.verbs.estimate.combinations import (
    Combinations,
    combinations_of,
    level_covariances,
    unit_combinations,
)
from bayesmixed.verbs.estimate.confint import parameter_intervals
from bayesmixed.verbs.estimate.parameters import (
    estimated_arrays,
    lme4_parameters,
    other_covariance,
    point_tree,
)
from bayesmixed.verbs.estimate.satterthwaite import interval_summary, t_test_columns
from bayesmixed.verbs.family_residuals import row_variances
from bayesmixed.verbs.lines import coefficient_draws
from bayesmixed.verbs.moments import summary_of_moments
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.redraw import with_levels
from bayesmixed.verbs.summaries import (
    bound_names,
    check_prob,
    draw_matrix,
    stack,
    summarize,
    summarize_blocks,
    summary_columns,
)

TableOfDraws = Callable[[xr.DataTree], pd.DataFrame]
TableOfValues = Callable[[xr.DataTree], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Posterior draws of a model.

    Attributes
    ----------
    draws : xarray.DataTree
        Their group ``posterior``.
    spec : ModelSpec
        The model.
    seed : int
        Of the effects of new levels and of new responses.
    progress : bool or None
        Whether a bar counts the rows that are predicted; None for a long job on a terminal.
    """

    draws: xr.DataTree
    spec: ModelSpec
    seed: int = 0
    progress: bool | None = False

    def drawn(self, of: Callable[[slice], FloatArray], n: int) -> Drawn:
        """Some quantities, from the function that gives their draws."""
        return Drawn(of=of, n=n, n_draws=n_draws(self.draws), progress=self.progress)

    def coefficients(self) -> Drawn:
        """Fixed effects."""
        beta = draw_matrix(self.draws, names.BETA)
        return self.drawn(lambda part: beta[:, part], beta.shape[1])

    def coefficient_tests(self) -> dict[str, FloatArray]:
        """Column ``p_direction``, the larger of P(> 0) and P(< 0), of every coefficient."""
        beta = draw_matrix(self.draws, names.BETA)
        return {"p_direction": np.maximum((beta > 0).mean(axis=0), (beta < 0).mean(axis=0))}

    def other_coefficients(self, parameter: str, prob: float) -> dict[str, FloatArray]:
        """Columns on the coefficients of the predictor of a parameter beside the mean."""
        beta = draw_matrix(self.draws, names.beta(parameter))
        direction = np.maximum((beta > 0).mean(axis=0), (beta < 0).mean(axis=0))
        return {**summary_columns(summarize(beta, prob), prob), "p_direction": direction}

    def strata(self, of: TableOfValues, prob: float) -> Summary:
        """Residual standard deviations of some rows, from the function that gives their draws."""
        return summarize(of(self.draws), prob)

    def holding(self, wanted: PredictionRows) -> Posterior:
        """The same with draws of the random effects of the rows' levels, where moments are kept."""
        return replace(self, draws=with_levels(self.draws, self.spec, wanted))

    def rows(
        self, wanted: PredictionRows, *, kind: PredictKind = "mean", new_levels: NewLevels = "error"
    ) -> Drawn:
        """Mean, linear predictor or a new response of every row."""
        predicted = self.row_arrays(wanted, kind=kind, new_levels=new_levels)
        return self.drawn(lambda rows: row_matrix(predicted(rows)), wanted.n_rows)

    def row_arrays(
        self,
        wanted: PredictionRows,
        *,
        kind: PredictKind,
        new_levels: NewLevels,
        counts: bool = False,
    ) -> Callable[[slice], xr.DataArray]:
        """The same as a function of a slice of the rows: draws with dimensions (chain, draw, row)."""
        posterior, seed = self.draws["posterior"].to_dataset(), checked_seed(self.seed)
        encoded = [wanted.data, *wanted.data.others.values()]
        has_new = any(labels for data in encoded for labels in data.new_levels)
        new, is_response = new_levels == "sample" and has_new, kind == "response"
        return partial(
            prediction_draws,
            posterior,
            wanted,
            kind=kind,
            new_effects=new_level_effects(posterior, wanted.design, seed) if new else None,
            keys=row_keys(wanted.data.frame.index) if is_response else np.empty((0, 2), np.uint64),
            seed=seed,
            family=self.spec.family,
            trials=trials_of_rows(wanted) if is_response else None,
            counts=counts,
        )

    def row_sd(self, effects: Effects) -> Drawn:
        """Standard deviation of the response of every row of the fit around its mean."""
        return self.drawn(lambda rows: np.sqrt(self._row_variances(effects, rows)), self.spec.design.n_held)

    def _row_variances(self, effects: Effects, rows: slice) -> FloatArray:
        """Draws of the variances of a slice of the rows, shape (chains * draws, rows)."""
        if not self.spec.family.is_gaussian:
            return row_variances(self.draws, self.spec, rows)
        design = self.spec.design
        variances: FloatArray = residual_sds(self.draws, self.spec, rows) ** 2
        if effects == "fixed":
            columns = [block.columns[rows] for block in design.blocks]
            meetings = [block.meeting.of_rows(rows) for block in design.blocks]
            posterior = self.draws["posterior"].to_dataset()
            add_group_variances(variances, posterior, design.blocks, columns, meetings)
        return variances

    def residual_sd(self, effects: Effects) -> Drawn:
        """Standard deviation by which the residual of every row is standardized, that of its response."""
        return self.row_sd(effects)

    def influence(self) -> dict[str, FloatArray]:
        """Columns of `augment` on the influence of every row: none."""
        return {}

    def effects(self, block: GroupBlock, effect: str, prob: float) -> Summary:
        """One random effect of all levels of a factor."""
        place = block.effects.index(effect)
        if keeps_moments(self.draws) and block.parameter == names.MU:
            return summary_of_moments(level_moments(self.draws, names.ranef(block.name))[:, :, place], prob)
        return summarize(draw_matrix(self.draws, names.ranef(block.name))[:, :, place], prob)

    def level_coefficients(self, block: GroupBlock, name: str, prob: float) -> Summary:
        """One coefficient of all levels of a factor, the fixed effect and the level's own added."""
        if name not in block.effects:
            constant = summarize(coefficient_draws(self.draws, self.spec, name, [], block.parameter), prob)
            return stack([constant] * block.n_levels)
        if keeps_moments(self.draws) and block.parameter == names.MU:
            kept = level_moments(self.draws, names.coef(block.group))[:, :, block.effects.index(name)]
            return summary_of_moments(kept, prob)
        return summarize_blocks(
            lambda levels: coefficient_draws(self.draws, self.spec, name, [(block, levels)], block.parameter),
            block.n_levels,
            n_draws(self.draws),
            prob,
        )

    def deviations(self, prob: float) -> Summary:
        """Standard deviations of the random effects, the residual's last; then of other predictors."""
        design = self.spec.design
        parts = [self._deviations(block, prob) for block in design.blocks]
        if names.SIGMA in self.spec.priors.parameters:
            parts.append(summarize(draw_matrix(self.draws, names.SIGMA)[:, None], prob))
        parts += [self._deviations(block, prob) for each in design.others for block in each.blocks]
        return stack(parts)

    def _deviations(self, block: GroupBlock, prob: float) -> Summary:
        """Standard deviations of the effects of one grouping factor."""
        sds = np.take(draw_matrix(self.draws, names.sd(block.name)), block.covariances.leaders, axis=1)
        return summarize(sds, prob)

    def correlations(self, prob: float) -> Summary:
        """Correlations of the random effects, then of the residuals, then of effects of other predictors."""
        design, serial = self.spec.design, self.spec.design.residual.correlation
        parts = [self._correlations(block, prob) for block in design.blocks if block.has_correlation]
        if not design.residual.is_independent:
            values = draw_matrix(self.draws, serial.label)
            places = np.triu_indices(values.shape[-1], k=1) if serial.coords else (None,)
            parts.append(summarize(values[:, *places], prob))
        others = [block for each in design.others for block in each.blocks if block.has_correlation]
        return stack([*parts, *(self._correlations(block, prob) for block in others)])

    def _correlations(self, block: GroupBlock, prob: float) -> Summary:
        """Correlations of the effects of one grouping factor."""
        first, second = zip(*(each.pair for _, each in block.correlations), strict=True)
        return summarize(draw_matrix(self.draws, names.corr(block.name))[:, first, second], prob)

    def with_intervals(self, table: TableOfDraws, prob: float) -> pd.DataFrame:  # noqa: ARG002
        """Table of draws, which has its intervals."""
        return table(self.draws)


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimated:
    """An estimate by REML or ML.

    Attributes
    ----------
    estimate : Estimate
        The optimum with the likelihood that it comes from.
    spec : ModelSpec
        The model.
    method : {"profile", "boot", "none"}
        Intervals of standard deviations and correlations.
    boot : int
        Number of bootstrap refits for intervals of shares of variance, which are NaN without any.
    seed : int or None
        Of the bootstrap.
    """

    estimate: Estimate
    spec: ModelSpec
    method: VarianceIntervals = "none"
    boot: int = 0
    seed: int | None = None

    @cached_property
    def draws(self) -> xr.DataTree:
        """The estimate laid out like a posterior of one draw."""
        return point_tree(self.estimate)

    def coefficients(self) -> Combinations:
        """Fixed effects."""
        return unit_combinations(self.estimate)

    def coefficient_tests(self) -> dict[str, FloatArray]:
        """Columns ``t``, ``df``, ``p_value`` of every coefficient."""
        return self.coefficients().tests()

    def other_coefficients(self, parameter: str, prob: float) -> dict[str, FloatArray]:
        """Columns on the coefficients of the predictor of a parameter beside the mean, normal tests."""
        values = draw_matrix(self.draws, names.beta(parameter))[0]
        se = np.sqrt(np.diag(other_covariance(self.estimate, parameter)))
        tests = t_test_columns(values, se, np.full(len(values), np.inf))
        return {**summary_columns(interval_summary(values, se, prob), prob), **tests}

    def strata(self, of: TableOfValues, prob: float) -> Summary:  # noqa: ARG002
        """Residual standard deviations of some rows, without intervals."""
        value = of(self.draws)[0]
        untold = np.full(len(value), np.nan)
        return Summary(value=value, se=untold, lower=untold, upper=untold)

    def holding(self, wanted: PredictionRows) -> Estimated:  # noqa: ARG002
        """The same: an estimate holds all effects."""
        return self

    def rows(
        self, wanted: PredictionRows, *, kind: PredictKind = "mean", new_levels: NewLevels = "error"
    ) -> Combinations:
        """Mean of every row, which is its linear predictor, or a new response."""
        return combinations_of(self.estimate, wanted, kind=kind, new_levels=new_levels)

    def row_sd(self, effects: Effects) -> FloatArray:
        """Standard deviation of the response of every row of the fit around its mean, shape (n,)."""
        design, optimum = self.estimate.design, self.estimate.optimum
        variance = residual_sds(self.draws, self.spec, slice(0, design.n_held))[0] ** 2
        if effects == "fixed":
            for block, covariance in zip(design.blocks, optimum.covariances, strict=True):
                if block.is_smooth:
                    continue
                own = np.einsum("nk,kl,nl->n", block.columns, covariance, block.columns)
                variance += block.shares(block.meeting) * own
        return np.asarray(np.sqrt(variance))

    def residual_sd(self, effects: Effects) -> FloatArray:
        """Standard deviation by which the residual of every row is standardized, that of its response."""
        return self.row_sd(effects)

    def influence(self) -> dict[str, FloatArray]:
        """Columns of `augment` on the influence of every row: none."""
        return {}

    @cached_property
    def _given_coefficients(self) -> tuple[LevelCovariances, ...]:
        """Covariances of the random effects of every factor, the coefficients taken as known."""
        return level_covariances(self.estimate, known_coefficients=True)

    @cached_property
    def _with_coefficients(self) -> tuple[LevelCovariances, ...]:
        """Covariances of the random effects of every factor and with the coefficients' estimates."""
        return level_covariances(self.estimate, known_coefficients=False)

    def effects(self, block: GroupBlock, effect: str, prob: float) -> Summary:
        """One random effect of all levels of a factor, with lme4's conditional standard deviations."""
        i, e = self.estimate.design.blocks.index(block), block.effects.index(effect)
        se = np.sqrt(self._given_coefficients[i].own[:, e, e])
        return interval_summary(self.estimate.optimum.ranef[i][:, e], se, prob)

    def level_coefficients(self, block: GroupBlock, name: str, prob: float) -> Summary:
        """One coefficient of all levels of a factor: the variance of b + u - u_j, given the variances."""
        estimate, terms = self.estimate, self.estimate.design.fixed.terms
        i = estimate.design.blocks.index(block)
        value, variance = np.zeros(block.n_levels), np.zeros(block.n_levels)
        varies, df = False, np.inf
        if name in terms:
            t = terms.index(name)
            value += estimate.optimum.coefficients[t]
            variance += estimate.covariance[t, t]
        if name in block.effects:
            e, covariances = block.effects.index(name), self._with_coefficients[i]
            varies = estimate.optimum.covariances[i][e, e] > 0.0
            value += estimate.optimum.ranef[i][:, e]
            variance += covariances.own[:, e, e]
            if name in terms:
                variance += 2.0 * covariances.with_coefficients[:, e, t]
        if name in terms and not varies:
            df = unit_combinations(estimate, [t]).df.item()
        return interval_summary(value, np.sqrt(variance), prob, np.full(block.n_levels, df))

    def deviations(self, prob: float) -> Summary:
        """Standard deviations of the random effects, the residual's last."""
        arrays = estimated_arrays(self.estimate.design, self.estimate.optimum)
        pairs = zip(arrays.sd, self.estimate.design.blocks, strict=True)
        sds = [sd[block.covariances.leaders] for sd, block in pairs]
        sigma = [arrays.sigma[None]] if names.SIGMA in self.spec.priors.parameters else []
        values = [np.empty(0), *sds, *sigma]
        return self._with_ends(np.concatenate(values), ("sd", "sigma"), prob)

    def correlations(self, prob: float) -> Summary:
        """Correlations of the random effects, then of the residuals."""
        design, serial = self.estimate.design, self.estimate.design.residual.correlation
        arrays = estimated_arrays(design, self.estimate.optimum)
        blocks = zip(design.blocks, arrays.corr, strict=True)
        values = [matrix[each.pair] for block, matrix in blocks for _, each in block.correlations]
        if arrays.serial is not None:
            matrix = arrays.serial
            values += [*matrix[np.triu_indices(len(matrix), k=1)]] if serial.coords else [matrix]
        return self._with_ends(np.array(values, dtype=np.float64), ("cor", "serial"), prob)

    def _with_ends(self, values: FloatArray, kinds: tuple[str, ...], prob: float) -> Summary:
        """Parameters of some kinds with intervals by the chosen method; their sampling is far from normal."""
        one_of(self.method, VarianceIntervals, "method")
        check_prob(prob)
        ends = np.full((len(values), 2), np.nan)
        if self.method != "none" and len(values):
            wanted = [p for p in lme4_parameters(self.estimate.design) if p.kind in kinds]
            ends = parameter_intervals(self.estimate, wanted, self.method, prob, seed=self.seed)
        return Summary(value=values, se=np.full(len(values), np.nan), lower=ends[:, 0], upper=ends[:, 1])

    def with_intervals(self, table: TableOfDraws, prob: float) -> pd.DataFrame:
        """Table at the estimate, its intervals by the parametric bootstrap, NaN without refits."""
        made, bounds = table(self.draws), list(bound_names(prob))
        made[bounds] = np.nan
        if self.boot:
            refits = bootstrap_tree(self.estimate, bootstrap(self.estimate, self.boot, self.seed))
            made[bounds] = table(refits)[bounds].to_numpy()
        return made


Source = Posterior | Estimated
Quantities = Drawn | Combinations
