"""Bayesian mixed models for Python, in lme4's language: exact posteriors in lme4's tables.

Start with :func:`lmer` and :func:`load_dataset`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
)
from bayesmixed.priors.choice import prior

if TYPE_CHECKING:
    from bayesmixed.comparison.anova import anova
    from bayesmixed.comparison.bayes_factor import bayes_factor
    from bayesmixed.comparison.drop1 import drop1
    from bayesmixed.comparison.elpd import compare
    from bayesmixed.comparison.ranova import ranova
    from bayesmixed.fit import lmer, load, specify
    from bayesmixed.mixed_fit import MixedFit
    from bayesmixed.reml_fit import RemlFit

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
    "MixedFit",
    "PriorError",
    "RemlFit",
    "SamplingError",
    "anova",
    "bayes_factor",
    "compare",
    "datasets",
    "describe_dataset",
    "drop1",
    "lmer",
    "load",
    "load_dataset",
    "prior",
    "ranova",
    "specify",
]

_LAZY = {
    "anova": "comparison.anova",
    "bayes_factor": "comparison.bayes_factor",
    "compare": "comparison.elpd",
    "drop1": "comparison.drop1",
    "ranova": "comparison.ranova",
    "MixedFit": "mixed_fit",
    "RemlFit": "reml_fit",
    "lmer": "fit",
    "load": "fit",
    "specify": "fit",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"bayesmixed.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'bayesmixed' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
