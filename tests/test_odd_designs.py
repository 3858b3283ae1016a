"""Every verb of a posterior and of a REML fit, on every odd design: numbers, or words of ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.design.encode import predictors
from bayesmixed.errors import BayesmixedError, ConvergenceWarning, DesignWarning
from bayesmixed.plots.methods import FitPlots

Fit = Any
Verb = Callable[[Fit], Any]


@cache
def rows() -> pd.DataFrame:
    """Six groups, crossed with two factors."""
    rng, n = np.random.default_rng(8), 72
    cells = [(f, h, f"g{i % 6}", f"s{i % 5}") for f in "abc" for h in "xy" for i in range(12)]
    frame = pd.DataFrame(cells, columns=["f", "h", "g", "s"])
    frame = frame.assign(x=rng.normal(1, 1, n).round(2), z=rng.normal(size=n), w=rng.uniform(0.5, 2, n))
    level = frame["g"].map(dict(zip(sorted(set(frame["g"])), rng.normal(size=6), strict=True)))
    frame["y"] = 1 + 0.5 * frame["x"] + frame["z"] + level + rng.normal(0, 0.7, n)
    return frame.assign(k=rng.poisson(np.exp(0.3 + 0.3 * frame["x"] + 0.3 * level)))


def without_a_cell() -> pd.DataFrame:
    """The same rows but for those of one cell of f and h."""
    return rows().query("f != 'c' or h != 'y'").reset_index(drop=True)


DESIGNS: dict[str, tuple[str, dict[str, Any]]] = {
    "no fixed effects": ("y ~ 0 + (1 | g)", {}),
    "no fixed effects, slopes": ("y ~ 0 + (x | g)", {}),
    "no fixed effects, crossed": ("y ~ 0 + (1 | g) + (1 | s)", {"weights": "w"}),
    "an offset alone": ("y ~ 0 + offset(z) + (1 | g)", {}),
    "an offset": ("y ~ offset(z) + (1 | g)", {}),
    "one coefficient": ("y ~ 1 + (1 | g)", {}),
    "one slope": ("y ~ 0 + x + (0 + x | g)", {}),
    "no intercept": ("y ~ 0 + f + (0 + x | g)", {}),
    "several bars of one factor": ("y ~ x + (1 | g) + (0 + x | g)", {}),
    "weights": ("y ~ x + (x | g)", {"weights": "w"}),
    "an empty cell": ("y ~ f*h + x + (1 | g)", {}),
}
COUNTS = {"no fixed effects": "k ~ 0 + (1 | g)", "an empty cell": "k ~ f*h + x + (1 | g)"}
EMPTY = "an empty cell"
BARE = [name for name in DESIGNS if name.startswith("no fixed effects") or name == "an offset alone"]
SHORT: dict[str, Any] = {"draws": 100, "chains": 2, "adapt": False, "seed": 1}
SAID = (ConvergenceWarning, UserWarning)
"""Of draws too few for their purpose, by us and by ArviZ."""


@cache
def posterior(name: str) -> bm.MixedFit:
    formula, options = DESIGNS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bm.lmer(formula, without_a_cell() if name == EMPTY else rows(), **options, **SHORT)


@cache
def estimate(name: str) -> bm.RemlFit:
    return posterior(name).reml()


@cache
def counted(name: str) -> bm.MixedFit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = without_a_cell() if name == EMPTY else rows()
        return bm.glmer(COUNTS[name], frame, family="poisson", **SHORT)


def x_of(fit: Fit) -> str:
    """A predictor, a grouping factor where there is no other."""
    known = predictors(fit.spec.design)
    return next(name for name in ("x", "z", "f", "g") if name in known)


def at(fit: Fit) -> dict[str, Any]:
    """Two values of it."""
    return {x_of(fit): {"x": [0.0, 1.0], "z": [0.0, 1.0], "f": ["a", "b"], "g": ["g1", "g2"]}[x_of(fit)]}


def spread_of(fit: Fit) -> str:
    """Label of a standard deviation."""
    return f"sd_g[{fit.spec.design.block('g').effects[0]}]"


def new(fit: Fit, **changes: Any) -> dict[str, Any]:
    """Three rows, with weights where the model has them."""
    weights = {} if fit.spec.design.weights is None else {"weights": 1.0}
    return {"newdata": fit.spec.design.frame.head(3).assign(**changes), **weights}


def saved(fit: Fit, folder: Path) -> pd.DataFrame:
    """Coefficients of a group, of the fit that is read back."""
    fit.save(folder / "fit")
    loaded = bm.load(folder / "fit")
    pd.testing.assert_frame_equal(loaded.fixef(), fit.fixef())
    return loaded.coef()


def pooled(fit: Fit) -> bm.Pooling:
    weights = None if fit.spec.design.weights is None else "w"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        return bm.pooling(fit.formula, fit.spec.design.frame, method="reml", group="g", weights=weights)


# The first word is the method's name.
COMMON: dict[str, Verb] = {
    "str": str,
    "html": lambda fit: fit._repr_html_(),
    "fixef": lambda fit: fit.fixef(),
    "ranef": lambda fit: fit.ranef(),
    "coef": lambda fit: fit.coef(),
    "varcorr": lambda fit: fit.varcorr(),
    "varcorr correlations": lambda fit: fit.varcorr(correlations=True),
    "icc": lambda fit: fit.icc(),
    "icc unadjusted": lambda fit: fit.icc(kind="unadjusted"),
    "icc conditional": lambda fit: fit.icc(kind="conditional"),
    "r2": lambda fit: fit.r2(),
    "fitted": lambda fit: fit.fitted(),
    "fitted fixed": lambda fit: fit.fitted(effects="fixed"),
    "resid": lambda fit: fit.resid(),
    "resid standardized": lambda fit: fit.resid(kind="standardized"),
    "resid fixed": lambda fit: fit.resid(effects="fixed"),
    "simulate": lambda fit: fit.simulate(2, seed=1),
    "simulate new groups": lambda fit: fit.simulate(2, effects="new", seed=1),
    "simulate new rows": lambda fit: fit.simulate(2, effects="fixed", seed=1, **new(fit)),
    "tidy": lambda fit: fit.tidy(effects=("fixed", "ran_pars", "ran_vals")),
    "glance": lambda fit: fit.glance(),
    "augment": lambda fit: fit.augment(),
    "equation": lambda fit: fit.equation("g1"),
    "predict": lambda fit: fit.predict(),
    "predict new rows": lambda fit: fit.predict(kind="response", **new(fit)),
    "predict the population": lambda fit: fit.predict(effects="fixed", **new(fit)),
    "predict a new group": lambda fit: fit.predict(new_levels="sample", **new(fit, g="new")),
    "predictions_at": lambda fit: fit.predictions_at(at(fit), effects="all"),
    "predictions_at average": lambda fit: fit.predictions_at(at(fit), effects="all", average=True),
    "comparisons": lambda fit: fit.comparisons(x_of(fit), effects="all"),
    "comparisons of groups": lambda fit: fit.comparisons("g", effects="all"),
    "slopes": lambda fit: fit.slopes(x_of(fit), effects="all"),
    "heterogeneity": lambda fit: fit.heterogeneity(),
    "smooths": lambda fit: fit.smooths(),
    "smooth_curve": lambda fit: fit.smooth_curve("x"),
    "ngrps": lambda fit: fit.ngrps().to_frame(),
    "nobs": lambda fit: fit.nobs(),
    "table": lambda fit: str(fit.table()),
    "table of fixef": lambda fit: str(bm.table(fit.fixef())),
    "to_markdown": lambda fit: fit.to_markdown(),
    "to_latex": lambda fit: fit.to_latex(),
    "to_html": lambda fit: fit.to_html(),
    "models_table": lambda fit: str(bm.models_table([fit, fit])),
}
BAYES: dict[str, Verb] = {
    "add_groups": lambda fit: fit.add_groups(
        "log_likelihood", "log_prior", "posterior_predictive", "prior", "prior_predictive"
    )["log_likelihood"],
    "bayes_factor_of": lambda fit: fit.bayes_factor_of("g", fit.spec.design.block("g").effects[0]).log,
    "check_overdispersion": lambda fit: fit.check_overdispersion(),
    "check_zeros": lambda fit: fit.check_zeros(),
    "diagnostics": lambda fit: fit.diagnostics(),
    "hypothesis": lambda fit: fit.hypothesis(f"{spread_of(fit)} > 0.5").probability,
    "log_marginal_likelihood": lambda fit: fit.log_marginal_likelihood().value,
    "loo": lambda fit: fit.loo().elpd,
    "loo of groups": lambda fit: fit.loo(group="g").elpd,
    "loo of groups, effective number": lambda fit: fit.loo(group="g").p,
    "p_direction": lambda fit: fit.p_direction(f"{spread_of(fit)} - 0.5"),
    "rope": lambda fit: fit.rope(spread_of(fit), (0.0, 2.0)).inside,
    "population_mean": lambda fit: fit.population_mean(),
    "prior_sensitivity": lambda fit: fit.prior_sensitivity(),
    "versus": lambda fit: fit.versus(method="wald")[["value"]],
    "with_ranef_draws": lambda fit: fit.with_ranef_draws().ranef(),
    "to_bambi": lambda fit: str(fit.to_bambi()),
    "reml": lambda fit: fit.reml().sigma,
    "ml": lambda fit: fit.ml().sigma,
    "priors": lambda fit: str(fit.priors),
    "pymc_model": lambda fit: str(fit.pymc_model.named_vars),
    "compare": lambda fit: bm.compare({"one": fit, "two": fit})[["elpd"]],
}
REML: dict[str, Verb] = {
    "aic": lambda fit: fit.aic(),
    "aicc": lambda fit: fit.aicc(),
    "bic": lambda fit: fit.bic(),
    "bootstrap": lambda fit: fit.bootstrap(3, seed=1).arrays.sigma.sum(),
    "confint": lambda fit: fit.confint(),
    "confint boot": lambda fit: fit.confint(method="boot", n=5, seed=1),
    "deviance": lambda fit: fit.deviance(),
    "drop1": lambda fit: fit.drop1()[["AIC"]],
    "log_likelihood": lambda fit: fit.log_likelihood(),
    "profile": lambda fit: fit.profile("sigma", n=5).zeta.sum(),
    "ranova": lambda fit: fit.ranova()[["logLik", "AIC"]],
    "vcov": lambda fit: fit.vcov(),
    "anova": lambda fit: bm.anova(fit, fit)[["AIC", "logLik"]],
    "pooling": lambda fit: pooled(fit).models()[["sigma"]],
    "pooling errors": lambda fit: pooled(fit).errors(k=3),
}
PLOTS: dict[str, Verb] = {
    "acf": lambda fit: fit.plot.acf(),
    "fixef": lambda fit: fit.plot.fixef(),
    "forest": lambda fit: fit.plot.forest(),
    "leverage": lambda fit: fit.plot.leverage(),
    "groups": lambda fit: fit.plot.groups(x_of(fit)),
    "line": lambda fit: fit.plot.line(x_of(fit), group="g1"),
    "icc": lambda fit: fit.plot.icc(),
    "observed": lambda fit: fit.plot.observed(),
    "ranef": lambda fit: fit.plot.ranef(),
    "ranef_matrix": lambda fit: fit.plot.ranef_matrix(),
    "ranef_quantiles": lambda fit: fit.plot.ranef_quantiles(),
    "residual_quantiles": lambda fit: fit.plot.residual_quantiles(),
    "residuals": lambda fit: fit.plot.residuals(),
    "smooth": lambda fit: fit.plot.smooth("x"),
    "varcorr": lambda fit: fit.plot.varcorr(),
    "energy": lambda fit: fit.plot.energy(),
    "ess": lambda fit: fit.plot.ess(),
    "predictive_density": lambda fit: fit.plot.predictive_density(),
    "predictive_groups": lambda fit: fit.plot.predictive_groups(),
    "prior_posterior": lambda fit: fit.plot.prior_posterior(),
    "prior_predictive": lambda fit: fit.plot.prior_predictive(),
    "rank": lambda fit: fit.plot.rank(),
    "trace": lambda fit: fit.plot.trace(),
    "versus": lambda fit: fit.plot.versus(method="wald"),
}

SAMPLED = {
    *("energy", "ess", "predictive_density", "predictive_groups", "prior_posterior", "prior_predictive"),
    *("rank", "trace", "versus"),
}
"""Plots that need draws."""

NO_NUMBERS = ("no fixed effects", "no fixed effects, crossed", "one coefficient")
NO_SLOPE, GAUSSIAN = "is categorical and has no slope", "which only a gaussian model allows"
ONE_EFFECT = set(DESIGNS) - {"no fixed effects, slopes", "several bars of one factor", "weights"}
REFUSED: dict[str, dict[str, str]] = {
    "slopes": dict.fromkeys(NO_NUMBERS, NO_SLOPE),
    "check_zeros": dict.fromkeys(DESIGNS, "check_zeros() is for counts"),
    "to_bambi": {
        "no fixed effects, slopes": "stand at the means of the predictors",
        EMPTY: "leaves out 'f[T.c]:h[T.y]'",
        "weights": "Bambi has no weights",
        "no fixed effects, crossed": "Bambi has no weights",
    },
    "plot fixef": dict.fromkeys(BARE, "the model has no fixed effects"),
    **dict.fromkeys(
        ("smooths", "smooth_curve", "plot smooth"), dict.fromkeys(DESIGNS, "does not have smooths")
    ),
    **dict.fromkeys(("plot forest", "heterogeneity"), dict.fromkeys(DESIGNS, "known standard errors")),
    "plot leverage": dict.fromkeys(DESIGNS, "Leverage is that of a regression"),
    "plot ranef_matrix": dict.fromkeys(ONE_EFFECT, "needs two effects"),
}
"""Words of the refusals, by verb and design; everything else has an answer."""

INTEGRATED = (
    "bayes_factor_of",
    "log_marginal_likelihood",
    "loo of groups",
    "loo of groups, effective number",
)
OF_COUNTS = dict.fromkeys((*INTEGRATED, "versus", "reml", "ml"), GAUSSIAN) | {"check_zeros": ""}
"""Words of the refusals of a model of counts, by verb."""

ENDS = {"lower_2.5", "upper_97.5"}
UNKNOWN: dict[str, set[str]] = {
    **dict.fromkeys(("icc", "icc unadjusted", "icc conditional", "r2"), ENDS),
    "tidy": {"std_error", "statistic", "p_value", "conf_low", "conf_high"},
    "varcorr correlations": {"se"},
    "comparisons": {"t", "p_value"},
    "slopes": {"t", "p_value"},
}
"""Columns that an estimate may leave empty: no interval without a bootstrap, no test of what has no error."""


def check_numbers(found: Any, verb: str, fit: Fit) -> None:
    """Refuse what is no answer: nothing, or numbers that are not finite."""
    if isinstance(found, pd.DataFrame):
        bare = verb in ("fixef", "vcov", "varcorr correlations") or (verb == "drop1" and len(found))
        assert len(found) or bare
        may = {"df"} | (UNKNOWN.get(verb, set()) if isinstance(fit, bm.RemlFit) else set())
        may |= set() if fit.spec.family.is_gaussian else {"sigma"}
        numbers = found.select_dtypes("number").drop(columns=list(may), errors="ignore")
        assert np.isfinite(numbers.to_numpy(float)).all(), found
    elif isinstance(found, str):
        assert found
    elif isinstance(found, float | int):
        assert np.isfinite(found)


def check(fit: Fit, verb: str, call: Verb, refusal: str) -> None:
    """Call a verb, and look at what it says."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for category in SAID:
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("error", category=DesignWarning)
        warnings.filterwarnings("ignore", "Bambi has no correlations", DesignWarning)
        if refusal:
            with pytest.raises(BayesmixedError) as caught:
                call(fit)
            assert refusal in str(caught.value)
        else:
            check_numbers(call(fit), verb, fit)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No figure is left open."""
    yield
    plt.close("all")


def refusal_of(verb: str, name: str) -> str:
    return REFUSED.get(verb, {}).get(name, "")


@pytest.mark.parametrize("verb", COMMON | BAYES)
@pytest.mark.parametrize("name", DESIGNS)
def test_posterior(name: str, verb: str) -> None:
    check(posterior(name), verb, (COMMON | BAYES)[verb], refusal_of(verb, name))


@pytest.mark.parametrize("verb", COMMON | REML)
@pytest.mark.parametrize("name", DESIGNS)
def test_estimate(name: str, verb: str) -> None:
    check(estimate(name), verb, (COMMON | REML)[verb], refusal_of(verb, name))


@pytest.mark.parametrize("verb", COMMON | BAYES)
@pytest.mark.parametrize("name", COUNTS)
def test_posterior_of_counts(name: str, verb: str) -> None:
    refusal = OF_COUNTS.get(verb, refusal_of(verb, name))
    check(counted(name), verb, (COMMON | BAYES)[verb], refusal)


@pytest.mark.parametrize("verb", PLOTS)
@pytest.mark.parametrize(
    "name", ["no fixed effects", "no fixed effects, slopes", "an offset alone", "no intercept", EMPTY]
)
def test_plots(name: str, verb: str) -> None:
    refusal = refusal_of(f"plot {verb}", name)
    check(posterior(name), verb, PLOTS[verb], refusal)
    needs_draws = "needs a posterior" if verb in SAMPLED else refusal
    check(estimate(name), verb, PLOTS[verb], needs_draws)


ELSEWHERE = ("str", "fixef", "coef", "varcorr", "icc", "r2", "tidy", "to_markdown", "vcov")
"""Verbs that need no rows."""


@pytest.mark.parametrize("name", ["no fixed effects, slopes", "an offset alone", EMPTY])
def test_estimate_from_rows_elsewhere(name: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    posterior(name).spec.design.frame.to_parquet(tmp_path / "rows.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        fit = bm.lmer(DESIGNS[name][0], tmp_path, method="reml")
    in_memory = estimate(name)
    for verb in ELSEWHERE:
        call = (COMMON | REML)[verb]
        check(fit, verb, call, "")
        if isinstance(call(fit), pd.DataFrame):
            pd.testing.assert_frame_equal(call(fit), call(in_memory), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", DESIGNS)
def test_saved_and_loaded(name: str, tmp_path: Path) -> None:
    check(posterior(name), "coef", lambda fit: saved(fit, tmp_path), "")


@pytest.mark.parametrize("fit", [posterior, estimate])
def test_the_summary_says_that_there_are_no_fixed_effects(fit: Callable[[str], Fit]) -> None:
    bare = fit("no fixed effects")
    for text in (str(bare), bare._repr_html_()):
        assert "No fixed effects." in text
        assert "Fixed effects" not in text


@pytest.mark.parametrize("fit", [posterior, estimate])
@pytest.mark.parametrize("name", ["no fixed effects, slopes", EMPTY])
def test_report(name: str, fit: Callable[[str], Fit], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(name).report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert ("Coefficients with their intervals" in page) == (name == EMPTY)


NOT_VERBS = {"sample_rows", "save", "report", "draws", "spec", "run", "diagnosis"}
"""What moves rows or holds parts, or has tests of its own."""


def test_the_table_has_every_verb() -> None:
    known = {verb.split(" ")[0] for verb in COMMON | BAYES | REML} | {"save"}
    for kind in (bm.MixedFit, bm.RemlFit):
        public = {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}
        assert public <= known | NOT_VERBS
    drawn = {name for name in dir(FitPlots) if not name.startswith("_") and name != "fit"}
    assert drawn == set(PLOTS)
