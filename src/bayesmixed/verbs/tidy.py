"""All parameters in one table, with broom.mixed's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import xarray as xr

from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import TidyEffects, one_of, one_or_several
from bayesmixed.verbs.fixef import fixef
from bayesmixed.verbs.ranef import ranef
from bayesmixed.verbs.summaries import bound_names, check_prob, summary_columns
from bayesmixed.verbs.varcorr import sd_labels, sd_summary, varcorr

TidyMakers = Mapping[str, Callable[[], pd.DataFrame]]
COLUMNS = (
    *("effect", "group", "level", "term", "estimate", "std_error"),
    *("statistic", "df", "p_value", "conf_low", "conf_high"),
)


def tidy(
    draws: xr.DataTree,
    spec: ModelSpec,
    *,
    effects: Sequence[TidyEffects] = ("fixed", "ran_pars"),
    prob: float = 0.95,
) -> pd.DataFrame:
    """All parameters in one long table with broom.mixed's columns, for joining and comparing models.

    Parameters
    ----------
    draws : xarray.DataTree
        Posterior draws of the model.
    spec : ModelSpec
        The model.
    effects : sequence of {"fixed", "ran_pars", "ran_vals"}
        Fixed effects; standard deviations and correlations; the random effects of every level.
    prob : float
        Probability inside the equal-tailed intervals.

    Returns
    -------
    pandas.DataFrame
        ``effect``, ``group``, ``term``, ``estimate`` (posterior median), ``std_error`` (posterior standard
        deviation), ``conf_low``, ``conf_high``; with ``"ran_vals"`` a column ``level`` after ``group``.
        Terms are ``sd__Intercept``, ``cor__Intercept.Days`` and, in the group ``Residual``,
        ``sd__Observation``. What does not apply is ``""``.

    Raises
    ------
    BayesmixedError
        When `effects` holds another word or none, or `prob` is not between 0 and 1.
    """
    makers: TidyMakers = {
        "fixed": lambda: _fixed(draws, spec, prob),
        "ran_pars": lambda: _random_parameters(draws, spec, prob),
        "ran_vals": lambda: tidy_random_values(ranef(draws, spec, prob=prob), prob),
    }
    return assemble(makers, effects, prob)


def assemble(makers: TidyMakers, effects: Sequence[TidyEffects], prob: float) -> pd.DataFrame:
    """Put the asked parts under each other, in broom.mixed's order of columns."""
    check_prob(prob)
    wanted = one_or_several(effects, "effects")
    for word in wanted:
        one_of(word, TidyEffects, "effects")
    table = pd.concat([makers[str(word)]() for word in wanted], ignore_index=True)
    columns = COLUMNS if "ran_vals" in wanted else [name for name in COLUMNS if name != "level"]
    return table[[name for name in columns if name in table]]


def _fixed(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """Tabulate the fixed effects."""
    return tidy_fixed(fixef(draws, spec, prob=prob), prob)


def tidy_fixed(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Put a table of fixed effects under broom.mixed's names."""
    return _broom(table, prob).assign(effect="fixed", group="", level="")


def _random_parameters(draws: xr.DataTree, spec: ModelSpec, prob: float) -> pd.DataFrame:
    """Tabulate standard deviations, then correlations, of each grouping factor; the residual last."""
    sds = pd.DataFrame(sd_labels(spec), columns=["group", "term"]).assign(
        **summary_columns(sd_summary(draws, spec, prob), prob)
    )
    return tidy_parameters(sds, varcorr(draws, spec, prob=prob, correlations=True), prob)


def tidy_parameters(sds: pd.DataFrame, pairs: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Put standard deviations, then correlations, of each grouping factor under broom.mixed's names."""
    sds, pairs = sds.copy(), pairs.copy()
    sds["term"] = "sd__" + sds["term"].where(sds["term"] != "", "Observation")
    pairs["term"] = "cor__" + pairs["effect_1"] + "." + pairs["effect_2"]
    order = list(dict.fromkeys(sds["group"]))
    parts = [part[part["group"] == group] for group in order for part in (sds, pairs)]
    return _broom(pd.concat([part for part in parts if len(part)]), prob).assign(effect="ran_pars", level="")


def tidy_random_values(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Put a table of random effects under broom.mixed's names."""
    renamed = table.rename(columns={"group_var": "group", "group": "level", "effect": "term"})
    return _broom(renamed, prob).assign(effect="ran_vals")


def _broom(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Put the table under broom.mixed's names."""
    lower, upper = bound_names(prob)
    renamed = {
        "value": "estimate",
        "se": "std_error",
        "t": "statistic",
        lower: "conf_low",
        upper: "conf_high",
    }
    return table.rename(columns=renamed)
