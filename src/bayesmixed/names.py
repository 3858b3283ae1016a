"""The only place that spells the names of variables, dimensions, parameters and columns of tables.

A fit's posterior holds ``beta`` (term), the auxiliary parameters of its family (``sigma``, ``alpha``,
``kappa``, ``nu``), and for every grouping factor ``g``: ``sd_g`` (g_effect), ``corr_g`` (g_effect,
g_effect_bis) where effects are correlated, and ``ranef_g`` (g, g_effect). Where a parameter such as sigma has
a predictor of its own, there is no ``sigma``, but ``beta_sigma`` (term_sigma), ``sd_sigma_g``
(sigma_g_effect), ``corr_sigma_g`` and ``ranef_sigma_g`` (g, sigma_g_effect). Residuals that are correlated
have ``ar`` or ``cosy``, or the matrix ``unstr`` (unstr_time, unstr_time_bis). Where moments of the random
effects are kept, the group ``ranef_moments`` holds ``ranef_g`` and ``coef_g`` (ranef_moment, g, g_effect),
and ``covariance_g`` (g, g_effect, g_effect_bis). A moment is a mean, a standard deviation or a quantile.

Columns of the data may be called anything. The dimension of a grouping factor whose name another variable
or dimension has, such as ``row``, gets an underscore at its end, ``row_``; a slash becomes an underscore, a
comma of a dimension a semicolon. A column of the data that has the name of a column of a table stands there
as ``at_value``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

BETA = "beta"
BETA_CENTRED = "beta_centred"
SIGMA = "sigma"
MU = "mu"
ALPHA = "alpha"
KAPPA = "kappa"
NU = "nu"
RESPONSE = "y"
TERM = "term"
ROW = "row"
CHAIN = "chain"
DRAW = "draw"
INTERCEPT = "Intercept"
RESIDUAL = "Residual"
SMOOTH = "smooth"
"""Effect of the penalized part of a smooth."""
RANEF_MOMENTS = "ranef_moments"
MOMENT = "ranef_moment"
QUANTILES: tuple[float, ...] = (0.0005, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.175, 0.25, 0.375, 0.5)
QUANTILES = (*QUANTILES, *(1 - tail for tail in QUANTILES[-2::-1]))
MOMENTS = ("mean", "sd", *(f"{100 * q:g}%" for q in QUANTILES))
PARAMETER = "parameter"
"""Column of tables that says whose predictor a row is of, where there are several."""
LEGEND = "legend"
"""Attribute of a table that says what its numbers are."""

TAKEN = frozenset(
    (
        *(BETA, BETA_CENTRED, SIGMA, ALPHA, KAPPA, NU, RESPONSE, TERM, ROW, CHAIN, DRAW, MOMENT),
        *("X", "offset", "weights", "trials"),
    )
)
"""Variables and dimensions of every posterior."""
OWNED = ("sd_", "corr_", "ranef_", "coef_", "covariance_", "partial_corr_")
"""What the variables of a grouping factor begin with."""
EFFECT, BIS = "_effect", "_effect_bis"
OCCASIONS = ("unstr_time", "unstr_time_bis")
"""Dimensions of the correlations of residuals between occasions."""


def of_predictor(parameter: str, name: str) -> str:
    """Name that something of the mean has in the predictor of a parameter: ``"sigma_Subject"``."""
    return name if parameter == MU else f"{parameter}_{name}"


def beta(parameter: str) -> str:
    """Name of the coefficients of the predictor of a parameter, shape (term,)."""
    return BETA if parameter == MU else f"{BETA}_{parameter}"


def term_dim(parameter: str) -> str:
    """Dimension that runs over the coefficients of the predictor of a parameter."""
    return TERM if parameter == MU else f"{TERM}_{parameter}"


def beta_centred(parameter: str) -> str:
    """Name of the coefficients of the centred columns in the PyMC graph, shape (term,)."""
    return BETA_CENTRED if parameter == MU else f"{BETA_CENTRED}_{parameter}"


def predictor_variables(parameter: str) -> tuple[str, ...]:
    """Variables and dimensions of the predictor of a parameter, those of its grouping factors apart."""
    return (beta(parameter), term_dim(parameter), beta_centred(parameter))


def sd(group: str) -> str:
    """Name of the standard deviations of a grouping factor's effects, shape (effect,)."""
    return f"sd_{variable(group)}"


def corr(group: str) -> str:
    """Name of the correlation matrix of a grouping factor's effects, shape (effect, effect)."""
    return f"corr_{variable(group)}"


def ranef(group: str) -> str:
    """Name of the random effects of a grouping factor, shape (level, effect)."""
    return f"ranef_{variable(group)}"


def coef(group: str) -> str:
    """Name of the moments of the levels' coefficients, shape (ranef_moment, level, effect)."""
    return f"coef_{variable(group)}"


def covariance(group: str) -> str:
    """Name of the covariance matrices of every level's effects, shape (level, effect, effect)."""
    return f"covariance_{variable(group)}"


