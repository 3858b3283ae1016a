"""Pictures of data and of tables, whoever made them: every function takes ``ax=`` and returns the axes.

Pictures of a fit are methods of ``fit.plot``.
"""

from bayesmixed.plots.caterpillar import caterpillar
from bayesmixed.plots.coefficients import coefficients
from bayesmixed.plots.components import intraclass_correlations, variance_components
from bayesmixed.plots.densities import prior_predictive
from bayesmixed.plots.lines import group_facets, group_lines, population_and_groups
from bayesmixed.plots.spaghetti import spaghetti
from bayesmixed.plots.versus import versus

__all__ = [
    "caterpillar",
    "coefficients",
    "group_facets",
    "group_lines",
    "intraclass_correlations",
    "population_and_groups",
    "prior_predictive",
    "spaghetti",
    "variance_components",
    "versus",
]


def __dir__() -> list[str]:
    return __all__
