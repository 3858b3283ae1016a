"""Bayesian mixed models for Python, in lme4's language: exact posteriors in lme4's tables.

::

    import bayesmixed as bm

    fit = bm.lmer("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    print(fit)
    fit.fixef()

Fit: :func:`lmer`, :func:`glmer`, without random effects :func:`lm`, :func:`glm`, :func:`lm_by_group`;
:func:`from_bambi`, :func:`load`; look first: :func:`specify`, :func:`simulate_prior`, :func:`prior`. Compare:
:func:`compare`, :func:`bayes_factor`, and for REML, ML and least squares :func:`anova`, :func:`drop1`,
:func:`ranova`. Print: :func:`table`, :func:`models_table`. Teach: :func:`pooling`, :func:`simulate_data`,
:func:`recover`. Data: :func:`datasets`, :func:`load_dataset`, :func:`describe_dataset`. Draw: ``bm.plots``
and ``fit.plot``. ``help(fit.predict)``, and so on, says everything about a method.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bayesmixed_program import end_at_ctrl_c

if sys.argv[:1] == ["-m"]:  # a module is to be run but not yet found
    end_at_ctrl_c()

from bayesmixed.datasets import datasets, describe_dataset, load_dataset
from bayesmixed.errors import (
    BayesmixedError,
    ConvergenceWarning,
    DataError,
    DesignWarning,
    EngineError,
    FamilyError,
    FileError,
    FormulaError,
    PriorError,
    SamplingError,
    near_names,
)
from bayesmixed.priors.choice import prior

if TYPE_CHECKING:
    from bayesmixed.comparison.anova import anova
    from bayesmixed.comparison.bayes_factor import bayes_factor
    from bayesmixed.comparison.drop1 import drop1
    from bayesmixed.comparison.elpd import compare
    from bayesmixed.comparison.ranova import ranova
    from bayesmixed.comparison.recovery import recover
    from bayesmixed.fits.bambi_fit import from_bambi
    from bayesmixed.fits.by_group import LmByGroup, lm_by_group
    from bayesmixed.fits.glmer import glmer
    from bayesmixed.fits.lm import glm, lm
    from bayesmixed.fits.lmer import lmer, load
    from bayesmixed.fits.mixed_fit import MixedFit
    from bayesmixed.fits.pooling import Pooling, pooling
    from bayesmixed.fits.regression_fit import RegressionFit
    from bayesmixed.fits.reml_fit import RemlFit
    from bayesmixed.fits.specify import simulate_prior, specify
    from bayesmixed.simulate.data import simulate_data
    from bayesmixed.simulate.records import Simulation
    from bayesmixed.tables.regression import models_table, table

__version__ = "0.1.0"

__all__ = [
    "BayesmixedError",
    "ConvergenceWarning",
    "DataError",
    "DesignWarning",
    "EngineError",
    "FamilyError",
    "FileError",
    "FormulaError",
    "LmByGroup",
    "MixedFit",
    "Pooling",
    "PriorError",
    "RegressionFit",
    "RemlFit",
    "SamplingError",
    "Simulation",
    "anova",
    "bayes_factor",
    "compare",
    "datasets",
    "describe_dataset",
    "drop1",
    "from_bambi",
    "glm",
    "glmer",
    "lm",
    "lm_by_group",
    "lmer",
    "load",
    "load_dataset",
    "models_table",
    "pooling",
    "prior",
    "ranova",
    "recover",
    "simulate_data",
    "simulate_prior",
    "specify",
    "table",
]

_LAZY = {
    "anova": "comparison.anova",
    "bayes_factor": "comparison.bayes_factor",
    "compare": "comparison.elpd",
    "drop1": "comparison.drop1",
    "from_bambi": "fits.bambi_fit",
    "ranova": "comparison.ranova",
    "recover": "comparison.recovery",
    "LmByGroup": "fits.by_group",
    "MixedFit": "fits.mixed_fit",
    "Pooling": "fits.pooling",
    "pooling": "fits.pooling",
    "RegressionFit": "fits.regression_fit",
    "RemlFit": "fits.reml_fit",
    "Simulation": "simulate.records",
    "glm": "fits.lm",
    "glmer": "fits.glmer",
    "lm": "fits.lm",
    "lm_by_group": "fits.by_group",
    "lmer": "fits.lmer",
    "load": "fits.lmer",
    "simulate_data": "simulate.data",
    "simulate_prior": "fits.specify",
    "models_table": "tables.regression",
    "specify": "fits.specify",
    "table": "tables.regression",
}


def __getattr__(name: str) -> Any:
    if name == "plots":
        return import_module("bayesmixed.plots")
    if name in _LAZY:
        return getattr(import_module(f"bayesmixed.{_LAZY[name]}"), name)
    advice = "" if name.startswith("_") else f". {near_names(name, __all__)}"
    raise AttributeError(f"module 'bayesmixed' has no attribute {name!r}{advice}")


def __dir__() -> list[str]:
    return sorted([*__all__, "plots"])
