"""The table of structures, and the rows on which they are tried."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bayesmixed.engines.kernel.plan import DENSE_LIMIT
from bayesmixed.priors.choice import prior
from bayesmixed.priors.prior import Prior

N_ROWS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A row of the table of structures."""

    formula: str
    weights: str | None = None
    priors: dict[str, Prior] = field(default_factory=dict)
    dense_limit: int = DENSE_LIMIT
    centred: bool = True


SCALES = {
    "HalfStudentT": prior("HalfStudentT", nu=4, sigma=30),
    "HalfCauchy": prior("HalfCauchy", beta=20),
    "HalfNormal": prior("HalfNormal", sigma=25),
    "Exponential": prior("Exponential", lam=0.05),
    "Gamma": prior("Gamma", alpha=2, beta=0.1),
    "InverseGamma": prior("InverseGamma", alpha=3, beta=40),
    "LogNormal": prior("LogNormal", mu=3, sigma=0.7),
    "Weibull": prior("Weibull", alpha=1.5, beta=30),
    "HalfFlat": prior("HalfFlat"),
}
NORMALS = {"Intercept": prior("Normal", mu=200, sigma=60), "x": prior("Normal", mu=7, sigma=4)}
STUDENT = {"x": prior("StudentT", nu=4, mu=3, sigma=10)}
LAPLACE = {"Intercept": prior("Cauchy", alpha=240, beta=30), "x": prior("Laplace", mu=2, b=5)}
UNIFORM = prior("Uniform", lower=-1, upper=1)
FLAT = {"Intercept": prior("Flat"), "x": prior("Flat")}

