"""A fit as the package maketables reads it, so that its ``ETable`` accepts ours beside others."""

from __future__ import annotations

import pandas as pd

from bayesmixed.tables.fit_rows import BAYES, MODEL, RANDOM, PrintableFit, fit_rows, method_of

KEYS = {"Observations": "N", "Log likelihood": "ll", "AIC": "aic", "BIC": "bic", "R2: conditional": "r2"}
POSTERIOR_ERRORS = "posterior sd"


def coefficient_table(fit: PrintableFit) -> pd.DataFrame:
    """Coefficients under the names that maketables expects."""
    wide, narrow = (_fixed(fit, prob) for prob in (0.95, 0.90))
    return pd.DataFrame(
        {
            "b": wide["estimate"],
            "se": wide["std_error"],
            "t": wide.get("statistic", float("nan")),
            "p": wide.get("p_value", float("nan")),
            "ci95l": wide["conf_low"],
            "ci95u": wide["conf_high"],
            "ci90l": narrow["conf_low"],
            "ci90u": narrow["conf_high"],
        }
    )


def statistics(fit: PrintableFit) -> dict[str, tuple[str, float | int | str]]:
    """Standard deviations, sizes, shares and criteria of a fit, by key."""
    rows = [row for row in fit_rows(fit) if row.part in (RANDOM, MODEL)]
    return {
        KEYS.get(row.label, row.label): (
            row.label,
            row.text or (int(row.value) if row.decimals == 0 else float(row.value)),
        )
        for row in rows
    }


def statistic(fit: PrintableFit, key: str) -> float | int | str | None:
    """One statistic of a fit."""
    if key == "se_type":
        return error_kind(fit)
    found = statistics(fit).get(key)
    return None if found is None else found[1]


def error_kind(fit: PrintableFit) -> str:
    """What the standard errors are: ``"posterior sd"``, ``"REML"`` or ``"ML"``."""
    method = method_of(fit)
    return POSTERIOR_ERRORS if method == BAYES else method


def _fixed(fit: PrintableFit, prob: float) -> pd.DataFrame:
    """Coefficients in broom.mixed's columns, indexed by their names."""
    tidy = fit.tidy(prob=prob)
    return tidy[tidy["effect"] == "fixed"].set_index("term").rename_axis("Coefficient")