def level_dim(group: str) -> str:
    """Dimension that runs over the levels of a grouping factor."""
    name = _stem(group)
    return f"{name}_" if name in TAKEN or name.endswith((EFFECT, BIS)) else name


def effect_dim(group: str) -> str:
    """Dimension that runs over the effects of a grouping factor."""
    return f"{_stem(group)}{EFFECT}"


def effect_bis_dim(group: str) -> str:
    """Second dimension of a matrix over the effects of a grouping factor."""
    return f"{_stem(group)}{BIS}"


def _stem(group: str) -> str:
    """What the dimensions of a grouping factor begin with, and no variable does."""
    name = variable(group).replace(",", ";")
    return f"{name}_" if name.startswith(OWNED) else name


def group_variables(group: str) -> tuple[str, ...]:
    """All variables and dimensions that a grouping factor may have in a tree."""
    own = (sd(group), corr(group), ranef(group), coef(group), covariance(group))
    return (*own, level_dim(group), effect_dim(group), effect_bis_dim(group))


def without_ranef(variables: Collection[str]) -> list[str]:
    """Grouping factors whose random effects a posterior does not have, from the names of its variables."""
    groups = [name.removeprefix("sd_") for name in variables if name.startswith("sd_")]
    return [group for group in groups if f"ranef_{group}" not in variables]


def is_correlation(dims: Sequence[object]) -> bool:
    """Whether a variable of a posterior is a correlation matrix, by its dimensions."""
    return str(dims[-1]).endswith((BIS, OCCASIONS[-1]))


def is_ranef(dims: Sequence[object]) -> bool:
    """Whether a variable of a posterior is a grouping factor's random effects, by its dimensions."""
    return len(dims) == 4 and str(dims[-1]).endswith(EFFECT)


def of_set(word: str, group: str, number: int) -> str:
    """Name of the free parameters behind the correlations of one set of effects in the PyMC graph."""
    return f"{word}_{variable(group)}" + (f"[{number + 1}]" if number else "")


def standardized_ranef(group: str, effect: str) -> str:
    """Name of the standard normal deviates behind one random effect in the PyMC graph."""
    return variable(f"z_{group}[{effect}]")


def of_class(word: str, parameter: str) -> str:
    """Label of all coefficients, standard deviations or correlations of a predictor: ``"b_sigma"``."""
    return word if parameter == MU else f"{word}_{parameter}"


def sd_label(group: str) -> str:
    """Label of all standard deviations of a grouping factor, as a user names them: ``"sd_Subject"``."""
    return f"sd_{group}"


def sd_of(group: str, effect: str) -> str:
    """Label of one standard deviation, as a user names it: ``"sd_Subject[Days]"``."""
    return f"{sd_label(group)}[{effect}]"


def corr_label(group: str) -> str:
    """Label of the correlation matrix of a grouping factor, as a user names it: ``"corr_Subject"``."""
    return f"corr_{group}"


def corr_of(group: str, *effects: str) -> str:
    """Label of one correlation, as a user names it: ``"corr_Subject[Intercept, Days]"``."""
    return f"{corr_label(group)}[{', '.join(effects)}]"


def every(label: str) -> str:
    """Label of all members of a class or a factor, where the bare one is a column's: ``"sd[]"``."""
    return f"{label}[]"


def beta_of(term: str, parameter: str = MU) -> str:
    """Label of one coefficient in a table of diagnostics: ``"beta[Days]"``."""
    return f"{beta(parameter)}[{term}]"


def serial_of(label: str, *occasions: str) -> str:
    """Label of one correlation of residuals, as a user names it: ``"unstr[8, 10]"``."""
    return f"{label}[{', '.join(occasions)}]" if occasions else label


def sd_centred(group: str) -> str:
    """Name of the standard deviations of centred effects in the PyMC graph, shape (effect,)."""
    return f"sd_centred_{group}"


def sd_centred_of(group: str, effect: str) -> str:
    """Label of one of them, when they have priors of several kinds."""
    return f"{sd_centred(group)}[{effect}]"


def beta_centred_of(term: str, parameter: str = MU) -> str:
    """Label of one free coefficient in the PyMC graph, when coefficients have priors of several kinds."""
    return variable(f"{beta_centred(parameter)}[{term}]")


def variable(label: str) -> str:
    """Label as the name of a variable, which cannot contain a slash."""
    return label.replace("/", "_")


def apart(columns: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Names of a user's columns in a table that has columns of its own: ``at_value`` for ``value``.

    Examples
    --------
    >>> apart(["value", "x", "at_value"], ["value", "se"])
    {'value': 'at_at_value', 'x': 'x', 'at_value': 'at_value'}
    """
    columns = list(columns)
    used, new = {*columns, *taken}, {}
    for column in columns:
        new[column] = column
        while column in taken and new[column] in used:
            new[column] = f"at_{new[column]}"
        used.add(new[column])
    return new