STRUCTURES = {
    "intercept": Structure(formula="y ~ x + (1 | g)"),
    "two correlated": Structure(formula="y ~ x + (x | g)"),
    "three correlated": Structure(formula="y ~ x + v + (x + v | g)"),
    "independent": Structure(formula="y ~ x + (x || g)"),
    "two bars": Structure(formula="y ~ x + (x | g) + (0 + v | g)"),
    "two correlated sets": Structure(formula="y ~ x + v + (x | g) + (0 + v + w | g)"),
    "slope only": Structure(formula="y ~ x + (0 + x | g)"),
    "factor effects": Structure(formula="y ~ f + (0 + f | g)"),
    "unbalanced": Structure(formula="y ~ x + (x | rare)"),
    "cancelling": Structure(formula="y ~ s + (s | g) + (s | h)"),
    "nested 2": Structure(formula="y ~ x + (1 | coarse/mid)"),
    "nested 3": Structure(formula="y ~ x + (1 | coarse/mid/fine)"),
    "nested 3 slopes": Structure(formula="y ~ x + (x | fine) + (1 | mid) + (x + v | coarse)"),
    "crossed": Structure(formula="y ~ x + (1 | g) + (1 | h)"),
    "crossed slopes": Structure(formula="y ~ x + (x | g) + (x + v | h)"),
    "three factors": Structure(formula="y ~ x + (1 | g) + (x | h) + (1 | t)"),
    "nested crossed": Structure(formula="y ~ x + (x | fine) + (1 | mid) + (x | h)"),
    "larger with fewer levels": Structure(formula="y ~ x + (x + v + w | h) + (1 | fine)"),
    "cs": Structure(formula="y ~ f + cs(0 + f | g)"),
    "homcs": Structure(formula="y ~ x + homcs(0 + f | g)", weights="w"),
    "cs slopes": Structure(formula="y ~ x + cs(x + v | g)"),
    "cs beside others": Structure(formula="y ~ x + (x | g) + cs(0 + f | g) + (v || h)"),
    "cs twice": Structure(formula="y ~ x + cs(0 + f | g) + homcs(0 + f | h)"),
    "nested cs": Structure(formula="y ~ x + homcs(0 + f | fine) + cs(0 + f | coarse)"),
    "cs sampled": Structure(formula="y ~ x + (x | g) + cs(0 + f | h)", dense_limit=0),
    "homcs sampled, not centred": Structure(
        formula="y ~ x + (1 | g) + homcs(0 + f | h)", dense_limit=0, centred=False
    ),
    "homdiag": Structure(formula="y ~ f + homdiag(0 + f | g)", weights="w"),
    "ar1": Structure(formula="y ~ x + ar1(0 + f | g)"),
    "hetar1": Structure(formula="y ~ f + hetar1(0 + f | g)", weights="w"),
    "ar1 beside others": Structure(formula="y ~ x + ar1(0 + t | g) + (x || g) + homdiag(0 + f | h)"),
    "nested ar1": Structure(formula="y ~ x + ar1(0 + f | fine) + hetar1(0 + f | coarse)"),
    "ar1 sampled": Structure(formula="y ~ x + (x | g) + ar1(0 + t | h)", dense_limit=0),
    "related": Structure(formula="y ~ x + (1 | gr(g, cov=A))"),
    "related slopes": Structure(formula="y ~ x + (x | gr(g, cov=A)) + (1 | h)", weights="w"),
    "related beside fine": Structure(formula="y ~ x + (1 | fine) + (0 + f || gr(g, cov=A))"),
    "related and sampled": Structure(
        formula="y ~ x + (1 | gr(g, cov=A)) + (x | fine) + (1 | h)", dense_limit=0
    ),
    "related, student": Structure(formula="y ~ x + v + (1 | gr(g, cov=A))", priors=STUDENT),
    "several": Structure(formula="y ~ x + (1 | mm(h, t))"),
    "several slopes": Structure(formula="y ~ x + (x | mm(h, t, weights=cbind(w, w2))) + (v | g)"),
    "several unscaled": Structure(
        formula="y ~ offset(known) + cs(0 + f | mm(h, t, weights=cbind(w, w2), scale=FALSE))"
    ),
    "several and related": Structure(formula="y ~ 0 + x + (1 | mm(h, t)) + (x | gr(g, cov=A))"),
    "smooth": Structure(formula="y ~ s(x, k=7) + (x | g)", weights="w"),
    "smooth alone": Structure(formula="y ~ f + s(x)"),
    "smooth by a factor": Structure(formula="y ~ f + s(x, by=f, k=5) + (1 | fine) + (1 | h)"),
    "smooth by a number": Structure(formula="y ~ s(v, by=x, k=4) + offset(known) + (1 | g)"),
    "smooth and sampled": Structure(formula="y ~ s(x, k=5) + (x | g) + (1 | h)", dense_limit=0),
    "smooth, student": Structure(formula="y ~ s(x, k=5) + v + (1 | g)", priors={"v": STUDENT["x"]}),
    "smooth, related, several": Structure(formula="y ~ 0 + s(x, k=4) + (1 | mm(h, t)) + (x | gr(g, cov=A))"),
    "uniform rho": Structure(formula="y ~ x + cs(0 + f | g)", priors={"corr_g": UNIFORM}),
    "weights": Structure(formula="y ~ x + (x | g)", weights="w"),
    "offset": Structure(formula="y ~ x + offset(known) + (x | g)"),
    "no intercept": Structure(formula="y ~ 0 + x + v + (x | g)"),
    "no coefficients": Structure(formula="y ~ 0 + (1 | g)"),
    "no coefficients crossed": Structure(formula="y ~ 0 + (1 | g) + (x | h)", weights="w"),
    "sampled": Structure(formula="y ~ x + (x | g) + (1 | h)", dense_limit=0),
    "sampled slopes": Structure(formula="y ~ x + (1 | g) + (x + v | h)", dense_limit=0),
    "sampled, not centred": Structure(formula="y ~ x + (x | g) + (x + v | h)", dense_limit=0, centred=False),
    "two sampled": Structure(formula="y ~ x + (x | g) + (x | h) + (1 | t)", dense_limit=0, weights="w"),
    "dense and sampled": Structure(formula="y ~ x + (x | g) + (x | h) + (1 | t)", dense_limit=4),
    "nested and sampled": Structure(formula="y ~ x + (x | fine) + (1 | mid) + (x | h)", dense_limit=0),
    "sampled, no coefficients": Structure(formula="y ~ 0 + (1 | g) + (x | h)", dense_limit=0),
    "normal priors intercept": Structure(formula="y ~ x + (1 | g)", priors=NORMALS),
    "normal priors": Structure(formula="y ~ x + v + (x | g)", priors=NORMALS, weights="w"),
    "normal priors crossed": Structure(formula="y ~ x + (x | g) + (1 | h)", priors=NORMALS),
    "flat priors": Structure(formula="y ~ x + v + (1 | g)", priors=FLAT),
    "student": Structure(formula="y ~ x + v + (x | g)", priors=STUDENT),
    "laplace": Structure(formula="y ~ x + v + (x | g) + (1 | h)", priors=LAPLACE, weights="w"),
    "student and flat": Structure(formula="y ~ x + (1 | g)", priors=STUDENT | {"Intercept": prior("Flat")}),
    "student, sampled": Structure(formula="y ~ x + (1 | g) + (x | h)", priors=STUDENT, dense_limit=0),
    "student, not centred": Structure(
        formula="y ~ 0 + x + (1 | g) + (x | h)", priors=STUDENT, dense_limit=0, centred=False
    ),
    "no bar": Structure(formula="y ~ x + v"),
    "no bar, weights": Structure(formula="y ~ x + f + offset(known)", weights="w", priors=NORMALS),
    "no bar, no intercept": Structure(formula="y ~ 0 + x + v"),
    "no bar, flat": Structure(formula="y ~ x", priors=FLAT),
    "no bar, student": Structure(formula="y ~ x + v", priors=STUDENT, weights="w"),
    "no bar, no coefficients": Structure(formula="y ~ 0 + offset(known)"),
    "lkj": Structure(formula="y ~ x + v + (x + v | g)", priors={"corr_g": prior("LKJ", eta=0.7)}),
} | {
    f"sd {name}": Structure(formula="y ~ x + (x | g)", priors={"sd_g": choice, "sigma": choice})
    for name, choice in SCALES.items()
}
"""Name to structure."""


