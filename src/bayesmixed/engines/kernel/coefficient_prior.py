"""The prior of a coefficient that is sampled, in one form for all distributions that the kernels know.

Five numbers (m, h, n, q, b) say which: the centre m, the precision h of a normal, the power n and the factor
q of a Student-t, the rate b of a Laplace; what a distribution has not is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.engines.kernel.compilation import compiled


@compiled
def log_prior_of_coefficient(prior: Any, x: float) -> tuple[float, float]:
    """Log density of a coefficient, ``-h (x-m)^2 / 2 - n log(1 + q (x-m)^2) - b |x-m|``, and derivative."""
    shifted = x - prior[0]
    squared = prior[3] * shifted * shifted
    value = -0.5 * prior[1] * shifted * shifted - prior[2] * np.log1p(squared) - prior[4] * abs(shifted)
    slope = (
        -prior[1] * shifted
        - 2.0 * prior[2] * prior[3] * shifted / (1.0 + squared)
        - prior[4] * np.sign(shifted)
    )
    return value, slope
