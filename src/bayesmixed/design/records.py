"""What the data look like to a model: matrices, codes and levels, with the recipe that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesmixed import names
from bayesmixed.covariances.covariance import Correlation, Covariance, Covariances, Deviation
from bayesmixed.covariances.residual import Residual
from bayesmixed.design.meeting import KnownCovariance, Meeting
from bayesmixed.formula.algebra import ColumnKey
from bayesmixed.formula.terms import ParsedFormula
from bayesmixed.options import Center
from bayesmixed.printing.records import short_repr

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The left side of the formula, evaluated.

    Attributes
    ----------
    name : str
        As written, e.g. ``"log(Reaction)"``.
    values : FloatArray
        Shape (n,); of a binomial response the number of successes.
    trials : FloatArray or None
        Of a binomial response the number of trials of every row, shape (n,).
    levels : tuple[str, str] or None
        Of a response with two levels which is 0 and which, the modelled one, is 1.
    """

    name: str
    values: FloatArray
    trials: FloatArray | None = None
    levels: tuple[str, str] | None = None

    __repr__ = short_repr

    @property
    def observed(self) -> FloatArray:
        """Response on the scale of its mean: of a binomial one the proportions, shape (n,)."""
        return self.values if self.trials is None else self.values / self.trials


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedDesign:
    """The matrix X of the fixed effects.

    Attributes
    ----------
    matrix : FloatArray
        Shape (n, p), uncentred; an intercept is column 0.
    terms : tuple[str, ...]
        The p column names, e.g. ``("Intercept", "Days", "sex[T.male]")``.
    has_intercept : bool
        Whether column 0 is an explicit intercept.
    centring : FloatArray
        C of the centred columns X C that have priors, shape (p, p); see :mod:`bayesmixed.design.centring`.
    scales : FloatArray
        Sample standard deviations (n - 1) of the centred columns, shape (p,), 1 for the intercept. A constant
        column that is not the intercept has its root mean square.
    recipe : object
        What encodes new data in the same way (levels, transform state).
    left_out : tuple[str, ...]
        Names of the columns that X does not have, since they are combinations of earlier ones.
    keys, left_out_keys : tuple[ColumnKey, ...]
        What the columns mean, however they are spelled.
    """

    matrix: FloatArray
    terms: tuple[str, ...]
    has_intercept: bool
    centring: FloatArray
    scales: FloatArray
    recipe: Any
    keys: tuple[ColumnKey, ...]
    left_out: tuple[str, ...] = ()
    left_out_keys: tuple[ColumnKey, ...] = ()

    __repr__ = short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBlock:
    """All columns of Z that share one grouping factor, from one bar or several.

    Attributes
    ----------
    group : str
        Name of the grouping factor, e.g. ``"Subject"`` or ``"batch:cask"``.
    effects : tuple[str, ...]
        Names of the k varying effects, e.g. ``("Intercept", "Days")``.
    columns : FloatArray
        Value of every effect in every row, shape (n, k).
    meeting : Meeting
        Levels that every row meets: one, or several with weights.
    levels : tuple[str, ...]
        Labels of the J observed levels, in the order of the codes; an interaction's are joined by ``:``.
    covariances : Covariances
        Structures of the consecutive sets of effects: ``(Days | Subject)`` is one unstructured set of two,
        ``(Days || Subject)`` two sets of one.
    centring : FloatArray
        C of the centred effects u_c, u = C u_c, whose standard deviations and correlations have priors, shape
        (k, k); see :mod:`bayesmixed.design.centring`.
    scales : FloatArray
        Sample standard deviation of every centred column, 1 for an intercept, shape (k,); a constant column
        that is not an intercept has its root mean square.
    recipes : tuple
        What encodes new data for each bar in the same way.
    parameter : str
        Parameter whose predictor it is a part of: ``"mu"`` for the mean.
    root : FloatArray or None
        Cholesky factor R of the known covariance A = R R' between the levels, shape (J, J): their effects are
        R times independent ones. None where they are independent themselves.
    is_smooth : bool
        Whether it is the penalized part of a smooth, which belongs to the population: its levels are the
        columns of a basis.
    moments : FloatArray or None
        Of a block whose rows are not in memory, the `second_moments`.
    keys : tuple[ColumnKey, ...]
        What the column of every effect means, however it is spelled.
    group_key : ColumnKey
        What the grouping factor means.
    """

    group: str
    effects: tuple[str, ...]
    columns: FloatArray
    meeting: Meeting
    levels: tuple[str, ...]
    covariances: Covariances
    centring: FloatArray
    scales: FloatArray
    recipes: tuple[Any, ...]
    keys: tuple[ColumnKey, ...]
    group_key: ColumnKey
    parameter: str = names.MU
    root: FloatArray | None = None
    is_smooth: bool = False
    moments: FloatArray | None = None

    __repr__ = short_repr

    @property
    def name(self) -> str:
        """What its variables and labels call it, e.g. ``"sigma_Subject"`` in the predictor of sigma."""
        return names.of_predictor(self.parameter, self.group)

    @property
    def codes(self) -> IntArray:
        """Level of every row, shape (n,), values 0 to J - 1; a DataError where a row has several."""
        return self.meeting.one(self.group)

    @property
    def is_plain(self) -> bool:
        """Whether every row has one level, and the effects of different levels are independent."""
        return self.meeting.is_one and self.root is None

    def shares(self, meeting: Meeting) -> FloatArray:
        """Variance of what the levels of some rows add, in that of an effect that varies, shape (n,)."""
        if meeting.is_one and not self.meeting.is_one:
            return np.full(len(meeting.codes), self.meeting.squares().mean())
        if self.root is None:
            return meeting.squares()
        variances = np.sum(self.root**2, axis=1)
        codes = meeting.one(self.group)
        return np.where(codes < 0, variances.mean(), variances[codes])

    @property
    def second_moments(self) -> FloatArray:
        """Means over the rows of (1, z)(1, z)', z the row's effect columns, shape (k + 1, k + 1).

        Where levels are related, or a row has several, a row counts by the variance that it gets from them.
        """
        if self.moments is not None:
            return self.moments
        rows = np.column_stack([np.ones(len(self.columns)), self.columns])
        return np.asarray((rows.T * self.shares(self.meeting)) @ rows / len(rows))

    @property
    def has_correlation(self) -> bool:
        """Whether any two effects of the factor are correlated."""
        return self.covariances.has_correlation

    @property
    def deviations(self) -> list[Deviation]:
        """Standard deviations of its effects that are parameters."""
        return self.covariances.deviations(self.effects)

    @property
    def correlations(self) -> list[tuple[Covariance, Correlation]]:
        """Correlations of its effects that are parameters, with the structure they belong to."""
        return self.covariances.correlations(self.effects)

    @property
    def is_centred(self) -> bool:
        """Whether the effects that have priors are other than those at zero."""
        return not np.array_equal(self.centring, np.eye(self.n_effects))

    @property
    def n_effects(self) -> int:
        """Number of varying effects, k."""
        return len(self.effects)

    @property
    def n_levels(self) -> int:
        """Number of observed levels, J."""
        return len(self.levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """Z_i'Z_j of two blocks, by the pairs of levels that some row has.

    Attributes
    ----------
    first, second : IntArray
        Levels of the P observed pairs, shape (P,), sorted.
    products : FloatArray
        Sums over the rows of each pair, shape (P, k_i, k_j).
    """

    first: IntArray
    second: IntArray
    products: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSums:
    """Sums over rows that were not brought into memory: all that a gaussian model needs of them.

    Products are of unit-free, weighted columns: the response and the columns of X less their centre (when
    there is an intercept) over their scale, the columns of Z over theirs.

    Attributes
    ----------
    n_rows, n_columns : int
        Rows used, and columns of the data.
    response_mean, response_sd : float
        Of the response less the offset, over the rows (n - 1).
    fixed_means : FloatArray
        Of the columns of X over the rows, shape (p,).
    fixed_covariance : FloatArray
        Sample covariances (n - 1) of the columns of X over the rows, shape (p, p), in the units of the data.
    constant : frozenset[str]
        Names of the columns of X and Z, no intercepts, that are the same in every row.
    pairs : dict[tuple[int, int], PairSums]
        Z_i'Z_j for i <= j.
    fixed : tuple[FloatArray, ...]
        Z_i'X, shape (J_i k_i, p).
    response : tuple[FloatArray, ...]
        Z_i'y, shape (J_i k_i,).
    fixed_gram, fixed_response : FloatArray
        X'X of shape (p, p), X'y of shape (p,).
    response_squared : float
        y'y.
    """

    n_rows: int
    n_columns: int
    response_mean: float
    response_sd: float
    fixed_means: FloatArray
    fixed_covariance: FloatArray
    constant: frozenset[str]
    pairs: dict[tuple[int, int], PairSums]
    fixed: tuple[FloatArray, ...]
    response: tuple[FloatArray, ...]
    fixed_gram: FloatArray
    fixed_response: FloatArray
    response_squared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSource:
    """Where the rows of a model lie that were not brought into memory.

    Attributes
    ----------
    data : str, path or lazy frame
        As the user gave it.
    weights : str or None
        Column of weights.
    """

    data: Any
    weights: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearPredictor:
    """A parameter of the family as the data tell it: X b + Z u + offset, on the scale of its link.

    Attributes
    ----------
    parameter : str
        ``"mu"`` for the mean, ``"sigma"`` for the residual standard deviation, whose link is the logarithm.
    fixed : FixedDesign
        X.
    blocks : tuple[GroupBlock, ...]
        One for each grouping factor, as in a design.
    offset : FloatArray
        Shape (n,).
    """

    parameter: str
    fixed: FixedDesign
    blocks: tuple[GroupBlock, ...]
    offset: FloatArray

    __repr__ = short_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Everything a linear mixed model needs to know of its data.

    Attributes
    ----------
    formula : ParsedFormula
        What was asked.
    response : Response
        Left side.
    fixed : FixedDesign
        X.
    blocks : tuple[GroupBlock, ...]
        One for each grouping factor, by decreasing number of levels, then as written.
    offset : FloatArray
        Shape (n,), zeros where none was given.
    others : tuple[LinearPredictor, ...]
        Of the parameters beside the mean that have a formula of their own.
    residual : Residual
        Structure of the residuals; the weights of the rows belong to it.
    frame : pandas.DataFrame
        The rows used, all columns, original index.
    n_dropped : int
        Rows left out because a value that the model needs is missing.
    sums : RowSums or None
        Of data that are not in memory, in place of every array above that has one entry for each row.
    source : RowSource or None
        Where the rows of such data lie, for a random sample of them.
    center : {True, "fixed", False}
        Where the priors stand: at the means of all columns, of those of X alone, or at zero.
    known : Mapping[str, KnownCovariance]
        Covariances between levels that the formula names.
    """

    formula: ParsedFormula
    response: Response
    fixed: FixedDesign
    blocks: tuple[GroupBlock, ...]
    offset: FloatArray
    residual: Residual
    frame: pd.DataFrame
    n_dropped: int
    others: tuple[LinearPredictor, ...] = ()
    sums: RowSums | None = None
    source: RowSource | None = None
    center: Center = True
    known: Mapping[str, KnownCovariance] = field(default_factory=dict)

    __repr__ = short_repr

    @property
    def predictors(self) -> dict[str, LinearPredictor]:
        """The predictor of every parameter that has one, the mean's first."""
        mean = LinearPredictor(parameter=names.MU, fixed=self.fixed, blocks=self.blocks, offset=self.offset)
        return {each.parameter: each for each in (mean, *self.others)}

    @property
    def residual_names(self) -> tuple[str, ...]:
        """Parameters of a gaussian model's residuals without a predictor: sigma, then correlations."""
        has_sigma = self.residual.has_sigma and names.SIGMA not in self.predictors
        serial = () if self.residual.is_independent else (self.residual.correlation.label,)
        return ((names.SIGMA,) if has_sigma else ()) + serial

    @property
    def n_residual_parameters(self) -> int:
        """Number of free parameters of the residuals' covariance."""
        predicted = sum(
            len(each.fixed.terms) + sum(block.covariances.n_parameters for block in each.blocks)
            for each in self.others
        )
        own = 0 if self.others or not self.residual.has_sigma else 1
        return predicted + own + self.residual.correlation.n_coordinates

    @property
    def all_blocks(self) -> tuple[GroupBlock, ...]:
        """Blocks of every predictor, the mean's first."""
        return (*self.blocks, *(block for each in self.others for block in each.blocks))

    @property
    def is_plain(self) -> bool:
        """Whether rows are independent, and their residuals of one sigma, so that this is a regression."""
        return not self.blocks and not self.others and self.residual.is_constant

    @property
    def n_rows(self) -> int:
        """Number of rows used."""
        return self.n_held if self.sums is None else self.sums.n_rows

    @property
    def n_held(self) -> int:
        """Number of rows in the arrays: all that were used, or a random sample of them beside `sums`."""
        return len(self.response.values)

    @property
    def n_columns(self) -> int:
        """Number of columns of the data."""
        return self.frame.shape[1] if self.sums is None else self.sums.n_columns

    @property
    def weights(self) -> FloatArray | None:
        """Weights of the rows, shape (n,), None where there are none."""
        return self.residual.weights

    @property
    def given_weights(self) -> FloatArray | None:
        """Weights that stand beside the formula, None where there are none or the formula states them."""
        return None if self.formula.response.additions.weights else self.weights

    def level_pairs(self, i: int, j: int) -> tuple[IntArray, IntArray]:
        """Levels of two blocks in every row, or in every pair that some row has where rows are absent."""
        if self.sums is None:
            return self.blocks[i].codes, self.blocks[j].codes
        pair = self.sums.pairs[min(i, j), max(i, j)]
        return (pair.first, pair.second) if i <= j else (pair.second, pair.first)

    @property
    def groups(self) -> tuple[GroupBlock, ...]:
        """Blocks of grouping factors: all but the smooths."""
        return tuple(block for block in self.blocks if not block.is_smooth)

    @property
    def smooths(self) -> tuple[GroupBlock, ...]:
        """Blocks of the penalized parts of smooths, which belong to the population."""
        return tuple(block for block in self.blocks if block.is_smooth)

    def block(self, group: str) -> GroupBlock:
        """Block of a grouping factor, by name (KeyError when there is none)."""
        return {block.group: block for block in self.blocks}[group]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedData:
    """New data, encoded by the recipe of a design.

    Attributes
    ----------
    fixed : FloatArray
        X of the new rows, shape (m, p).
    beyond : FloatArray
        How far each row lies from what binds the d columns that X leaves out, in their scales, shape (m, d):
        other than zero where the coefficients that were kept do not give its mean.
    columns : tuple[FloatArray, ...]
        For each block the effect columns, shape (m, k).
    meetings : tuple[Meeting, ...]
        For each block the levels that every row meets; codes of -1 and below count new levels: the first new
        one is -1, the next -2.
    new_levels : tuple[tuple[str, ...], ...]
        For each block the labels of its new levels, in the order of their negative codes.
    offset : FloatArray
        Shape (m,).
    frame : pandas.DataFrame
        The new rows.
    others : Mapping[str, EncodedData]
        The same for the predictors of parameters beside the mean, where asked for.
    residual : Residual
        What is known of the residuals of the new rows, taken one by one.
    """

    fixed: FloatArray
    beyond: FloatArray
    columns: tuple[FloatArray, ...]
    meetings: tuple[Meeting, ...]
    new_levels: tuple[tuple[str, ...], ...]
    offset: FloatArray
    frame: pd.DataFrame
    others: Mapping[str, EncodedData] = field(default_factory=dict)
    residual: Residual = field(default_factory=Residual)
