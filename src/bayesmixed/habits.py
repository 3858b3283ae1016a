"""What a hand used to lme4, brms or statsmodels types, and what to write here."""

from __future__ import annotations

EVERY_FIT = {
    "summary": "print(fit)",
    "VarCorr": "fit.varcorr()",
    "varcor": "fit.varcorr()",
    "fixed_effects": "fit.fixef()",
    "random_effects": "fit.ranef()",
    "params": "fit.fixef()",
    "residuals": "fit.resid()",
    "fittedvalues": "fit.fitted()",
    "plot_ranef": "fit.plot.ranef()",
    "to_csv": "fit.tidy().to_csv(path)",
    "emmeans": "fit.predictions_at({'factor': ['a', 'b']}) and fit.comparisons('factor')",
    "emtrends": "fit.slopes('x', at={'factor': ['a', 'b']})",
    "margins": "fit.slopes('x') or fit.comparisons('factor')",
    "marginal_effects": "fit.slopes('x') or fit.comparisons('factor')",
    "conditional_effects": "fit.predictions_at({'x': [0, 1]}), or fit.plot.line('x')",
    "cov_re": "fit.varcorr()",
    "bse": "fit.fixef()",
    "getME": "fit.spec.design, e.g. fit.spec.design.fixed.matrix for X",
    "model_matrix": "fit.spec.design.fixed.matrix",
    "update": "bm.lmer(formula, data) anew",
    "hist": "fit.plot.residual_quantiles()",
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
    "as_matrix": "fit.draws['posterior']",
    "posterior_predict": "fit.predict(kind='response', draws=True)",
    "posterior_epred": "fit.predict(draws=True)",
    "posterior_linpred": "fit.predict(kind='link', draws=True)",
    "pp_check": "fit.plot.predictive_density()",
    "mcmc_plot": "fit.plot.trace()",
    "prior_summary": "fit.priors",
    "bayes_R2": "fit.r2()",
    "loo_compare": "bm.compare({'a': fit, 'b': other})",
    "isSingular": "fit.reml().singular",
    "profile": "fit.reml().profile('sigma')",
    "bootstrap": "fit.reml().bootstrap(1000)",
    "pvalues": "fit.fixef(), whose p_direction is the probability of the sign, or fit.reml().fixef()",
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
    "isSingular": "fit.singular",
    "llf": "fit.log_likelihood()",
    "pvalues": "fit.fixef()",
    "tvalues": "fit.fixef()",
    "save": "fit.tidy().to_csv(path), or bm.lmer(..., method='bayes').save(path)",
}

FITTING_ARGUMENTS = {
    "family": "bm.glmer(formula, data, family=...)",
    "link": "bm.glmer(formula, data, family=..., link=...)",
    "method": "bm.lmer(..., method='reml') for a linear model; a generalized one has its posterior only",
    "REML": "method='reml' for REML=True, method='ml' for REML=False",
    "na_action": "missing='drop' or missing='raise'",
    "subset": "data.query('...') in place of data",
    "offset": "offset(column) in the formula",
    "trials": "prop(successes, trials) on the left of the formula",
    "vc_formula": "a bar in the formula for each: (1 | group) + (1 | item)",
    "prior": "priors={...}",
    "prior_intercept": "priors={'Intercept': ...}",
    "prior_covariance": "priors={'sd_<group>': ..., 'corr_<group>': bm.prior('LKJ', eta=...)}",
    "iter": "draws= (after tuning)",
    "warmup": "tune=",
    "random_seed": "seed=",
    "target_accept": "nothing: a run in which a step diverged is repeated in finer steps",
    "adapt_delta": "nothing: a run in which a step diverged is repeated in finer steps",
    "control": "nothing: there is no optimizer to set",
    "nAGQ": "nothing: the posterior is sampled, without a Laplace approximation",
    "groups": "a bar in the formula: (1 | group)",
    "re_formula": "a bar in the formula: (x | group)",
}
"""Arguments with which lme4, rstanarm, brms, Bambi and statsmodels fit."""

VERB_ARGUMENTS = {
    "re_form": "effects='fixed' for re.form=NA, effects=['g'] for re.form=~(1 | g)",
    "re_formula": "effects='fixed' for re_formula=NA, effects=['g'] for re_formula=~(1 | g)",
    "allow_new_levels": "new_levels='population', or new_levels='sample'",
    "sample_new_levels": "new_levels='sample'",
    "type": "kind=..., e.g. predict(kind='link'), resid(kind='pearson')",
    "scaled": "kind='pearson'",
    "interval": "predict(kind='response') for the interval of new rows; that of their mean is in every table",
    "se_fit": "nothing: standard errors and intervals are in the table",
    "condVar": "nothing: standard errors and intervals are in the table",
    "level": "prob=0.95",
    "conf_level": "prob=0.95",
    "ci": "prob=0.95",
    "probs": "prob=0.95, the probability inside the interval",
    "alpha": "prob=0.95 for alpha=0.05",
    "robust": "nothing: value is the posterior median",
    "summary": "draws=True for summary=FALSE, in predict() and its kin; otherwise fit.draws has the draws",
    "nsim": "n=..., in simulate() and bootstrap()",
    "parm": "parameters=...",
    "pars": "parameters=...",
    "variable": "parameters=...",
    "whichel": "group=...",
    "groups": "group=...",
    "exog": "newdata=...",
    "data": "newdata=...",
    "variables": "the variable as the first argument",
    "by": "at={'x': [0, 1]}",
}
"""Arguments of the verbs of the same packages, and of marginaleffects."""

RESPONSE_ADDITIONS = {
    "rate": "Write {response} ~ ... + offset(log({inside})).",
    "cens": "Censored responses are not available.",
    "trunc": "Truncated responses are not available.",
    "mi": "Missing responses are not imputed: rows without one are left out.",
    "subset": "Give the rows: data.query('...') in place of data.",
}
"""What brms adds to the left side behind a bar, and a formula here does not."""

PLOT = (
    "fit.plot is a collection of pictures, not a picture. Write fit.plot.residuals() for lme4's plot(fit), "
    "fit.plot.trace() for brms' plot(fit)"
)
"""What a plot without a name is answered with."""
