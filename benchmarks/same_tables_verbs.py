"""Every public verb of a fit with fixed arguments and seeds, and those that are left out with the reason."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from same_tables_records import picture

import bayesmixed as bm

SEED = 11
MOST_LEFT_OUT = 60
"""Groups up to this number are left out one by one, which takes a tenth of a second each."""
RESIDUALS = ("response", "pearson", "standardized", "quantile")
SLOW = (
    *("varcorr", "fitted", "augment", "augment(prefix)", "predict", "predict(group)", "with_rows"),
    *(f"resid({kind})" for kind in RESIDUALS),
)
"""Verbs of an estimate that profile, or take a standard error of every row with its groups."""
Verbs = dict[str, Callable[[], Any]]

SKIPPED = {
    "at_design": "takes an internal record; sample_rows and with_rows, which use it, are here",
    "spec": "an internal record; priors, plan and pymc_model show it",
    "estimate": "an internal record; point, fixef, vcov and varcorr show it",
    "groups": "an internal record of a comparison of pooling; its tables show it",
}
"""Public names that are not recorded, with the reason."""
OUTSIDE = {
    "BayesmixedError": "errors are recorded by their texts",
    "prior": "used by fits",
    "specify": "called by every fit",
    "glmer": "makes fits",
    "lmer": "makes fits",
    "load": "in save",
}
"""Functions of the package that are not recorded by themselves, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the verbs of a model are asked about.

    Attributes
    ----------
    data : pandas.DataFrame or None
        Its rows; None where they lie elsewhere.
    columns : tuple of str
        Those that the formula names.
    groups : tuple of str
        Columns that tell groups.
    x : str or None
        A predictor that is a number.
    factor : str or None
        A predictor that is not.
    size : {"quick", "whole", "large"}
        Which verbs are too slow: refits by the hundred are left out of ``"large"`` and ``"quick"``, others
        that take a minute out of ``"large"``.
    pictures : bool
        Whether plots and the graph are recorded.
    report : bool
        Whether its page is recorded.
    weights : bool
        Whether the model has weights.
    """

    data: pd.DataFrame | None
    columns: tuple[str, ...]
    groups: tuple[str, ...]
    x: str | None
    factor: str | None
    size: str
    pictures: bool
    report: bool
    weights: bool

    def values(self) -> list[float]:
        """Three values of the numeric predictor."""
        assert self.data is not None
        return [float(v) for v in np.nanquantile(self.data[self.x], [0.1, 0.5, 0.9])]

    def of_new_rows(self) -> dict[str, Any]:
        """Weights of :meth:`new_rows`, where the model has weights."""
        return {"weights": np.linspace(0.5, 2.0, 8)} if self.weights else {}

    def new_rows(self, *, known: bool) -> pd.DataFrame:
        """Some rows, half of them of groups that the model has not seen unless all are to be known."""
        assert self.data is not None
        whole = self.data.dropna(subset=list(self.columns))
        rows = whole.iloc[:: max(1, len(self.data) // 8)].head(8).reset_index(drop=True)
        unseen = [] if known else [i for i in (1, 3, 4, 7) if i < len(rows)]
        for name in self.groups:
            column = rows[name]
            number = pd.api.types.is_numeric_dtype(column)
            new = [int(column.max()) + 1000 + i % 2 if number else f"new{i % 2}" for i in unseen]
            rows[name] = column.astype(object) if not number else column
            rows.loc[unseen, name] = new
        return rows


def _common(fit: Any, asked: Asked) -> Verbs:
    """Verbs that posteriors and estimates share."""
    group, first = str(fit.ngrps().index[0]), fit.ranef().iloc[0]
    verbs: Verbs = {
        "formula": lambda: fit.formula,
        "str": lambda: str(fit),
        "html": fit._repr_html_,
        "nobs": fit.nobs,
        "ngrps": fit.ngrps,
        "fixef": fit.fixef,
        "fixef(prob)": lambda: fit.fixef(prob=0.8),
        "ranef": fit.ranef,
        "ranef(group)": lambda: fit.ranef(group, prob=0.5),
        "coef": fit.coef,
        "coef(group)": lambda: fit.coef(group, prob=0.5),
        "varcorr": fit.varcorr,
        "varcorr(correlations)": lambda: fit.varcorr(correlations=True, prob=0.9),
        **{
            f"icc({kind})": lambda k=kind: fit.icc(kind=k)
            for kind in ("adjusted", "unadjusted", "conditional")
        },
        "icc(word)": lambda: fit.icc(kind="strange"),
        "r2": fit.r2,
        "tidy": fit.tidy,
        "tidy(all)": lambda: fit.tidy(effects=("fixed", "ran_pars", "ran_vals"), prob=0.9),
        "glance": fit.glance,
        "equation": lambda: fit.equation(first["group"], group=first["group_var"], digits=4),
        "table": lambda: [str(fit.table()), fit.table(prob=0.9, digits=6).to_frame()],
        "to_html": fit.to_html,
        "to_latex": lambda: fit.to_latex(caption="A caption", label="tab:a"),
        "to_markdown": lambda: fit.to_markdown(prob=0.9),
        "fitted": fit.fitted,
        "fitted(fixed)": lambda: fit.fitted(effects="fixed", prob=0.8),
        **{f"resid({kind})": lambda k=kind: fit.resid(k) for kind in RESIDUALS},
        "resid(fixed)": lambda: fit.resid(effects="fixed", prob=0.8),
        "augment": fit.augment,
        "augment(prefix)": lambda: fit.augment(prob=0.8, prefix="."),
        "predict": fit.predict,
        "predict(link)": lambda: fit.predict(kind="link", effects="fixed"),
        "predict(group)": lambda: fit.predict(effects=[group], prob=0.5),
        **{
            f"simulate({e})": lambda e=e: fit.simulate(2, effects=e, seed=SEED)
            for e in ("all", "new", "fixed")
        },
        "sample_rows": lambda: _sample(fit),
        "with_rows": lambda: (getattr(fit, "_with_rows", None) or fit.with_rows).fitted(),
        "no such verb": lambda: fit.fixed_effects,
        "no such argument": lambda: fit.fixef(level=0.9),
    }
    if asked.data is not None:
        known, new = asked.new_rows(known=True), asked.new_rows(known=False)
        weights = asked.of_new_rows()
        verbs |= {
            "predict(response)": lambda: fit.predict(known, kind="response", **_seed(fit), **weights),
            "predict(known)": lambda: fit.predict(known, prob=0.8),
            "predict(unseen)": lambda: fit.predict(new),
            "predict(missing column)": lambda: fit.predict(known.iloc[:, :1]),
            **{
                f"predict({levels} {kind})": lambda a=levels, k=kind: fit.predict(
                    new, new_levels=a, kind=k, **_seed(fit), **(weights if k == "response" else {})
                )
                for levels in ("population", "sample")
                for kind in ("mean", "link", "response")
            },
            "simulate(newdata)": lambda: fit.simulate(
                2, newdata=known, effects="fixed", seed=SEED, **weights
            ),
            "simulate(new levels)": lambda: fit.simulate(2, newdata=new, effects="new", seed=SEED, **weights),
        }
    if asked.data is not None and asked.x is not None:
        x, values = asked.x, asked.values()
        verbs |= {
            "icc(at)": lambda: fit.icc(at={x: values}),
            "predictions_at": lambda: fit.predictions_at({x: values}),
            "predictions_at(average)": lambda: fit.predictions_at({x: values[:2]}, average=True, prob=0.8),
            "predictions_at(group)": lambda: fit.predictions_at({x: values[0]}, effects=[group]),
            "comparisons": lambda: fit.comparisons(x),
            "comparisons(pair)": lambda: fit.comparisons(x, contrast=(values[0], values[2]), prob=0.8),
            "comparisons(rows)": lambda: fit.comparisons(x, average=False, effects="all"),
            "slopes": lambda: fit.slopes(x),
            "slopes(rows)": lambda: fit.slopes(x, average=False, at={x: values}),
        }
    if asked.data is not None and asked.factor is not None:
        factor = asked.factor
        levels = list(dict.fromkeys(asked.data[factor].dropna()))
        verbs |= {
            "predictions_at(factor)": lambda: fit.predictions_at({factor: levels}),
            "comparisons(factor)": lambda: fit.comparisons(factor),
            "comparisons(pairwise)": lambda: fit.comparisons(factor, contrast="pairwise", average=False),
        }
    if asked.pictures:
        verbs |= _pictures(fit, asked)
    if asked.report:
        verbs["report"] = lambda: _written(fit.report)
    return verbs


def posterior_verbs(fit: Any, asked: Asked) -> Verbs:
    """Verbs of a posterior; those that add to its draws come last."""
    group = str(fit.ngrps().index[0])
    term = str(fit.fixef()["term"].iloc[-1])
    median = float(fit.fixef()["value"].iloc[-1])
    named = f"`{term}`" if not term.isidentifier() else term
    verbs: Verbs = {
        "draws": lambda: fit.draws.copy(deep=True),
        "run": lambda: (
            {"plan": list(fit.run.plan)}
            | {name: getattr(fit.run, name) for name in ("engine", "draws", "tune", "chains", "thin", "seed")}
        ),
        "diagnosis": lambda: [str(fit.diagnosis), fit.diagnosis.table(), fit.diagnosis.divergences],
        "diagnostics": fit.diagnostics,
        "diagnostics(all)": lambda: fit.diagnostics(ranef="all"),
        "plan": lambda: str(fit.plan),
        "priors": lambda: [str(fit.priors), fit.priors.table()],
        "fixef(exponentiate)": lambda: fit.fixef(exponentiate=True),
        "fitted(link)": lambda: fit.fitted(scale="link"),
        "hypothesis": lambda: fit.hypothesis(f"{named} > {median + 0.1 * abs(median):.6g}", prob=0.8),
        "hypothesis(sum)": lambda: fit.hypothesis(f"2 * {named} - Intercept < 0"),
        "rope": lambda: fit.rope(named, (median - 0.1 * abs(median), median + 0.1 * abs(median))),
        "p_direction": lambda: fit.p_direction(named),
        "check_overdispersion": lambda: fit.check_overdispersion(seed=SEED),
        "check_zeros": lambda: fit.check_zeros(seed=SEED),
        "population_mean": fit.population_mean,
        "prior_sensitivity": fit.prior_sensitivity,
        "reml": lambda: str(fit.reml()),
        "ml": lambda: fit.ml().fixef(),
        "to_bambi": lambda: str(fit.to_bambi()),
        "with_ranef_draws": lambda: fit.with_ranef_draws().draws["posterior"].to_dataset(),
        "versus(wald)": lambda: fit.versus(method="wald"),
    }
    if int(fit.ngrps().iloc[0]) <= MOST_LEFT_OUT:
        verbs["loo(group)"] = lambda: _elpd(fit.loo(group=group))
    if asked.size != "large":
        verbs["loo"] = lambda: _elpd(fit.loo())
        verbs["table(loo)"] = lambda: str(fit.table(loo=True))
    verbs |= _common(fit, asked)
    if asked.size != "large":
        verbs |= {
            "versus": fit.versus,
            "log_marginal_likelihood": lambda: fit.log_marginal_likelihood(seed=SEED),
            "bayes_factor_of": lambda: fit.bayes_factor_of(group, seed=SEED),
            "save": lambda: _round_trip(fit),
        }
        if asked.data is not None:
            known, new, weights = asked.new_rows(known=True), asked.new_rows(known=False), asked.of_new_rows()
            verbs |= {
                "predict(draws)": lambda: fit.predict(
                    known, kind="response", draws=True, seed=SEED, **weights
                ),
                "predict(draws sample)": lambda: fit.predict(new, new_levels="sample", draws=True, seed=SEED),
                "population_mean(newdata)": lambda: fit.population_mean(known),
            }
        if asked.data is not None and asked.x is not None:
            x, values = asked.x, asked.values()
            verbs |= {
                "predictions_at(draws)": lambda: fit.predictions_at({x: values}, draws=True),
                "comparisons(draws)": lambda: fit.comparisons(x, draws=True),
                "slopes(draws)": lambda: fit.slopes(x, draws=True),
            }
    if asked.size == "whole":
        verbs["versus(boot)"] = lambda: fit.versus(method="boot", seed=SEED)
    if asked.pictures:
        verbs["pymc_model"] = lambda: _graph(fit.pymc_model)
    if asked.size != "large":
        verbs["glance(loo)"] = lambda: fit.glance(loo=True)
        verbs["add_groups"] = lambda: _groups(fit)
    return verbs


def estimate_verbs(fit: Any, asked: Asked) -> Verbs:
    """Verbs of an estimate by REML or ML."""
    verbs: Verbs = {
        "method": lambda: fit.method,
        "singular": lambda: fit.singular,
        "sigma": lambda: fit.sigma,
        "point": lambda: fit.point,
        "log_likelihood": fit.log_likelihood,
        "deviance": fit.deviance,
        "aic": fit.aic,
        "aicc": fit.aicc,
        "bic": fit.bic,
        "vcov": fit.vcov,
        **{f"anova({kind})": lambda k=kind: fit.anova(type=k) for kind in ("I", "II", "III")},
        "confint(wald)": lambda: fit.confint(method="wald", prob=0.9),
        "table(loo)": lambda: str(fit.table(loo=True)),
    }
    verbs |= _common(fit, asked)
    verbs["varcorr(none)"] = lambda: fit.varcorr(method="none")
    if asked.size == "large":
        return {verb: call for verb, call in verbs.items() if verb not in SLOW}
    verbs |= {
        "confint": fit.confint,
        "confint(beta)": lambda: fit.confint("beta", prob=0.8),
        "profile": lambda: _curve(fit.profile("sigma", n=9)),
        "tidy(profile)": lambda: fit.tidy(method="profile"),
        "drop1": fit.drop1,
        "ranova": fit.ranova,
    }
    if asked.data is not None and len(asked.data) < 1500:
        verbs |= {
            "bootstrap": lambda: _refits(fit.bootstrap(20, seed=SEED)),
            "confint(boot)": lambda: fit.confint(method="boot", n=20, seed=SEED),
            "icc(boot)": lambda: fit.icc(boot=10, seed=SEED),
            "r2(boot)": lambda: fit.r2(boot=10, seed=SEED),
            "ranova(boot)": lambda: fit.ranova(boot=5, seed=SEED),
        }
    if asked.size == "whole" and asked.pictures:
        verbs["varcorr(boot)"] = lambda: fit.varcorr(method="boot", seed=SEED)
        verbs["tidy(boot)"] = lambda: fit.tidy(method="boot", seed=SEED)
    return verbs


def pooling_verbs(pooled: Any) -> Verbs:
    """Verbs of a comparison of pooling."""
    return {
        "str": lambda: str(pooled),
        "html": pooled._repr_html_,
        "fit": lambda: str(pooled.fit),
        "table": pooled.table,
        "models": pooled.models,
        "errors": lambda: pooled.errors(k=3, seed=SEED),
        "explorer": lambda: _written(pooled.explorer),
        "plot.shrinkage": lambda: picture(pooled.plot()),
        "plot.lines": lambda: picture(pooled.plot.lines(most=4)),
        "plot.by_size": lambda: picture(pooled.plot.by_size()),
    }


def _pictures(fit: Any, asked: Asked) -> Verbs:
    """Plots of a fit."""
    plots: dict[str, dict[str, Any]] = {
        "ranef": {},
        "fixef": {"intercept": True},
        "varcorr": {},
        "icc": {},
        "residuals": {},
        "residual_quantiles": {},
        "ranef_quantiles": {},
        "ranef_matrix": {},
        "observed": {"max_panels": 4},
        "predictive_density": {"seed": SEED},
        "predictive_groups": {"seed": SEED},
        "prior_predictive": {"seed": SEED},
        "prior_posterior": {},
        "trace": {},
        "rank": {},
        "ess": {},
        "energy": {},
        "versus": {"method": "wald"},
    }
    verbs: Verbs = {"plot": lambda: repr(fit.plot)}
    for name, options in plots.items():
        verbs[f"plot.{name}"] = lambda n=name, o=options: picture(getattr(fit.plot, n)(**o))
    if asked.x is not None:
        x = asked.x
        verbs |= {
            "plot.groups": lambda: picture(fit.plot.groups(x)),
            "plot.groups(panel)": lambda: picture(fit.plot.groups(x, facets=False)),
            "plot.line": lambda: picture(fit.plot.line(x)),
            "plot.residuals(by)": lambda: picture(fit.plot.residuals(by=x)),
        }
    return verbs


def _seed(fit: Any) -> dict[str, int]:
    """The seed, for a fit whose predictions are drawn."""
    return {"seed": SEED} if isinstance(fit, bm.MixedFit) else {}


def _elpd(found: Any) -> dict[str, Any]:
    """Numbers of a leave-one-out cross-validation."""
    names = ("elpd", "se", "p", "n_samples", "n_data_points", "scale", "good_k", "elpd_i", "pareto_k")
    return {name: getattr(found, name) for name in names} | {"printed": str(found)}


def _curve(found: Any) -> dict[str, Any]:
    """Numbers of a profile."""
    return {"values": found.values, "zeta": found.zeta, "printed": str(found)}


def _refits(found: Any) -> dict[str, Any]:
    """Numbers of a bootstrap."""
    return {"singular": found.singular, "n": found.n, "n_singular": found.n_singular, "printed": str(found)}


def _sample(fit: Any) -> dict[str, Any]:
    """A sample of rows of a fit of data that lie elsewhere."""
    sample = fit.sample_rows(30, seed=SEED)
    return {
        "printed": str(sample),
        "frame": sample.frame,
        "fitted": sample.fitted(),
        "resid": sample.resid(kind="standardized"),
        "augment": sample.augment(),
        "plot": picture(sample.plot.residuals()),
    }


def _graph(model: Any) -> dict[str, Any]:
    """Variables of a PyMC model, and its log density at its start."""
    start = model.initial_point()
    return {
        "printed": model.str_repr(),
        "variables": sorted(model.named_vars),
        "coords": {name: [str(value) for value in values] for name, values in model.coords.items()},
        "logp": float(model.compile_logp()(start)),
    }


def _groups(fit: Any) -> Mapping[str, Any]:
    """Groups that are added to the draws."""
    names = ("log_likelihood", "log_prior", "posterior_predictive", "prior", "prior_predictive")
    tree = fit.add_groups(*names, seed=SEED)
    return {name: tree[name].to_dataset().isel(draw=slice(0, 20)) for name in names}


def _written(write: Callable[..., Any]) -> dict[str, str]:
    """What a verb writes into a file, and says of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        said = write(path, title="A title")
        return {"said": str(said).replace(folder, ""), "text": path.read_text()}


def _round_trip(fit: Any) -> list[Any]:
    """A saved fit that is read back."""
    with tempfile.TemporaryDirectory() as folder:
        fit.save(Path(folder) / "fit")
        again = bm.load(Path(folder) / "fit")
    return [str(again), again.draws, again.fixef(), again.priors.table(), again.predict()]
