"""Regressions without random effects at their estimate: least squares, or the maximum of the likelihood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from bayesmixed import names
from bayesmixed.design.checks import check_estimable
from bayesmixed.design.records import Design, FixedDesign, FloatArray
from bayesmixed.engines.joint.mode import row_slopes
from bayesmixed.engines.joint.packing import JointPacked, pack_joint
from bayesmixed.engines.joint.plan import make_joint_plan
from bayesmixed.engines.joint.problem import JointProblem, make_joint_problem
from bayesmixed.engines.kernel.cross_products import check_residual, cross_products_of
from bayesmixed.engines.kernel.units import unit_free, units_of
from bayesmixed.engines.machine import single_threaded_blas
from bayesmixed.engines.reml.estimate import Estimate, Maximized
from bayesmixed.engines.reml.optimum import Optimum
from bayesmixed.engines.reml.uncertainty import Curvature, Variances, coefficients_map
from bayesmixed.errors import DataError, FamilyError
from bayesmixed.families.family import Family
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.printing.records import short_repr

RegressionMethod = Literal["ols", "ml"]

STEP = 1e-5
"""Half the width of differences of the scores in the linear predictor and in the logs of parameters."""

MOST_STEPS, MOST_HALVINGS = 200, 60
SETTLED = 1e-20
"""Squared distance from the maximum, in standard errors, at which Newton's steps end."""

FLAT = 1e-6
"""Curvature, in unit-free form, below which the likelihood is taken to rise without end."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Regression(Maximized):
    """A regression without random effects at its estimate.

    Attributes
    ----------
    spec : ModelSpec
        What is fitted; its priors are not used.
    by : {"ols", "ml"}
        Least squares, whose sigma has n - p degrees of freedom, or maximum likelihood.
    optimum : Optimum
        Minus twice the log likelihood at its maximum, coefficients, sigma (NaN in families without it).
    covariance : FloatArray
        Of the coefficients' estimates, shape (p, p).
    degrees : float
        Degrees of freedom of tests: n - p, or infinite.
    parameters : dict[str, float]
        Parameters of the family beside its location.
    """

    spec: ModelSpec
    by: RegressionMethod
    optimum: Optimum
    covariance: FloatArray
    degrees: float
    parameters: dict[str, float]

    __repr__ = short_repr

    @property
    def design(self) -> Design:  # type: ignore[override]
        """The design that was fitted."""
        return self.spec.design

    @property
    def family(self) -> Family:
        """Family of the response."""
        return self.spec.family

    @property
    def n_parameters(self) -> int:
        """Number of parameters as R counts them: coefficients, and those of the family."""
        return len(self.optimum.coefficients) + len(self.family.parameters)

    @property
    def df_residual(self) -> int:
        """Rows less coefficients."""
        return self.design.n_rows - len(self.optimum.coefficients)

    def at_design(self, design: Design) -> Regression:
        """The same estimate over another look at the same data."""
        return replace(self, spec=replace(self.spec, design=design))

    def by_ml(self, design: Design | None = None) -> Regression:
        """The estimate by maximum likelihood, of another design of the same response if one is given."""
        if design is None and self.by == "ml":
            return self
        if design is None:
            return estimate_regression(self.spec, "ml")
        priors = complete_priors(design, None, self.family)
        return estimate_regression(replace(self.spec, design=design, priors=priors), "ml")

    def refits(self, responses: FloatArray) -> Iterator[Optimum]:
        """Estimates for other responses, shape (B, n)."""
        for values in responses:
            response = replace(self.design.response, values=values)
            spec = replace(self.spec, design=replace(self.design, response=response))
            yield estimate_regression(spec, self.by).optimum

    def simulated(self, n: int, seed: int | np.random.SeedSequence) -> FloatArray:
        """Responses drawn from the estimate, of a response with trials successes, shape (n, rows)."""
        rng = np.random.default_rng(seed)
        location = np.broadcast_to(self.locations, (n, self.design.n_rows))
        return self.family.draws(location, self.row_parameters, self.design.response.trials, rng)

    @cached_property
    def curvature(self) -> Curvature:
        """Variances without any covariance factors to move them."""
        p = len(self.optimum.coefficients)
        return Curvature(
            hessian=np.empty((0, 0)),
            scales=np.empty(0),
            variances=Variances(
                coefficients=self.covariance, blocks=(), residual=np.asarray(self.optimum.sigma**2)
            ),
            slopes=Variances(coefficients=np.empty((0, p, p)), blocks=(), residual=np.empty(0)),
        )

    @property
    def predictor(self) -> FloatArray:
        """Linear predictor of every row, shape (n,)."""
        return np.asarray(self.design.fixed.matrix @ self.optimum.coefficients + self.design.offset)

    @property
    def locations(self) -> FloatArray:
        """Location of every row, shape (n,)."""
        return self.family.location_of(self.predictor)

    @property
    def row_parameters(self) -> dict[str, FloatArray]:
        """Parameters of the family as every row has them: its weight is in sigma."""
        return row_parameters(self.design, self.family, self.parameters)

    @property
    def row_sd(self) -> FloatArray:
        """Standard deviation of the response of every row around its mean, shape (n,)."""
        trials = self.design.response.trials
        return np.asarray(np.sqrt(self.family.variance(self.locations, self.row_parameters, trials)))

    @cached_property
    def leverage(self) -> FloatArray:
        """Diagonal of the hat matrix, in other families of the last weighted least squares, shape (n,)."""
        design, matrix = self.design, self.design.fixed.matrix
        if not self.family.is_gaussian:
            root = np.sqrt(working_weights(self))[:, None] * matrix
        else:
            root = design.residual.weighted(matrix)
            if design.sums is not None:  # some rows of many
                return np.asarray(np.sum((root @ self.covariance) * root, axis=1) / self.optimum.sigma**2)
        return np.asarray(np.sum(np.linalg.qr(root)[0] ** 2, axis=1))

    @property
    def unit_deviances(self) -> FloatArray:
        """Twice what every row's log likelihood lacks of its highest, times the dispersion, shape (n,)."""
        return unit_deviances(self.design, self.family, self.locations, self.row_parameters)

    @property
    def deviance(self) -> float:
        """Residual deviance; of a gaussian model the weighted residual sum of squares."""
        if self.family.is_gaussian:
            return self.optimum.sigma**2 * (self.degrees if self.by == "ols" else self.design.n_rows)
        return float(self.unit_deviances.sum())

    @cached_property
    def null_deviance(self) -> float:
        """Deviance of the model with an intercept alone, or with nothing where there is no intercept."""
        if self.family.is_gaussian:
            return _squares_around_intercept(self.design)
        design, n = self.design, int(self.design.fixed.has_intercept)
        nothing = replace(design, fixed=_first_columns(design.fixed, n))
        priors = replace(self.spec.priors, coefficients=self.spec.priors.coefficients[:n])
        spec = replace(self.spec, design=nothing, priors=priors)
        predictor = maximum_likelihood(spec, held=self.parameters).predictor if n else design.offset
        location = self.family.location_of(predictor)
        return float(unit_deviances(design, self.family, location, self.row_parameters).sum())

    @property
    def df_null(self) -> int:
        """Degrees of freedom of the null deviance."""
        return self.design.n_rows - int(self.design.fixed.has_intercept)


