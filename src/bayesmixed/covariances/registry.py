"""The structures of bars and of residuals, by the names that formulas and files call them."""

from __future__ import annotations

from bayesmixed.covariances.autoregressive import Autoregressive
from bayesmixed.covariances.compound_symmetry import CompoundSymmetry, HomogeneousCompoundSymmetry
from bayesmixed.covariances.covariance import Covariance
from bayesmixed.covariances.diagonal import Diagonal
from bayesmixed.covariances.exchangeable import Exchangeable
from bayesmixed.covariances.homogeneous import HomogeneousDiagonal
from bayesmixed.covariances.level_autoregression import Autoregression, HeterogeneousAutoregression
from bayesmixed.covariances.occasions import Occasions
from bayesmixed.covariances.serial import Independent, Serial
from bayesmixed.covariances.unstructured import Unstructured

STRUCTURES: dict[str, type[Covariance]] = {
    each.name: each
    for each in (
        Unstructured,
        Diagonal,
        HomogeneousDiagonal,
        CompoundSymmetry,
        HomogeneousCompoundSymmetry,
        Autoregression,
        HeterogeneousAutoregression,
    )
}
"""Name to structure, as in lme4 2 and glmmTMB."""

ABSENT = {
    "ou": "an Ornstein-Uhlenbeck process",
    "toep": "a Toeplitz matrix",
}
"""Names that other packages know, with what they stand for."""

RESIDUALS: dict[str, type[Serial]] = {
    each.name: each for each in (Independent, Autoregressive, Exchangeable, Occasions)
}
"""Name to structure, as in brms."""
ABSENT_RESIDUALS = {
    "arma": "autocorrelated residuals with moving averages",
    "ma": "residuals that are moving averages",
}
"""Terms of brms that are structures of residuals, with what they stand for."""
