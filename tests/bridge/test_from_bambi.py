"""Bambi models in our terms: formula, family, priors, and the same density."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.bridge.from_bambi import read_bambi
from bayesmixed.bridge.to_bambi import to_bambi
from bayesmixed.errors import BayesmixedError, DesignWarning, FamilyError, FormulaError, PriorError
from bayesmixed.fits.bambi_fit import bambi_spec
from bayesmixed.model.build import build_pymc_model
from bayesmixed.model.prior_set import PriorSet
from bayesmixed.priors.prior import Prior

bambi = pytest.importorskip("bambi")
# Of Bambi's select_dtypes("object").
pytestmark = pytest.mark.filterwarnings("ignore:For backward compatibility:pandas.errors.Pandas4Warning")

HALF = bambi.Prior("HalfNormal", sigma=1.5)


@pytest.fixture(scope="module")
def herds() -> pd.DataFrame:
    """The cows of cbpp, with columns of every kind."""
    frame = bm.load_dataset("cbpp")
    frame["side"] = np.where(np.arange(len(frame)) % 3 == 0, "left", "right")
    frame["code"] = pd.Categorical(np.arange(len(frame)) % 2)
    frame["number"] = np.repeat(range(14), 4)
    frame["rate"] = (frame["incidence"] + 0.5) / (frame["size"] + 1)
    frame["log size"] = np.log(frame["size"])
    return frame


def stated(formula: Any, data: pd.DataFrame, family: str = "poisson", **options: Any) -> Any:
    """Bambi model."""
    return bambi.Model(formula, data, family=family, **options)


def numbers(priors: PriorSet) -> tuple[Any, ...]:
    """All of a set of priors but who chose them."""
    return priors.coefficients, priors.sd, priors.parameters


@pytest.mark.parametrize(
    ("theirs", "ours", "family"),
    [
        ("incidence ~ period + (1|herd)", "incidence ~ period + (1|herd)", "poisson"),
        ("incidence ~ (size|herd)", "incidence ~ (size||herd)", "poisson"),
        ("incidence ~ 0 + size + (0 + period|herd)", "incidence ~ 0 + size + (0 + period||herd)", "t"),
        ("p(incidence, size) ~ 1 + (1 | herd)", "p(incidence, size) ~ 1 + (1 | herd)", "binomial"),
        ("side ~ size + (1|herd)", "side == 'left' ~ size + (1|herd)", "bernoulli"),
        ("side['right'] ~ size + (1|herd)", "side == 'right' ~ size + (1|herd)", "bernoulli"),
        ("code ~ size + (1|herd)", "code == 0 ~ size + (1|herd)", "bernoulli"),
        ("rate ~ `log size` + (1|number)", "rate ~ `log size` + (1|number)", "beta"),
    ],
)
def test_formulas_are_translated(theirs: str, ours: str, family: str, herds: pd.DataFrame) -> None:
    statement = read_bambi(stated(theirs, herds, family))
    assert (statement.formula, statement.family.name) == (ours, family)


def test_priors_come_with_their_parameters(herds: pd.DataFrame) -> None:
    theirs = {
        "period": bambi.Prior("Normal", mu=[1, 2, 3], sigma=[4, 5, 6]),
        "period|herd": bambi.Prior("Normal", mu=0, sigma=bambi.Prior("Exponential", lam=np.array([1, 2, 3]))),
        "1|herd": bambi.Prior("Normal", mu=0, sigma=HALF),
        "alpha": bambi.Prior("HalfCauchy", beta=7),
    }
    theirs["period"].args = {"mu": np.array([1.0, 2, 3]), "sigma": np.array([4.0, 5, 6])}
    model = stated("incidence ~ period + size + (period|herd)", herds, "negativebinomial", priors=theirs)
    spec = bambi_spec(model)
    assert spec.priors.coefficients[1:4] == tuple(
        Prior("Normal", {"mu": m, "sigma": m + 3}) for m in (1, 2, 3)
    )
    assert spec.priors.sd[0] == (
        Prior("HalfNormal", {"sigma": 1.5}),
        *(Prior("Exponential", {"lam": rate}) for rate in (1, 2, 3)),
    )
    assert spec.priors.parameters == {"alpha": Prior("HalfCauchy", {"beta": 7})}
    intercept = model.parameters["mu"].terms["Intercept"].prior.args
    assert spec.priors.coefficients[0] == Prior("Normal", {k: float(v) for k, v in intercept.items()})


def test_priors_set_afterwards_are_seen(herds: pd.DataFrame) -> None:
    model = stated("incidence ~ size + (1|herd)", herds)
    model.set_priors({"size": bambi.Prior("Laplace", mu=0, b=2)})
    assert bambi_spec(model).priors.coefficients[1] == Prior("Laplace", {"mu": 0, "b": 2})


@pytest.mark.parametrize(("centred", "center"), [(True, "fixed"), (False, False)])
def test_the_intercept_stands_where_bambi_has_it(
    herds: pd.DataFrame, centred: bool, center: bool | str
) -> None:
    model = stated("incidence ~ size + (1|herd)", herds, center_predictors=centred)
    assert bambi_spec(model).design.center == center


@pytest.mark.parametrize(
    ("formula", "options", "error", "words"),
    [
        ("incidence ~ hsgp(size, m=5, c=2) + (1|herd)", {}, FormulaError, "Gaussian process hsgp"),
        (bambi.Formula("rate ~ (1|herd)", "sigma ~ size"), {"family": "gaussian"}, FormulaError, "'sigma'"),
        (
            "incidence ~ size + (1|herd)",
            {"potentials": [("size", lambda b: b)]},
            FormulaError,
            "has potentials",
        ),
        ("incidence ~ scale(size) + (1|herd)", {}, FormulaError, "read the term 'scale.size.' differently"),
        ("weighted(incidence, size) ~ (1|herd)", {}, FamilyError, "is weighted"),
        ("censored(size, code) ~ (1|herd)", {"family": "weibull"}, FamilyError, "is censored"),
        ("period ~ size + (1|herd)", {"family": "categorical"}, FamilyError, "'Categorical' is not one of"),
        ("rate ~ (1|herd)", {"family": "gaussian", "link": "log"}, FamilyError, "no link 'log'"),
        ("rate ~ (1|herd)", {"family": "t", "priors": {"sigma": 2}}, PriorError, "fixes 'sigma' at 2"),
        (
            "incidence ~ size + (1|herd)",
            {"priors": {"1|herd": bambi.Prior("Normal", mu=1, sigma=HALF)}},
            PriorError,
            "bayesmixed's are Normal",
        ),
        (
            "incidence ~ (1|herd)",
            {"priors": {"1|herd": bambi.Prior("Laplace", mu=0, b=HALF)}},
            PriorError,
            "bayesmixed's are Normal",
        ),
        (
            "incidence ~ (1|herd)",
            {"priors": {"1|herd": bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfNormal", sigma=HALF))}},
            PriorError,
            "has a prior for its argument 'sigma'",
        ),
        (
            "incidence ~ size + (1|herd)",
            {"priors": {"size": bambi.Prior("VonMises", mu=0, kappa=1)}},
            PriorError,
            "of 'size' cannot be used here: There is no prior distribution 'VonMises'",
        ),
        (
            "incidence ~ size + (1|herd)",
            {"priors": {"size": bambi.Prior("Mine", dist=lambda name: name)}},
            PriorError,
            "'size' is a custom function",
        ),
    ],
)
def test_what_we_have_not_is_refused_by_name(
    formula: Any, options: dict[str, Any], error: type[Exception], words: str, herds: pd.DataFrame
) -> None:
    frame = herds.assign(code=np.where(herds["code"] == 0, "none", "right"))
    model = stated(formula, frame, **options)
    with pytest.raises(error, match=words):
        bambi_spec(model)


def test_a_regression_without_bars_is_taken_over(herds: pd.DataFrame) -> None:
    spec = bambi_spec(stated("incidence ~ size", herds))
    assert spec.design.blocks == ()
    assert spec.design.fixed.terms == ("Intercept", "size")


def test_what_is_no_bambi_model_is_refused() -> None:
    with pytest.raises(BayesmixedError, match=r"is not a bambi\.Model but a str"):
        bm.from_bambi("y ~ x + (1|g)")


def test_without_bambi_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "bambi":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BayesmixedError, match=r"pip install 'bayesmixed\[bambi\]'"):
        read_bambi(None)


@pytest.mark.parametrize(
    ("formula", "family", "options"),
    [
        ("incidence ~ period * size + offset(log(size)) + (period || herd)", "poisson", {"center": "fixed"}),
        (
            "incidence ~ I(size^2) + (1 | herd / side)",
            "t",
            {"priors": {"b": Prior("Laplace", {"mu": 0, "b": 1})}},
        ),
        ("cbind(incidence, size - incidence) ~ period + (1 | herd)", "binomial", {"link": "probit"}),
        ("rate ~ 1 + (1 | herd)", "binomial", {"weights": "size"}),
        ("side ~ size + (1 | herd)", "bernoulli", {}),
        ("side == 'left' ~ size + (1 | factor(number))", "bernoulli", {}),
        ("rate ~ 0 + `log size` + diag(size | herd)", "gamma", {"link": "inverse"}),
    ],
)
def test_models_go_and_come_back(
    formula: str, family: str, options: dict[str, Any], herds: pd.DataFrame
) -> None:
    frame = herds.assign(rate=herds["incidence"] / herds["size"]) if family == "binomial" else herds
    spec = bm.specify(formula, frame, family=family, **options)
    again = bambi_spec(to_bambi(spec))
    assert (numbers(again.priors), again.family) == (numbers(spec.priors), spec.family)
    np.testing.assert_array_equal(again.design.fixed.matrix, spec.design.fixed.matrix)
    np.testing.assert_array_equal(again.design.response.values, spec.design.response.values)
    for here, there in zip(spec.design.blocks, again.design.blocks, strict=True):
        np.testing.assert_array_equal(here.columns, there.columns)


def test_lost_correlations_are_told(herds: pd.DataFrame) -> None:
    with pytest.warns(DesignWarning, match="those of 'herd' are independent"):
        to_bambi(bm.specify("incidence ~ size + (size | herd)", herds, family="poisson", center="fixed"))


@pytest.mark.parametrize(
    ("formula", "options", "words"),
    [
        ("rate ~ size + (1 | herd)", {"weights": "size"}, "no weights that divide the residual variance"),
        ("rate ~ scale(size) + (1 | herd)", {}, "read the term 'scale.size.' differently"),
        ("rate ~ period + (1 | herd)", {"priors": {"period[T.2]": Prior("Flat")}}, "Flat and Normal"),
        ("rate ~ size + (size | herd)", {}, "of the random effects of 'herd' stand at the means.*'fixed'"),
        ("rate ~ size * period + (1 | herd)", {}, "coefficients that have an interaction"),
        ("rate ~ 0 + period * size + (1 | herd)", {}, "coefficients that have an interaction"),
    ],
)
def test_what_bambi_has_not_is_refused(
    formula: str, options: dict[str, Any], words: str, herds: pd.DataFrame
) -> None:
    spec = bm.specify(formula, herds, **options)
    with pytest.raises(BayesmixedError, match=words):
        to_bambi(spec)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("formula", "family"),
    [("rate ~ size + (1|herd)", "gaussian"), ("incidence ~ size + offset(log(size)) + (1|herd)", "poisson")],
)
def test_the_density_is_the_same(formula: str, family: str, centred: bool, herds: pd.DataFrame) -> None:
    model = stated(formula, herds, family, center_predictors=centred)
    model.build()
    theirs, ours = model.backend.model, build_pymc_model(bambi_spec(model))
    compiled = [graph.compile_logp() for graph in (theirs, ours)]
    rng = np.random.default_rng(3)
    for _ in range(5):
        b, z = rng.normal(scale=(1, 0.05)), rng.normal(size=15)
        log_sd, log_sigma = rng.normal(size=2)
        there = {"Intercept": b[0], "size": b[1], "1|herd_sigma_log__": log_sd, "1|herd_offset": z}
        here = {"beta_centred": b, "sd_herd_log__": np.array([log_sd]), "z_herd[Intercept]": z}
        if family == "gaussian":
            there["sigma_log__"] = here["sigma_log__"] = log_sigma
        there = {k: np.asarray(v) for k, v in there.items()}
        here = {k: np.asarray(v) for k, v in here.items()}
        assert abs(compiled[1](here) - compiled[0](there)) < 1e-8


@pytest.mark.slow
def test_the_posterior_is_the_same(herds: pd.DataFrame) -> None:
    import arviz_stats

    model = stated("incidence ~ size + (1|herd)", herds)
    fit = bm.from_bambi(model, seed=1)
    theirs = model.fit(inference_method="nutpie", random_seed=1, chains=4, cores=2, progressbar=False)
    ours = fit.draws["posterior"].to_dataset()
    pairs = [
        (ours["beta"].sel(term="size"), theirs["posterior"]["size"]),
        (ours["beta"].sel(term="Intercept"), theirs["posterior"]["Intercept"]),
        (ours["sd_herd"][..., 0], theirs["posterior"]["1|herd_sigma"]),
        (ours["ranef_herd"][..., 3, 0], theirs["posterior"]["1|herd"][..., 3]),
    ]
    for here, there in pairs:
        error = np.hypot(*(float(arviz_stats.mcse(x.to_numpy(), method="mean")) for x in (here, there)))
        assert abs(float(here.mean() - there.mean())) < 4 * error