def estimate_regression(spec: ModelSpec, by: RegressionMethod) -> Regression:
    """Estimate a regression without random effects."""
    check_estimable(spec.design, "ml")
    with single_threaded_blas():
        return least_squares(spec, by) if spec.family.is_gaussian else maximum_likelihood(spec)


def least_squares(spec: ModelSpec, by: RegressionMethod) -> Regression:
    """Least squares of centred and scaled columns, by an orthonormal basis where the rows are at hand."""
    design = spec.design
    units, n, p = units_of(design), design.n_rows, len(design.fixed.terms)
    if design.sums is None:
        rows = unit_free(design, units)
        basis, triangle = np.linalg.qr(rows.fixed)
        along = basis.T @ rows.response
        squares = float(np.sum((rows.response - basis @ along) ** 2))
    else:
        products = cross_products_of(design, units)
        triangle = np.linalg.cholesky(products.fixed_gram).T
        along = np.linalg.solve(triangle.T, products.fixed_response)
        squares = products.response_squared - float(along @ along)
    coefficients = units.coefficients(np.linalg.solve(triangle, along))
    check_residual(np.sqrt(squares / n))
    to_units = coefficients_map(units) @ np.linalg.inv(triangle)
    criterion = n * (1.0 + np.log(2.0 * np.pi * squares / n) + 2.0 * np.log(units.scale))
    sigma = units.scale * float(np.sqrt(squares / (n - p if by == "ols" else n)))
    return Regression(
        spec=spec,
        by=by,
        optimum=_optimum(criterion + design.residual.log_determinant, coefficients, sigma),
        covariance=(sigma / units.scale) ** 2 * (to_units @ to_units.T),
        degrees=n - p if by == "ols" else np.inf,
        parameters={names.SIGMA: sigma},
    )


