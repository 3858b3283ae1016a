"""Residuals that are correlated, known or of several spreads, beside every kind of bar; and dense twins."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.covariances.residual import Residual
from bayesmixed.design.build import build_design
from bayesmixed.design.records import Design, FloatArray, LinearPredictor
from bayesmixed.engines.collapsed.problem import make_problem, pack_problem
from bayesmixed.engines.kernel.plan import make_plan
from bayesmixed.formula.parse import parse_formula
from bayesmixed.model.prior_set import complete_priors
from bayesmixed.model.spec import ModelSpec
from bayesmixed.priors.choice import prior
from bayesmixed.priors.density import log_density
from bayesmixed.priors.prior import Prior, PriorSet

from .conftest import Case, Parameters, block_diagonal, indicator, log_scale_density
from .structures import make_frame, make_relations
from .twins import TWINS, lkj, restricted

BARS = {
    "no bar": "y ~ x",
    "one factor": "y ~ x + (1 | g)",
    "slopes": "y ~ x + v + (x | g)",
    "nested": "y ~ x + (x | fine) + (1 | mid) + (1 | coarse)",
    "crossed": "y ~ x + (x | g) + (1 | h) + offset(known)",
    "cs": "y ~ f + cs(0 + f | g)",
    "no intercept": "y ~ 0 + x + (0 + x | g)",
    "related": "y ~ x + (x | gr(g, cov=A)) + (1 | fine)",
    "several levels": "y ~ x + (1 | mm(g, h))",
    "smooth": "y ~ s(x, k=6) + (1 | g)",
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a formula says of the residuals beside the mean."""

    left: str = ""
    right: str = ""
    sigma: str = ""

    def formulas(self, bars: str) -> list[str]:
        """Formulas of a model with some bars."""
        response, mean = bars.split(" ~ ")
        left = f"{response} | {self.left}" if self.left else response
        whole = [f"{left} ~ {mean}" + (f" + {self.right}" if self.right else "")]
        return whole + ([f"sigma ~ {self.sigma}"] if self.sigma else [])


CHANGES = {
    "known errors": Change(left="se(error)"),
    "known errors and sigma": Change(left="se(round_error, sigma=TRUE)"),
    "weights, known errors and sigma": Change(left="se(error, sigma=TRUE) + weights(w)"),
    "strata": Change(sigma="0 + f"),
    "strata and offset": Change(sigma="f + offset(v)"),
    "every row": Change(sigma="x"),
    "bars in sigma": Change(sigma="1 + (1 | g)"),
    "slopes in sigma": Change(sigma="v + (v | g) + (1 | h)"),
    "strata, weights": Change(left="weights(w)", sigma="f"),
    "ar in order": Change(right="ar(gr=g)"),
    "ar whole steps": Change(right="ar(year, gr=g)"),
    "ar irregular": Change(right="ar(moment, gr=g)"),
    "ar across the factor": Change(right="ar(gr=h)"),
    "ar, strata": Change(right="ar(gr=g)", sigma="f"),
    "ar, every row, weights": Change(left="weights(w)", right="ar(year, gr=g)", sigma="x"),
    "cosy": Change(right="cosy(gr=g)"),
    "cosy of the finest": Change(right="cosy(gr=fine)"),
    "cosy, strata": Change(right="cosy(gr=g)", sigma="0 + f"),
    "cosy, bars in sigma": Change(right="cosy(gr=fine)", sigma="1 + (1 | g)"),
    "unstr": Change(right="unstr(visit, gr=fine)"),
    "unstr, strata": Change(right="unstr(visit, gr=fine)", sigma="0 + factor(visit)"),
    "unstr with gaps": Change(right="unstr(wave, gr=t)"),
}


def residual_design(bars: str, change: str) -> Design:
    """Design of some bars with some residuals."""
    formulas = parse_formula(CHANGES[change].formulas(BARS[bars]))
    return build_design(formulas, residual_frame(), data2={"A": make_relations()})


