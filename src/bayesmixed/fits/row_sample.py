"""A random sample of the rows of a fit whose rows lie elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

import pandas as pd

from bayesmixed.design.held import ROWS, held_design
from bayesmixed.options import ResidualKind
from bayesmixed.surface import public_methods
from bayesmixed.verbs.contract import Fit

if TYPE_CHECKING:
    from bayesmixed.design.records import Design
    from bayesmixed.model.spec import ModelSpec
    from bayesmixed.plots.check_methods import CheckPlots


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowSample:
    """A random sample of the rows of a fit, with what the model says about each of them.

    ``fit.sample_rows()`` makes one, for fits of data that are larger than memory: the model is that of all
    rows, and these are a few of them, to look at. Examples of its methods use ``some = fit.sample_rows(50)``
    of such a fit.

    Attributes
    ----------
    fit : MixedFit or RemlFit
        The fit with these rows at hand; ask it only for what is made row by row.
    seed : int
        Repeats the sample.
    """

    fit: Fit
    seed: int

    def __str__(self) -> str:
        design = self.fit.spec.design
        return f"{design.n_held:,} of {design.n_rows:,} rows, drawn at random (seed {self.seed})"

    __repr__ = __str__

    def __len__(self) -> int:
        return self.fit.spec.design.n_held

    @property
    def frame(self) -> pd.DataFrame:
        """The rows, all columns of the data; the index counts the rows that the model uses, from 0."""
        return self.fit.spec.design.frame.copy(deep=False)

    @property
    def plot(self) -> CheckPlots:
        """Pictures of these rows: ``residuals()``, ``residual_quantiles()`` and others of ``fit.plot``."""
        from bayesmixed.plots.check_methods import CheckPlots

        return CheckPlots(fit=self.fit)

    def fitted(self, *, effects: Literal["all", "fixed"] = "all", prob: float = 0.95) -> pd.DataFrame:
        """Mean of every row of the sample; see ``fit.fitted``.

        Parameters
        ----------
        effects : {"all", "fixed"}, default "all"
            With all random effects, or without any.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            ``value``, ``se``, ``lower_2.5``, ``upper_97.5`` in the units of the response, and ``df`` of an
            estimate; one row for each row of the sample.

        Examples
        --------
        >>> len(some.fitted(effects="fixed"))
        50
        """
        return self.fit.fitted(effects=effects, prob=prob)

    def resid(self, *, kind: ResidualKind = "response", prob: float = 0.95) -> pd.DataFrame:
        """Residual of every row of the sample; see ``fit.resid``.

        Parameters
        ----------
        kind : {"response", "pearson", "standardized", "quantile", "normalized"}, default "response"
            Observed minus fitted value; divided by its standard deviation, by one that makes its variance 1;
            or a normal quantile.
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            ``value`` and, where the kind has them, ``se`` and bounds; one row for each row of the sample.

        Examples
        --------
        >>> len(some.resid(kind="standardized"))
        50
        """
        return self.fit.resid(kind=kind, prob=prob)

    def augment(self, *, prob: float = 0.95, prefix: str = "") -> pd.DataFrame:
        """The sample with fitted values and residuals beside it; see ``fit.augment``.

        Parameters
        ----------
        prob : float, default 0.95
            Probability inside the intervals, between 0 and 1.
        prefix : str, default ""
            Begins the names of the new columns, where a column of the data already has one of them.

        Returns
        -------
        pandas.DataFrame
            All columns of the data, then the new ones.

        Examples
        --------
        >>> some.augment().columns[:4].tolist()
        ['Reaction', 'Days', 'Subject', 'fitted']
        """
        return self.fit.augment(prob=prob, prefix=prefix)


class SampleMethods(ABC):
    """Methods of a fit that bring back some of the rows of data that are larger than memory."""

    spec: ModelSpec

    @abstractmethod
    def _at_design(self, design: Design) -> Self:
        """The same fit, its rows those of another look at the same data."""

    def sample_rows(self: Fit, n: int = ROWS, *, seed: int = 0) -> RowSample:
        """Random sample of the rows of a fit of data that are larger than memory.

        Use it for residuals and fitted values where ``fit.resid()`` has too many rows to give. Plots of rows,
        such as ``fit.plot.residuals()``, take one of 10,000 rows by themselves.

        Parameters
        ----------
        n : int, default 10000
            Number of rows; all of them when there are fewer.
        seed : int, default 0
            Repeats the sample.

        Returns
        -------
        RowSample
            With ``frame``, ``fitted()``, ``resid()``, ``augment()`` and ``plot``. The model is still that of
            all rows.

        Raises
        ------
        DataError
            When the rows of the fit are in memory.

        Notes
        -----
        Every set of n rows without missing values is equally likely. The engine that holds the data picks
        them out, in one pass over all columns.

        Examples
        --------
        >>> import polars
        >>> rows = polars.from_pandas(sleep).lazy()
        >>> lazy = bm.lmer("Reaction ~ Days + (Days | Subject)", rows, method="reml")
        >>> print(lazy.sample_rows(50, seed=1))
        50 of 180 rows, drawn at random (seed 1)
        """
        from bayesmixed.design.remote.sample import sample_design

        return RowSample(fit=self._at_design(sample_design(self.spec.design, n, seed)), seed=seed)

    @cached_property
    def _with_rows(self) -> Self:
        """The fit itself where its rows are at hand, else with 10,000 of them drawn at random, once."""
        held = held_design(self.spec.design)
        return self if held is self.spec.design else self._at_design(held)
