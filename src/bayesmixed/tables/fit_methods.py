"""The methods by which every fit writes itself as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from bayesmixed.tables.fit_rows import PrintableFit
    from bayesmixed.tables.printed import PrintedTable


class TableMethods:
    """Methods of a fit that give a regression table, and the attributes that the package maketables reads."""

    __slots__ = ()

    def table(
        self: PrintableFit,
        *,
        prob: float = 0.95,
        digits: int = 4,
        labels: Mapping[str, str] | None = None,
        loo: bool = False,
        caption: str = "",
    ) -> PrintedTable:
        """Regression table of the fit; see :func:`bayesmixed.table`."""
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, digits=digits, labels=labels, loo=loo, caption=caption)

    def to_markdown(self: PrintableFit, *, prob: float = 0.95, caption: str = "") -> str:
        """Regression table as Markdown; see :func:`bayesmixed.table` for more options."""
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, caption=caption).to_markdown()

    def to_latex(self: PrintableFit, *, prob: float = 0.95, caption: str = "", label: str = "") -> str:
        """Regression table as LaTeX with booktabs; see :func:`bayesmixed.table` for more options."""
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, caption=caption).to_latex(label=label)

    def to_html(self: PrintableFit, *, prob: float = 0.95, caption: str = "") -> str:
        """Regression table as HTML; see :func:`bayesmixed.table` for more options."""
        from bayesmixed.tables.regression import table

        return table(self, prob=prob, caption=caption).to_html()

    @property
    def __maketables_coef_table__(self: PrintableFit) -> pd.DataFrame:
        from bayesmixed.tables.maketables import coefficient_table

        return coefficient_table(self)

    @property
    def __maketables_depvar__(self: PrintableFit) -> str:
        return self.spec.design.response.name

    @property
    def __maketables_fixef_string__(self) -> None:
        return None  # "fixed effects" are absorbed dummies there

    @property
    def __maketables_vcov_info__(self: PrintableFit) -> dict[str, str]:
        from bayesmixed.tables.maketables import error_kind

        return {"vcov_type": error_kind(self)}

    @property
    def __maketables_default_stat_keys__(self: PrintableFit) -> list[str]:
        from bayesmixed.tables.maketables import statistics

        return list(statistics(self))

    @property
    def __maketables_stat_labels__(self: PrintableFit) -> dict[str, str]:
        from bayesmixed.tables.maketables import statistics

        return {key: label for key, (label, _) in statistics(self).items()}

    def __maketables_stat__(self: PrintableFit, key: str) -> Any:
        from bayesmixed.tables.maketables import statistic

        return statistic(self, key)