def residual_frame() -> pd.DataFrame:
    """The rows of the other structures, with times."""
    frame, rng = make_frame(), np.random.default_rng(5)
    order = frame.groupby("g").cumcount()
    frame["year"] = order + (order > 3) + 2 * (order > 6)
    frame["moment"] = order + rng.uniform(0, 0.7, len(frame))
    frame["visit"] = frame.groupby("fine").cumcount()
    frame["t"] = [f"t{i // 3}" for i in range(len(frame))]
    frame["wave"] = [i % 3 + (i // 3) % 3 for i in range(len(frame))]
    frame["error"] = np.linspace(5.0, 40.0, len(frame))
    frame["round_error"] = frame["error"].round()
    return frame


@dataclass(frozen=True, kw_only=True)
class ResidualParameters(Parameters):
    """A point with what concerns the residuals, in the units of the data, effects in sigma as deviates."""

    serial: FloatArray
    scale: FloatArray
    scale_log_sd: tuple[FloatArray, ...]
    scale_logits: tuple[FloatArray, ...]
    deviates: tuple[FloatArray, ...]


@dataclass(frozen=True, kw_only=True)
class ResidualCase(Case):
    """A structure with residuals of its own."""

    @property
    def predictor(self) -> LinearPredictor | None:
        return next(iter(self.design.others), None)

    @property
    def scale_blocks(self) -> tuple:
        return () if self.predictor is None else self.predictor.blocks

    @property
    def has_sigma(self) -> bool:
        return self.design.residual.has_sigma and self.predictor is None

    def parameters(self, seed: int) -> ResidualParameters:
        rng, basic = np.random.default_rng(seed + 1000), super().parameters(seed)
        p = 0 if self.predictor is None else len(self.predictor.fixed.terms)
        scale = rng.normal(0, 0.3, p) / (1 if p == 0 else self.predictor.fixed.scales)
        if p:
            level = np.linalg.lstsq(
                self.predictor.fixed.matrix @ self.predictor.fixed.centring,
                np.full(self.design.n_rows, np.log(self.scale) - 0.5),
            )[0]
            scale = scale + level
        blocks = self.scale_blocks
        return ResidualParameters(
            **{each.name: getattr(basic, each.name) for each in dataclasses.fields(basic)},
            serial=rng.normal(size=self.design.residual.correlation.n_coordinates),
            scale=scale,
            scale_log_sd=tuple(
                rng.normal(-1, 0.3, b.covariances.n_deviations) - np.log(b.scales) for b in blocks
            ),
            scale_logits=tuple(rng.normal(0, 1, b.covariances.n_coordinates) for b in blocks),
            deviates=tuple(rng.normal(size=(b.n_levels, b.n_effects)) for b in blocks),
        )

    def point(self, at_parameters: Parameters) -> FloatArray:
        p = at_parameters
        assert isinstance(p, ResidualParameters)
        parts = [p.log_sd[i] for i in self.plan.blocks], [p.logits[i] for i in self.plan.blocks]
        theta = []
        for i, log_sd, logits in zip(self.plan.blocks, *parts, strict=True):
            block = self.design.blocks[i]
            theta += [log_sd - np.log((self.scale / block.scales)[block.covariances.leaders]), logits]
        for block, log_sd, logits in zip(self.scale_blocks, p.scale_log_sd, p.scale_logits, strict=True):
            theta += [log_sd + np.log(block.scales), logits]
        theta.append(p.serial)
        if self.predictor is not None:
            theta.append(p.scale * self.predictor.fixed.scales)
        if self.has_sigma:
            theta.append(np.array([p.log_sigma - np.log(self.scale)]))
        return np.concatenate([*theta, *(each.ravel() for each in p.deviates)])

    def scale_factor(self, p: ResidualParameters, i: int) -> FloatArray:
        own = self.scale_blocks[i].covariances
        logits = p.scale_logits[i]
        sets = [TWINS[s.covariance.name].factor(s.covariance.size, logits[s.coordinates]) for s in own.parts]
        return np.exp(p.scale_log_sd[i][own.of_effect])[:, None] * block_diagonal(sets)

    def residual_covariance(self, at_parameters: Parameters) -> FloatArray:
        p, residual = at_parameters, self.design.residual
        assert isinstance(p, ResidualParameters)
        n = self.design.n_rows
        log_sd = np.full(n, p.log_sigma)
        if self.predictor is not None:
            fixed = self.predictor.fixed
            log_sd = self.predictor.offset + fixed.matrix @ fixed.centring @ p.scale
            for i, block in enumerate(self.scale_blocks):
                log_sd = log_sd + indicator(block) @ (p.deviates[i] @ self.scale_factor(p, i).T).ravel()
        variance = np.exp(2 * log_sd) / (1.0 if residual.weights is None else residual.weights)
        if residual.errors is not None:
            variance = residual.errors**2 + (variance if residual.has_sigma else 0.0)
        sd = np.sqrt(variance)
        serial = residual.correlation
        correlation = serial.correlation(serial.values(p.serial)) if p.serial.size else np.eye(n)
        return np.outer(sd, sd) * correlation

    def log_prior(self, at_parameters: Parameters) -> float:
        p, priors = at_parameters, self.spec.priors
        assert isinstance(p, ResidualParameters)
        total, serial = 0.0, self.design.residual.correlation
        if self.has_sigma:
            total += log_scale_density(priors.parameters["sigma"], p.log_sigma)
        for i, block in enumerate(self.design.blocks):
            total += block_log_prior(block, priors, i, p.log_sd[i], p.logits[i])
        if serial.name == "unstr":
            total += lkj(priors.parameters["unstr"], len(serial.occasions), p.serial)
        elif serial.n_coordinates:
            low = serial.bounds[0]
            total += restricted(
                priors.parameters[serial.label], round(1 - 1 / low) if low else LARGE, p.serial
            )
        if self.predictor is not None:
            own = priors.others["sigma"]
            total += sum(float(log_density(q, b)) for q, b in zip(own.coefficients, p.scale, strict=True))
            total -= float(np.sum(np.log(self.predictor.fixed.scales)))
            for i, block in enumerate(self.scale_blocks):
                total += block_log_prior(block, own, i, p.scale_log_sd[i], p.scale_logits[i])
                total += float(np.sum(-0.5 * p.deviates[i] ** 2 - 0.5 * np.log(2 * np.pi)))
        return total


LARGE = 10**15
"""Size of a set whose correlations may be as low as zero."""


def block_log_prior(block: object, priors: PriorSet, i: int, log_sd: FloatArray, logits: FloatArray) -> float:
    total = sum(log_scale_density(q, x) for q, x in zip(priors.sd[i], log_sd, strict=True))
    for part in block.covariances.parts:
        own = part.covariance
        if own.n_coordinates:
            choice = priors.correlation[i][own.name]
            total += TWINS[own.name].log_prior(choice, own.size, logits[part.coordinates])
    return total


def residual_priors(design: Design) -> PriorSet:
    """Priors of the mean as ever, and some for the residuals."""
    plain = complete_priors(dataclasses.replace(design, residual=Residual(), others=()), {})
    parameters: dict[str, Prior] = dict(plain.parameters)
    serial = design.residual.correlation
    if not design.residual.has_sigma or design.others:
        del parameters["sigma"]
    if serial.n_coordinates:
        parameters[serial.label] = serial.default_prior()
    others = {}
    for each in design.others:
        others[each.parameter] = PriorSet(
            coefficients=tuple(
                prior("Normal", mu=3, sigma=1 + 0.2 * j) for j in range(len(each.fixed.terms))
            ),
            sd=tuple(
                tuple(prior("HalfStudentT", nu=3, sigma=0.5) for _ in range(b.covariances.n_deviations))
                for b in each.blocks
            ),
            correlation=tuple(b.covariances.default_priors() for b in each.blocks),
        )
    return dataclasses.replace(plain, parameters=parameters, others=others)


def residual_case(bars: str, change: str) -> ResidualCase:
    design = residual_design(bars, change)
    spec = ModelSpec(design=design, priors=residual_priors(design))
    plan, problem = make_plan(design), make_problem(spec)
    packed = pack_problem(problem, plan)
    return ResidualCase(spec=spec, plan=plan, problem=problem, packed=packed, centred=True)