def _squares_around_intercept(design: Design) -> float:
    """Weighted sum of squares around the mean, around zero without an intercept, less the offset."""
    units = units_of(design)
    products = cross_products_of(design, units)
    squares = products.response_squared
    if design.fixed.has_intercept:
        squares -= products.fixed_response[0] ** 2 / products.fixed_gram[0, 0]
    return float(units.scale**2 * squares)


def maximum_likelihood(spec: ModelSpec, held: dict[str, float] | None = None) -> Regression:
    """Maximize the likelihood of any family, its parameters `held` at values if these are given.

    Newton's steps from the scores of the joint engine, until they are a rounding error of the estimates. The
    coefficients' covariance is the inverse of Fisher's information where the mean's variance gives it, as in
    R's ``glm``, and of the observed information of all parameters together elsewhere.
    """
    family, design = spec.family, spec.design
    if not family.is_native:
        raise FamilyError(
            f"Maximum likelihood is for the families that are written here, and {family} is not: "
            "use method='bayes'."
        )
    problem = make_joint_problem(spec, make_joint_plan(design))
    climb = _Climb(problem=problem, packed=pack_joint(problem), spec=spec, held=held)
    point = climb.top()
    coefficients, parameters = climb.coefficients(point), climb.parameters(point)
    found = Regression(
        spec=spec,
        by="ml",
        optimum=_optimum(
            -2.0 * climb.log_likelihood(point), coefficients, parameters.get(names.SIGMA, np.nan)
        ),
        covariance=np.empty((0, 0)),
        degrees=np.inf,
        parameters=parameters,
    )
    p, to_units = len(coefficients), coefficients_map(problem.units)
    if family.is_exponential:
        rows = problem.rows.fixed
        relative = np.linalg.inv(rows.T @ (working_weights(found)[:, None] * rows))
    else:
        relative = np.linalg.inv(climb.information(point))[:p, :p]
    covariance = to_units @ relative @ to_units.T
    return replace(found, covariance=0.5 * (covariance + covariance.T))


def working_weights(found: Regression) -> FloatArray:
    """Fisher's information of every row on its linear predictor, shape (n,)."""
    family = found.family
    slope = family.link_function.derivative(found.predictor)
    return np.asarray((slope / found.row_sd) ** 2)


def unit_deviances(
    design: Design, family: Family, location: FloatArray, parameters: dict[str, FloatArray]
) -> FloatArray:
    """Twice what every row's log likelihood lacks of its highest, times the dispersion, shape (n,)."""
    if not family.is_exponential:
        raise FamilyError(
            f"A deviance compares a fit with one that has every mean at its response; {family} does not have "
            "one. Compare models by log_likelihood() or aic()."
        )
    response = design.response
    highest = family.log_density(response.values, response.observed, parameters, response.trials)
    reached = family.log_density(response.values, location, parameters, response.trials)
    return np.asarray(2.0 * family.dispersion(parameters) * np.maximum(highest - reached, 0.0))


def row_parameters(design: Design, family: Family, parameters: dict[str, float]) -> dict[str, FloatArray]:
    """Parameters of a family as every row has them: its weight is in sigma."""
    found = {name: np.asarray(value) for name, value in parameters.items()}
    if family.has_residual_sd:
        found[names.SIGMA] = parameters[names.SIGMA] * design.residual.scales(design.n_held)
    return found


def _optimum(criterion: float, coefficients: FloatArray, sigma: float) -> Optimum:
    """Optimum of a model without random effects."""
    return Optimum(
        criterion=float(criterion),
        entries=np.empty(0),
        coefficients=coefficients,
        sigma=sigma,
        relative=sigma,
        covariances=(),
        ranef=(),
        singular=False,
        gradient=0.0,
    )


