"""Small models with draws made by hand: constant draws at lme4's estimates, and random draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesmixed.covariances.residual import Residual
from bayesmixed.design.meeting import one_level
from bayesmixed.design.records import Design, FixedDesign, FloatArray, GroupBlock, Response
from bayesmixed.engines.records import RawDraws
from bayesmixed.formula import parse_formula
from bayesmixed.model.spec import ModelSpec
from bayesmixed.posterior.tree import draws_tree
from bayesmixed.priors.prior import Prior, PriorSet
from bayesmixed.verbs.sources import Posterior
from effect_sets import sizes_of, unstructured
from keys import key_of, keys_of

Bar = tuple[str, tuple[str, ...], tuple[int, ...]]
CHAINS, DRAWS = 2, 50


def _column(frame: pd.DataFrame, name: str) -> FloatArray:
    return np.ones(len(frame)) if name == "Intercept" else frame[name].to_numpy(dtype=float)


def _matrix(frame: pd.DataFrame, effects: tuple[str, ...]) -> FloatArray:
    return np.column_stack([_column(frame, name) for name in effects])


def _block(frame: pd.DataFrame, bar: Bar) -> GroupBlock:
    group, effects, correlated = bar
    codes, levels = pd.factorize(frame[group], sort=True)
    return GroupBlock(
        group=group,
        effects=effects,
        columns=_matrix(frame, effects),
        meeting=one_level(codes),
        levels=tuple(str(level) for level in levels),
        covariances=unstructured(*correlated),
        centring=np.eye(len(effects)),
        scales=np.ones(len(effects)),
        recipes=(),
        keys=keys_of(effects),
        group_key=key_of(group),
    )


def make_spec(
    frame: pd.DataFrame,
    response: str,
    terms: tuple[str, ...],
    bars: list[Bar],
    *,
    weights: FloatArray | None = None,
    offset: FloatArray | None = None,
) -> ModelSpec:
    """A model whose columns are plain columns of a frame."""
    blocks = tuple(_block(frame, bar) for bar in bars)
    text = f"{response} ~ {' + '.join(terms)} + {' + '.join(bar[0] for bar in bars)}"
    right = "1" if offset is None else "offset(offset)"
    design = Design(
        formula=replace(parse_formula(f"{response} ~ {right}"), texts=(text,)),
        response=Response(name=response, values=frame[response].to_numpy(dtype=float)),
        fixed=FixedDesign(
            matrix=_matrix(frame, terms),
            terms=terms,
            has_intercept="Intercept" in terms,
            centring=np.eye(len(terms)),
            scales=np.ones(len(terms)),
            recipe=None,
            keys=keys_of(terms),
        ),
        blocks=blocks,
        offset=np.zeros(len(frame)) if offset is None else offset,
        residual=Residual(weights=weights),
        frame=frame,
        n_dropped=0,
    )
    normal = Prior("Normal", {"mu": 0, "sigma": 1})
    priors = PriorSet(
        coefficients=(normal,) * len(terms),
        sd=tuple((normal,) * block.n_effects for block in blocks),
        correlation=({},) * len(blocks),
        parameters={"sigma": normal},
    )
    return ModelSpec(design=design, priors=priors)


def constant_draws(
    spec: ModelSpec,
    beta: FloatArray,
    sigma: float,
    sd: list[FloatArray],
    corr: list[FloatArray | None],
    ranef: list[FloatArray],
) -> xr.DataTree:
    """Draws that all equal one value."""

    def repeat(value: Any) -> FloatArray:
        value = np.asarray(value, dtype=float)
        return np.broadcast_to(value, (CHAINS, DRAWS, *value.shape)).copy()

    raw = RawDraws(
        beta=repeat(beta),
        parameters={"sigma": repeat(sigma)},
        sd=tuple(repeat(value) for value in sd),
        corr=tuple(None if value is None else repeat(value) for value in corr),
        ranef=tuple(repeat(value) for value in ranef),
        sample_stats={},
    )
    return draws_tree(spec.design, raw, {})


def random_draws(spec: ModelSpec, seed: int = 0) -> xr.DataTree:
    """Draws of independent noise with valid correlation matrices."""
    rng = np.random.default_rng(seed)
    shape = (CHAINS, DRAWS)
    corr: list[FloatArray | None] = []
    for block in spec.design.blocks:
        k = block.n_effects
        matrix = np.broadcast_to(np.eye(k), (*shape, k, k)).copy()
        start = 0
        for size in sizes_of(block):
            if size == 2:
                rho = rng.uniform(-0.9, 0.9, size=shape)
                matrix[..., start, start + 1] = matrix[..., start + 1, start] = rho
            start += size
        corr.append(matrix if block.has_correlation else None)
    raw = RawDraws(
        beta=rng.normal(size=(*shape, len(spec.design.fixed.terms))),
        parameters={"sigma": rng.uniform(0.5, 2, size=shape)},
        sd=tuple(rng.uniform(0.5, 2, size=(*shape, b.n_effects)) for b in spec.design.blocks),
        corr=tuple(corr),
        ranef=tuple(rng.normal(size=(*shape, b.n_levels, b.n_effects)) for b in spec.design.blocks),
        sample_stats={},
    )
    return draws_tree(spec.design, raw, {})


def _r_name(name: str) -> str:
    return "(Intercept)" if name == "Intercept" else name


def _reference_draws(spec: ModelSpec, model: dict[str, Any]) -> xr.DataTree:
    """Constant draws at lme4's REML estimates and BLUPs (lme4 1.1-31)."""
    reml = model["reml"]
    terms = {row["term"]: row["estimate"] for row in reml["fixef"]}
    beta = np.array([terms[_r_name(term)] for term in spec.design.fixed.terms])
    table = pd.DataFrame(reml["varcorr"])
    sd, corr, ranef = [], [], []
    for block in spec.design.blocks:
        rows = table[table["grp"] == block.group]
        sds = rows[rows["var2"].isna()].set_index("var1")["sdcor"]
        sd.append(sds.loc[[_r_name(e) for e in block.effects]].to_numpy())
        pairs = rows[rows["var2"].notna()]
        matrix = np.eye(block.n_effects)
        if len(pairs):
            matrix[0, 1] = matrix[1, 0] = pairs["sdcor"].iloc[0]
        corr.append(matrix if block.has_correlation else None)
        blups = pd.DataFrame(model["ranef"]).query("grpvar == @block.group")
        wide = blups.pivot_table(index="grp", columns="term", values="condval")
        ranef.append(wide.loc[list(block.levels), [_r_name(e) for e in block.effects]].to_numpy())
    return constant_draws(spec, beta, reml["sigma"], sd, corr, ranef)


