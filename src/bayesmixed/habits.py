"""What a hand used to lme4, brms or statsmodels types, and what to write here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import NoReturn

EVERY_FIT = {
    "summary": "print(fit)",
    "VarCorr": "fit.varcorr()",
    "varcor": "fit.varcorr()",
    "fixed_effects": "fit.fixef()",
    "random_effects": "fit.ranef()",
    "params": "fit.fixef()",
    "residuals": "fit.resid()",
    "fittedvalues": "fit.fitted()",
    "emmeans": "fit.predictions_at({...}) and fit.comparisons(...)",
    "emtrends": "fit.slopes(...)",
    "plot_ranef": "fit.plot.ranef()",
    "to_csv": "fit.tidy().to_csv(path)",
}
POSTERIOR = {
    "confint": "fit.fixef(prob=0.9) and fit.varcorr(), which have intervals, or fit.reml().confint()",
    "conf_int": "fit.fixef(prob=0.9) and fit.varcorr(), which have intervals, or fit.reml().confint()",
    "anova": "bm.compare({...}), bm.bayes_factor(m1, m0), fit.reml().anova(), bm.anova(m0.reml(), m1.reml())",
    "aic": "fit.loo(), or fit.ml().aic()",
    "bic": "fit.loo() or fit.log_marginal_likelihood(), or fit.ml().bic()",
    "logLik": "fit.log_marginal_likelihood(), or fit.ml().log_likelihood()",
    "log_likelihood": "fit.add_groups('log_likelihood'), or fit.ml().log_likelihood()",
    "deviance": "fit.ml().deviance()",
    "vcov": "fit.draws['posterior']['beta'], or fit.reml().vcov()",
    "sigma": "fit.varcorr(), in the row of the residual",
    "drop1": "fit.ml().drop1()",
    "ranova": "fit.reml().ranova(), or fit.bayes_factor_of(group)",
    "waic": "fit.loo()",
    "posterior": "fit.draws['posterior']",
    "idata": "fit.draws",
}
ESTIMATE = {
    "logLik": "fit.log_likelihood()",
    "draws": "bm.lmer(..., method='bayes').draws; fit.bootstrap() has refits",
    "diagnostics": "bm.lmer(..., method='bayes').diagnostics()",
    "priors": "bm.lmer(..., method='bayes').priors",
    "plan": "bm.lmer(..., method='bayes').plan",
    "pymc_model": "bm.lmer(..., method='bayes').pymc_model",
    "loo": "fit.aic(), or bm.lmer(..., method='bayes').loo()",
    "hypothesis": "fit.comparisons(...) or fit.anova(), or bm.lmer(..., method='bayes').hypothesis(...)",
    "save": "fit.tidy().to_csv(path), or bm.lmer(..., method='bayes').save(path)",
}

ARGUMENTS = {
    "REML": "method='reml' for REML=True, method='ml' for REML=False",
    "na_action": "missing='drop' or missing='raise'",
    "subset": "data.query('...') in place of data",
    "offset": "offset(column) in the formula",
    "prior": "priors={...}",
    "prior_intercept": "priors={'Intercept': ...}",
    "prior_covariance": "priors={'sd_<group>': ..., 'corr_<group>': bm.prior('LKJ', eta=...)}",
    "iter": "draws= (after tuning)",
    "warmup": "tune=",
    "random_seed": "seed=",
    "adapt_delta": "nothing: a run in which a step diverged is repeated in finer steps",
    "control": "nothing: there is no optimizer to set",
    "nAGQ": "nothing: the posterior is sampled, without a Laplace approximation",
    "groups": "a bar in the formula: (1 | group)",
    "re_formula": "a bar in the formula: (x | group)",
}
"""Arguments of lme4, rstanarm, brms, Bambi and statsmodels."""


def answers_habits[**P, R](fit: Callable[P, R]) -> Callable[P, R]:
    """A fitting function that answers other packages' arguments with what to write here.

    Parameters
    ----------
    fit : callable
        The function.

    Returns
    -------
    callable
        The same, which raises TypeError with advice for a name of `ARGUMENTS` that it does not take.
    """
    known = inspect.signature(fit).parameters

    @wraps(fit)
    def advised(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in kwargs:
            if name in ARGUMENTS and name not in known:
                raise TypeError(f"{fit.__name__}() has no argument {name!r}. Write {ARGUMENTS[name]}.")
        return fit(*args, **kwargs)

    return advised


def no_such_attribute(fit: object, name: str, known: dict[str, str]) -> NoReturn:
    """Refuse an attribute that a fit has not, with what to write instead.

    Parameters
    ----------
    fit : object
        The fit.
    name : str
        What was asked for.
    known : dict[str, str]
        From habits to what is written here.

    Raises
    ------
    AttributeError
        Always, so that ``hasattr`` works.
    """
    from bayesmixed.errors import near_names

    words = {**EVERY_FIT, **known}
    said = f"{type(fit).__name__} has no attribute {name!r}."
    if name in words:
        raise AttributeError(f"{said} Write {words[name]}.")
    if name.startswith("_"):
        raise AttributeError(said)
    public = [word for word in dir(type(fit)) if not word.startswith("_")]
    raise AttributeError(f"{said} {near_names(name, public)}")
