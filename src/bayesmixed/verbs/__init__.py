"""One verb, one file: tables and numbers from draws or from an estimate."""

from __future__ import annotations

from bayesmixed.verbs.augment import augment
from bayesmixed.verbs.equation import equation
from bayesmixed.verbs.fitted import fitted
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.glance import estimate_glance, glance
from bayesmixed.verbs.heterogeneity import heterogeneity
from bayesmixed.verbs.icc import icc
from bayesmixed.verbs.marginal_effects import comparisons, predictions_at, slopes
from bayesmixed.verbs.predict import predict
from bayesmixed.verbs.r2 import r2
from bayesmixed.verbs.ranef import coef, ranef
from bayesmixed.verbs.resid import resid
from bayesmixed.verbs.simulate import simulate
from bayesmixed.verbs.smooths import smooth_curve, smooths
from bayesmixed.verbs.tidy import tidy
from bayesmixed.verbs.varcorr import varcorr

__all__ = [
    "augment",
    "coef",
    "comparisons",
    "equation",
    "estimate_glance",
    "fitted",
    "fixef",
    "glance",
    "heterogeneity",
    "icc",
    "predict",
    "predictions_at",
    "r2",
    "ranef",
    "resid",
    "simulate",
    "slopes",
    "smooth_curve",
    "smooths",
    "tidy",
    "varcorr",
]