def _first_columns(fixed: FixedDesign, n: int) -> FixedDesign:
    """X with its first columns alone."""
    return replace(
        fixed,
        matrix=fixed.matrix[:, :n],
        terms=fixed.terms[:n],
        keys=fixed.keys[:n],
        centring=np.eye(n),
        scales=fixed.scales[:n],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Climb:
    """The way to the maximum of a likelihood.

    Points are unit-free coefficients, then logs of the family's parameters unless these are held.
    """

    problem: JointProblem
    packed: JointPacked
    spec: ModelSpec
    held: dict[str, float] | None

    def split(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Linear predictor of every row, and the parameters of the family, unit-free."""
        rows, p = self.problem.rows, self.problem.rows.fixed.shape[1]
        known = np.exp(point[p:])
        if self.held is not None:
            known = np.array([self.held[name] for name in self.spec.family.parameter_names])
        return rows.offset + rows.fixed @ point[:p], known

    def coefficients(self, point: FloatArray) -> FloatArray:
        """Coefficients in the units of the data, shape (p,)."""
        return self.problem.units.coefficients(point[: self.problem.rows.fixed.shape[1]])

    def parameters(self, point: FloatArray) -> dict[str, float]:
        """Parameters of the family in the units of the data."""
        if self.held is not None:
            return self.held
        known = dict(zip(self.spec.family.parameter_names, map(float, self.split(point)[1]), strict=True))
        if names.SIGMA in known:
            known[names.SIGMA] *= self.problem.units.scale
        return known

    def log_likelihood(self, point: FloatArray) -> float:
        """Log likelihood of the data in their own units; minus infinity where there is none."""
        design, family = self.spec.design, self.spec.family
        predictor = design.fixed.matrix @ self.coefficients(point) + design.offset
        known = row_parameters(design, family, self.parameters(point))
        trials = design.response.trials
        total = family.log_density(design.response.values, family.location_of(predictor), known, trials).sum()
        return float(total) if np.isfinite(total) else -np.inf

    def slope(self, point: FloatArray) -> FloatArray:
        """Gradient of the log likelihood, shape of the point."""
        eta, known = self.split(point)
        scores, along = row_slopes(self.packed, known, eta)
        free = known * along if self.held is None else np.empty(0)
        return np.concatenate([self.problem.rows.fixed.T @ scores, free])

    def information(self, point: FloatArray) -> FloatArray:
        """Minus the second derivatives, by differences of the scores."""
        (eta, known), rows = self.split(point), self.problem.rows.fixed
        ends = [row_slopes(self.packed, known, eta + step)[0] for step in (-STEP, STEP)]
        p = rows.shape[1]
        found = np.zeros((len(point), len(point)))
        found[:p, :p] = rows.T @ (((ends[0] - ends[1]) / (2.0 * STEP))[:, None] * rows)
        for a in range(p, len(point)):
            move = np.zeros(len(point))
            move[a] = STEP
            found[a] = found[:, a] = (self.slope(point - move) - self.slope(point + move)) / (2.0 * STEP)
        return found

    def start(self) -> FloatArray:
        """Least squares of what every response alone would have as its predictor, or all at their mean."""
        family, rows = self.spec.family, self.problem.rows
        location = np.asarray(family.first_location(rows.y, rows.trials), dtype=np.float64)
        n_free = 0 if self.held is not None else len(family.parameters)
        for each in (location, np.full(len(location), location.mean())):
            target = family.link_function.link(each) - rows.offset
            point = np.concatenate([np.linalg.lstsq(rows.fixed, target)[0], np.zeros(n_free)])
            if np.isfinite(self.log_likelihood(point)):
                return point
        raise DataError(
            f"With the family {family} the linear predictor leaves the range of the link before anything is "
            "estimated. Use another link (link='log' keeps a mean positive), or give the model an intercept."
        )

    def top(self) -> FloatArray:
        """Point at the maximum."""
        point = self.start()
        if not len(point):
            return point
        value = self.log_likelihood(point)
        for _ in range(MOST_STEPS):
            slope, (sizes, directions) = self.slope(point), np.linalg.eigh(self.information(point))
            sizes = np.maximum(np.abs(sizes), FLAT * np.max(np.abs(sizes)))
            step = directions @ ((directions.T @ slope) / sizes)
            if slope @ step < SETTLED:
                break
            point, value = self._moved(point, step, value)
        self._check(point, slope @ step)
        return point

    def _moved(self, point: FloatArray, step: FloatArray, value: float) -> tuple[FloatArray, float]:
        """Point a step away, or as much of it as does not lower the likelihood."""
        for halvings in range(MOST_HALVINGS):
            moved = point + step * 0.5**halvings
            reached = self.log_likelihood(moved)
            if reached >= value - 1e-12 * abs(value):
                return moved, reached
        return point, value

    def _check(self, point: FloatArray, left: float) -> None:
        """Refuse a likelihood that does not have a maximum."""
        sizes, directions = np.linalg.eigh(self.information(point))
        if sizes[0] > FLAT and left < 1e-9:
            return
        family, terms = self.spec.family, self.spec.design.fixed.terms
        moving = (*terms, *family.parameter_names)[int(np.argmax(np.abs(directions[:, 0])))]
        why = (
            "as where a predictor separates the responses. Leave it out"
            if moving in terms
            else "as where a family without that parameter is enough. Take such a family"
        )
        raise DataError(
            f"The likelihood of this {family} regression does not have a maximum: it keeps rising as "
            f"{moving!r} moves away, {why}, or use method='bayes', where the priors decide."
        )


AnyEstimate = Estimate | Regression
"""What tests and intervals of coefficients are made of."""