@pytest.fixture(scope="session")
def lme4(shared: Path) -> dict[str, Any]:
    """Models fitted by lme4 1.1-31."""
    return dict(json.loads((shared / "reference" / "lme4.json").read_text()))


@pytest.fixture(scope="session")
def at_lme4(shared: Path, lme4: dict[str, Any]) -> Callable[[str], Posterior]:
    """Models with every draw at lme4's estimates."""
    dragons = pd.read_csv(shared / "data" / "dragons.csv")
    length = dragons["bodyLength"]
    dragons["bodyLength2"] = (length - length.mean()) / length.std()
    one = ("Intercept",)
    cases: dict[str, tuple[pd.DataFrame, str, tuple[str, ...], list[Bar]]] = {
        "sleepstudy_correlated": (
            pd.read_csv(shared / "data" / "sleepstudy.csv", dtype={"Subject": str}),
            "Reaction",
            ("Intercept", "Days"),
            [("Subject", ("Intercept", "Days"), (2,))],
        ),
        "gpa_intercept": (
            pd.read_csv(shared / "data" / "gpa.csv", dtype={"student": str}),
            "gpa",
            ("Intercept", "occasion"),
            [("student", one, (1,))],
        ),
        "nba": (
            pd.read_csv(shared / "data" / "nba-player-data.csv").sort_values("team", kind="stable"),
            "life_satisfaction",
            ("Intercept", "success"),
            [("team", one, (1,))],
        ),
        "dragons_range": (
            dragons,
            "testScore",
            ("Intercept", "bodyLength2"),
            [("mountainRange", one, (1,))],
        ),
    }

    def fitted(name: str) -> Posterior:
        spec = make_spec(*cases[name])
        return Posterior(_reference_draws(spec, lme4[name]), spec)

    return fitted


@pytest.fixture(scope="session")
def toy() -> Posterior:
    """Two crossed factors, the first with a correlated slope, weights and an offset; random draws."""
    rng = np.random.default_rng(1)
    n = 60
    frame = pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "a": [f"a{i % 6}" for i in range(n)],
            "b": [f"b{i % 5}" for i in range(n)],
        },
        index=pd.Index(range(100, 100 + n), name="id"),
    )
    spec = make_spec(
        frame,
        "y",
        ("Intercept", "x"),
        [("a", ("Intercept", "x"), (2,)), ("b", ("Intercept", "z"), (1, 1))],
        weights=rng.uniform(0.5, 2, size=n),
        offset=rng.normal(size=n),
    )
    return Posterior(random_draws(spec), spec)
