"""One verb, one file: tables and numbers from draws."""

from __future__ import annotations

from bayesmixed.extract.augment import augment
from bayesmixed.extract.coef import coef
from bayesmixed.extract.equation import equation
from bayesmixed.extract.fitted import fitted
from bayesmixed.extract.fixef import fixef
from bayesmixed.extract.glance import glance
from bayesmixed.extract.icc import icc
from bayesmixed.extract.ngrps import ngrps
from bayesmixed.extract.nobs import nobs
from bayesmixed.extract.r2 import r2
from bayesmixed.extract.ranef import ranef
from bayesmixed.extract.resid import resid
from bayesmixed.extract.tidy import tidy
from bayesmixed.extract.varcorr import varcorr

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
