"""A table for people that writes itself as text, Markdown, LaTeX, HTML or a great_tables object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from bayesmixed.errors import BayesmixedError
from bayesmixed.printing.table import Column, html_fragment
from bayesmixed.tables import render

if TYPE_CHECKING:
    from great_tables import GT


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTable:
    """A table whose cells are rounded and ready for print.

    Print it on a terminal, let a notebook show it, or ask for the text of a paper. :func:`bayesmixed.table`
    and :func:`bayesmixed.models_table` make one.

    Attributes
    ----------
    columns : tuple[Column, ...]
        Equally long; the first names the rows.
    parts : tuple[tuple[str, int], ...]
        Headings inside the table, each with the number of rows under it, all rows together; an empty heading
        is not printed.
    caption : str
        Printed above.
    notes : tuple[str, ...]
        Sentences printed below.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), method="reml")
    >>> print(bm.table(fit.fixef()[["term", "value", "se"]]).to_markdown())
    | term      |   value |    se |
    |:----------|--------:|------:|
    | Intercept | 1527.50 | 19.38 |
    """

    columns: tuple[Column, ...]
    parts: tuple[tuple[str, int], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return render.text(self.columns, self.parts, self.caption, self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Table as a notebook shows it."""
        return html_fragment([self.to_html()])

    def to_markdown(self) -> str:
        """Table as a Markdown pipe table."""
        return render.markdown(self.columns, self.parts, self.caption, self.notes)

    def to_latex(self, *, label: str = "") -> str:
        r"""Table as LaTeX with the rules of the package booktabs."""
        if label and not self.caption:
            raise BayesmixedError("label= needs a table with a caption; give caption= to the table too.")
        return render.latex(self.columns, self.parts, self.caption, self.notes, label)

    def to_html(self) -> str:
        """Table as HTML without a style of its own, every text escaped."""
        return render.html_text(self.columns, self.parts, self.caption, self.notes)

    def to_great_tables(self) -> GT:
        """Table as a great_tables object, to be styled further."""
        return render.great_table(self.columns, self.parts, self.caption, self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Cells as they are printed, in a data frame."""
        return render.frame(self.columns, self.parts)
