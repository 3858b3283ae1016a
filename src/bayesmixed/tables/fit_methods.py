"""The methods by which every fit writes itself as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayesmixed.tables.fit_rows import BAYES, MODEL, RANDOM, fit_rows, method_of
from bayesmixed.verbs.contract import Fit

if TYPE_CHECKING:
    from bayesmixed.tables.printed import PrintedTable


class TableMethods:
    """Methods of a fit that give a regression table, and the attributes that the package maketables reads."""

    __slots__ = ()

    def table(
        self: Fit,
        *,
        prob: float = 0.95,
        digits: int = 4,
        labels: Mapping[str, str] | None = None,
        loo: bool = False,
        caption: str = "",
    ) -> PrintedTable:
        """Regression table of the fit, for print: coefficients, random effects, sizes, shares and criteria.

        Use it to take a fit into a paper; :func:`bayesmixed.models_table` sets several side by side.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        digits : int, default 4
            Significant digits of the smallest standard error.
        labels : mapping of str to str, optional
            Names of coefficients to the names that are printed, e.g. ``{"Days": "Days without sleep"}``.
        loo : bool, default False
            Whether the expected log predictive density by leave-one-out of a posterior is computed.
        caption : str, default ""
            Printed above the table.

        Returns
        -------
        PrintedTable
            With ``to_markdown()``, ``to_latex()``, ``to_html()``, ``to_great_tables()`` and ``to_frame()``.

        Raises
        ------
        BayesmixedError
            When `labels` names a coefficient that the model does not have, or `prob` is not between 0 and 1.

        Examples
        --------
        >>> fit.table(labels={"Days": "Days without sleep"}).to_frame()["row"].tolist()[:2]
        ['Intercept', 'Days without sleep']
        """
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, digits=digits, labels=labels, loo=loo, caption=caption)

    def to_markdown(self: Fit, *, prob: float = 0.95, caption: str = "") -> str:
        """Regression table of the fit as Markdown; :meth:`table` has more options.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        caption : str, default ""
            Printed above the table.

        Returns
        -------
        str
            A pipe table.

        Examples
        --------
        >>> fit.to_markdown().splitlines()[2].split()
        ['|', '**Fixed', 'effects**', '|', '|', '|', '|']
        """
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, caption=caption).to_markdown()

    def to_latex(self: Fit, *, prob: float = 0.95, caption: str = "", label: str = "") -> str:
        """Regression table of the fit as LaTeX; :meth:`table` has more options.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        caption : str, default ""
            Printed above the table.
        label : str, default ""
            Label of the table, which then needs a caption.

        Returns
        -------
        str
            With the rules of the package booktabs.

        Raises
        ------
        BayesmixedError
            When there is a label without a caption.

        Examples
        --------
        >>> "toprule" in fit.to_latex(caption="Sleep", label="tab:sleep")
        True
        """
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, caption=caption).to_latex(label=label)

    def to_html(self: Fit, *, prob: float = 0.95, caption: str = "") -> str:
        """Regression table of the fit as HTML; :meth:`table` has more options.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        caption : str, default ""
            Printed above the table.

        Returns
        -------
        str
            A table without a style of its own, every text escaped.

        Examples
        --------
        >>> fit.to_html().startswith("<table")
        True
        """
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, caption=caption).to_html()

    @property
    def __maketables_coef_table__(self: Fit) -> pd.DataFrame:

        return coefficient_table(self)

    @property
    def __maketables_depvar__(self: Fit) -> str:
        return self.spec.design.response.name

    @property
    def __maketables_fixef_string__(self) -> None:
        return None  # "fixed effects" are absorbed dummies there

    @property
    def __maketables_vcov_info__(self: Fit) -> dict[str, str]:

        return {"vcov_type": error_kind(self)}

    @property
    def __maketables_default_stat_keys__(self: Fit) -> list[str]:

        return list(statistics(self))

    @property
    def __maketables_stat_labels__(self: Fit) -> dict[str, str]:

        return {key: label for key, (label, _) in statistics(self).items()}

    def __maketables_stat__(self: Fit, key: str) -> Any:

        return statistic(self, key)


KEYS = {"Observations": "N", "Log likelihood": "ll", "AIC": "aic", "BIC": "bic", "R2: conditional": "r2"}
POSTERIOR_ERRORS = "posterior sd"


def coefficient_table(fit: Fit) -> pd.DataFrame:
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


def statistics(fit: Fit) -> dict[str, tuple[str, float | int | str]]:
    """Standard deviations, sizes, shares and criteria of a fit, by key."""
    rows = [row for row in fit_rows(fit) if row.part in (RANDOM, MODEL)]
    return {
        KEYS.get(row.label, row.label): (
            row.label,
            row.text or (int(row.value) if row.decimals == 0 else float(row.value)),
        )
        for row in rows
    }


def statistic(fit: Fit, key: str) -> float | int | str | None:
    """One statistic of a fit."""
    if key == "se_type":
        return error_kind(fit)
    found = statistics(fit).get(key)
    return None if found is None else found[1]


def error_kind(fit: Fit) -> str:
    """What the standard errors are: ``"posterior sd"``, ``"REML"`` or ``"ML"``."""
    method = method_of(fit)
    return POSTERIOR_ERRORS if method == BAYES else method


def _fixed(fit: Fit, prob: float) -> pd.DataFrame:
    """Coefficients in broom.mixed's columns, indexed by their names."""
    tidy = fit.tidy(prob=prob)
    return tidy[tidy["effect"] == "fixed"].set_index("term").rename_axis("Coefficient")
