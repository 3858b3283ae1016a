"""Pictures of data and of tables, whoever made them: every function takes ``ax=`` and returns the axes.

Pictures of a fit are methods of ``fit.plot``.
"""

from bayesmixed.plots.densities import prior_predictive
from bayesmixed.plots.estimates import (
    caterpillar,
    coefficients,
    intraclass_correlations,
    variance_components,
    versus,
)
from bayesmixed.plots.lines import group_facets, group_lines, population_and_groups, smooth, spaghetti

__all__ = [
    "caterpillar",
    "coefficients",
    "group_facets",
    "group_lines",
    "intraclass_correlations",
    "population_and_groups",
    "prior_predictive",
    "smooth",
    "spaghetti",
    "variance_components",
    "versus",
]


def __dir__() -> list[str]:
    return __all__
