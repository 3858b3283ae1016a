"""Pictures of data, fits and checks: every function takes ``ax=`` and gives the axes back."""

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