def make_frame() -> pd.DataFrame:
    """Rows with crossed, nested and very unequal groups, in units far from one."""
    rng = np.random.default_rng(11)
    rows = np.arange(N_ROWS)
    g = rng.permutation(np.repeat(np.arange(10), 12) * (rows % 5 > 0))
    fine = rng.permutation(rows % 18)
    rare = rng.permutation(np.concatenate([np.arange(9), rng.integers(0, 3, N_ROWS - 9)]))
    x = rng.normal(5, 3, N_ROWS)
    return pd.DataFrame(
        {
            "y": 250 + 6 * x + rng.normal(0, 20, 10)[g] + rng.normal(0, 25, N_ROWS),
            "x": x,
            "v": rng.normal(-0.02, 0.01, N_ROWS),
            "s": np.where(rows % 2, 1.0, -1.0),
            "w": rng.uniform(0.5, 3, N_ROWS),
            "known": rng.normal(10, 8, N_ROWS),
            "f": rng.choice(["p", "q", "r"], N_ROWS),
            "g": [f"g{i}" for i in g],
            "h": [f"h{i}" for i in rng.integers(0, 6, N_ROWS)],
            "t": [f"t{i}" for i in rng.integers(0, 3, N_ROWS)],
            "rare": [f"r{i}" for i in rare],
            "fine": [f"c{i}" for i in fine],
            "mid": [f"b{i // 3}" for i in fine],
            "coarse": [f"a{i // 6}" for i in fine],
            "w2": rng.uniform(0.1, 2, N_ROWS),
        }
    )


def make_relations() -> pd.DataFrame:
    """Covariance between the levels of g, in another order, and one that no row has."""
    labels = [*(f"g{i}" for i in range(9, -1, -1)), "absent"]
    root = np.random.default_rng(12).normal(size=(len(labels), 2 * len(labels)))
    return pd.DataFrame(root @ root.T / 20, index=labels, columns=labels)
