"""A fit without an engine: a design made by hand, draws from a generator, the real verbs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed import verbs
from bayesmixed.covariances.residual import Residual
from bayesmixed.design.meeting import one_level
from bayesmixed.design.records import Design, FixedDesign, GroupBlock, Response
from bayesmixed.engines.records import RawDraws, RunInfo
from bayesmixed.fits.reml_fit import RemlFit, reml_fit
from bayesmixed.formula import parse_formula
from bayesmixed.model.prior_set import PriorTable, prior_table
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.diagnostics import Diagnosis, diagnose
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed.verbs.sources import Posterior
from effect_sets import unstructured
from keys import key_of, keys_of

HOSTILE = ("<script>alert(1)</script>", "a & b", "$x_1$ of $y$", '"quoted"', "日本", "plain")


@dataclass(frozen=True)
class FakeFit:
    spec: ModelSpec
    draws: xr.DataTree
    run: RunInfo

    @property
    def priors(self) -> PriorTable:
        return prior_table(self.spec.design, self.spec.priors)

    def fixef(self, *, prob: float = 0.95) -> pd.DataFrame:
        return verbs.fixef(Posterior(self.draws, self.spec), prob=prob)

    def ranef(self, *, prob: float = 0.95) -> pd.DataFrame:
        return verbs.ranef(Posterior(self.draws, self.spec), prob=prob)

    def varcorr(self, *, correlations: bool = False, prob: float = 0.95) -> pd.DataFrame:
        return verbs.varcorr(Posterior(self.draws, self.spec), correlations=correlations, prob=prob)

    def icc(self, *, prob: float = 0.95) -> pd.DataFrame:
        return verbs.icc(Posterior(self.draws, self.spec), prob=prob)

    def r2(self, *, prob: float = 0.95) -> pd.DataFrame:
        return verbs.r2(Posterior(self.draws, self.spec), prob=prob)

    def tidy(self, *, prob: float = 0.95) -> pd.DataFrame:
        return verbs.tidy(Posterior(self.draws, self.spec), prob=prob)

    def glance(self) -> pd.DataFrame:
        return verbs.glance(self.draws, self.spec, self.run, self.diagnostics())

    def reml(self) -> RemlFit:
        return reml_fit(self.spec, "reml")

    @property
    def diagnosis(self) -> Diagnosis:
        return diagnose(self.draws)

    def diagnostics(self) -> pd.DataFrame:
        table = {"r_hat": [1.001, 1.002], "ess_bulk": [3900.0, 3800.0], "ess_tail": [3500.0, 3600.0]}
        return pd.DataFrame(table, index=pd.Index(["beta[Days]", "sigma"], name="quantity"))


def make_fit(levels: tuple[str, ...], rows_per_level: int = 10, correlated: bool = True) -> FakeFit:
    """Fit with an intercept and a slope that vary over the given levels."""
    rng = np.random.default_rng(20261121)
    n_levels, n = len(levels), len(levels) * rows_per_level
    x = np.tile(np.arange(rows_per_level, dtype=float), n_levels)
    design = _design(levels, rows_per_level, x, rng.normal(250, 30, n), correlated)
    shape = (2, 60)
    raw = RawDraws(
        beta=rng.normal([250, 10], [5, 1], (*shape, 2)),
        parameters={"sigma": np.abs(rng.normal(25, 1, shape))},
        sd=(np.abs(rng.normal([24, 6], 1, (*shape, 2))),),
        corr=(np.broadcast_to([[1, 0.1], [0.1, 1]], (*shape, 2, 2)) if correlated else None,),
        ranef=(rng.normal(0, [24, 6], (*shape, n_levels, 2)),),
        sample_stats={"diverging": np.zeros(shape, dtype=bool)},
    )
    lkj = {"us": Prior("LKJ", {"eta": 2})} if correlated else {}
    half = Prior("HalfStudentT", {"nu": 3, "sigma": 30})
    normal = Prior("Normal", {"mu": 0, "sigma": 75})
    priors = PriorSet(
        coefficients=(normal, normal), sd=((half, half),), correlation=(lkj,), parameters={"sigma": half}
    )
    run = RunInfo(
        engine="collapsed",
        plan=("g is integrated, being the only factor.",),
        draws=60,
        tune=50,
        chains=2,
        thin=1,
        seed=7,
        seconds=1.25,
        versions={"pymc": "6.4"},
    )
    return FakeFit(spec=ModelSpec(design=design, priors=priors), draws=draws_tree(design, raw, {}), run=run)


def _design(levels: tuple[str, ...], rows: int, x: np.ndarray, y: np.ndarray, correlated: bool) -> Design:
    codes = np.repeat(np.arange(len(levels)), rows)
    columns = np.column_stack([np.ones(len(x)), x])
    spread = np.array([1.0, x.std(ddof=1)])
    bar = "(Days | g)" if correlated else "(Days || g)"
    return Design(
        formula=parse_formula(f"y ~ Days + {bar}"),
        response=Response(name="y", values=y),
        fixed=FixedDesign(
            matrix=columns,
            terms=("Intercept", "Days"),
            has_intercept=True,
            centring=np.array([[1.0, -x.mean()], [0.0, 1.0]]),
            scales=spread,
            recipe=None,
            keys=keys_of(["Intercept", "Days"]),
        ),
        blocks=(
            GroupBlock(
                group="g",
                effects=("Intercept", "Days"),
                columns=columns,
                meeting=one_level(codes),
                levels=levels,
                covariances=unstructured(2) if correlated else unstructured(1, 1),
                centring=np.eye(2),
                scales=spread,
                recipes=(None,),
                keys=keys_of(["Intercept", "Days"]),
                group_key=key_of("g"),
            ),
        ),
        offset=np.zeros(len(x)),
        residual=Residual(),
        frame=pd.DataFrame({"y": y, "Days": x, "g": np.array(levels)[codes]}),
        n_dropped=3,
    )


@pytest.fixture(scope="session")
def hostile_fit() -> FakeFit:
    """Fit whose levels are named to break a page."""
    return make_fit(HOSTILE)


@pytest.fixture(scope="session")
def large_fit() -> FakeFit:
    """Fit with more levels and rows than a page shows one by one, and no correlation."""
    return make_fit(tuple(f"level {j}" for j in range(700)), rows_per_level=4, correlated=False)
