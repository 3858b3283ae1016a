"""One verb, one file: tables and numbers from draws or from an estimate."""

from __future__ import annotations

from bayesmixed.verbs.augment import augment
from bayesmixed.verbs.coef import coef
from bayesmixed.verbs.equation import equation
from bayesmixed.verbs.fitted import fitted
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.glance import glance
from bayesmixed.verbs.icc import icc
from bayesmixed.verbs.ngrps import ngrps
from bayesmixed.verbs.nobs import nobs
from bayesmixed.verbs.r2 import r2
from bayesmixed.verbs.ranef import ranef
from bayesmixed.verbs.resid import resid
from bayesmixed.verbs.tidy import tidy
from bayesmixed.verbs.varcorr import varcorr

__all__ = [
    "augment",
    "coef",
    "equation",
    "fitted",
    "fixef",
    "glance",
    "icc",
    "ngrps",
    "nobs",
    "r2",
    "ranef",
    "resid",
    "tidy",
    "varcorr",
]
