"""The method by which every fit writes itself as a page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bayesmixed.report.tables import EstimatedFit, LikelihoodFit


class ReportMethods:
    """Method of a fit that writes a report."""

    __slots__ = ()

    def report(
        self: EstimatedFit,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        prob: float = 0.95,
    ) -> str:
        """Write one self-contained HTML page about the fit.

        Use it to hand on what was fitted, how, and what came out: tables, figures, the data beside the fit;
        of a posterior also priors, convergence and the REML estimates beside it. The page does not need a
        network or a script, prints well, and follows the reader's choice of light or dark.

        Parameters
        ----------
        path : str or path
            File to write, ``.html``; an existing one is replaced.
        title : str, optional
            Heading; the formula unless given.
        prob : float, default 0.95
            Probability inside the intervals, or their confidence level.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileError
            When the file cannot be written.
        BayesmixedError
            When `prob` is not between 0 and 1.

        Examples
        --------
        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     os.path.basename(fit.reml().report(os.path.join(folder, "sleep.html")))
        'sleep.html'
        """
        from bayesmixed.report.page import estimate_report_html, report_html
        from bayesmixed.report.sections import write_page
        from bayesmixed.report.tables import ReportedFit

        if isinstance(self, ReportedFit):
            return write_page(path, report_html(self, title=title, prob=prob))
        estimated = cast("LikelihoodFit", self)
        return write_page(path, estimate_report_html(estimated, title=title, prob=prob))
