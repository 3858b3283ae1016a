"""Point values and intervals of random effects of which a fit keeps moments and quantiles."""

from __future__ import annotations

import numpy as np

from bayesmixed import names
from bayesmixed.design.records import FloatArray
from bayesmixed.engines.moments import interpolate_rising
from bayesmixed.verbs.records import Summary
from bayesmixed.verbs.summaries import check_prob

MEAN, SD, MEDIAN = (names.MOMENTS.index(moment) for moment in ("mean", "sd", "50%"))
FIRST_QUANTILE = len(names.MOMENTS) - len(names.QUANTILES)


def summary_of_moments(moments: FloatArray, prob: float = 0.95) -> Summary:
    """Summary of quantities whose posterior moments and quantiles are known.

    Ends of intervals of 99.9, 99.5, 99, 98, 95, 90, 80, 65, 50 and 25 % are kept; others are interpolated, as
    smooth functions of the normal quantile of their probability.
    """
    from scipy.special import ndtri

    check_prob(prob)
    known = ndtri(names.QUANTILES)[:, None]
    wanted = ndtri(np.array([(1 - prob) / 2, (1 + prob) / 2]))
    lower, upper = interpolate_rising(known, moments[FIRST_QUANTILE:], wanted)
    return Summary(value=moments[MEDIAN], se=moments[SD], lower=lower, upper=upper)
