"""Plots as methods of a comparison of pooling: ``pooled.plot.shrinkage()``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bayesmixed.pooled.records import PooledGroups
from bayesmixed.surface import pictures, public_methods

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@public_methods
@dataclass(frozen=True, slots=True, kw_only=True)
class PoolingPlots:
    """Pictures of a comparison of pooling: ``pooled.plot``; called itself, it draws :meth:`shrinkage`.

    Attributes
    ----------
    groups : PooledGroups
        What is drawn.
    """

    groups: PooledGroups

    def __repr__(self) -> str:
        return pictures(type(self), self.groups.design.formula.text)

    def __call__(self, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Draw :meth:`shrinkage`."""
        return self.shrinkage(effects=effects, ax=ax)

    def shrinkage(self, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Arrows from every group's own estimate to its partially pooled one.

        Use it to show where the mixed model moves the groups. Two effects span a plane, with the ellipses
        that hold 50 and 95 % of groups by the mixed model; one effect gives a dot plot.

        Parameters
        ----------
        effects : str or sequence of str, optional
            One or two varying effects to draw; the first two unless given.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            What was drawn on.

        Raises
        ------
        BayesmixedError
            When there are more than two effects.
        DataError
            When an effect does not vary.

        Examples
        --------
        >>> ax = pooled.plot.shrinkage()
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('Intercept', 'Days')
        """
        from bayesmixed.pooled.plots import shrinkage

        return shrinkage(self.groups, effects=effects, ax=ax)

    def lines(
        self,
        *,
        levels: object = None,
        most: int = 12,
        ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
    ) -> NDArray[Any]:
        """Rows of single groups with their lines under complete, no and partial pooling.

        Use it to see how the three ways fit the same points. A group's own lines stop where its rows do; that
        of complete pooling runs on.

        Parameters
        ----------
        levels : level or sequence of levels, optional
            Groups to draw, by label or value; unless given up to `most`, from those that are hardly moved to
            those that are moved most, and the figure says how many of all.
        most : int, default 12
            How many groups are chosen at most.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each group; a new figure unless given.

        Returns
        -------
        NDArray of Axes
            Shape (groups,).

        Raises
        ------
        DataError
            When a group is not among the levels.

        Examples
        --------
        >>> len(pooled.plot.lines(levels=["308", "335"]))
        2
        """
        from bayesmixed.pooled.plots import lines

        return lines(self.groups, levels=levels, most=most, ax=ax)

    def by_size(self, *, effect: str | None = None, ax: Axes | None = None) -> Axes:
        """Reliability of the groups' effects against their numbers of rows.

        Use it to show that small groups are pooled most: a reliability of 0 pools completely, 1 not at all.

        Parameters
        ----------
        effect : str, optional
            One varying effect; all unless given.
        ax : Axes, optional
            Where to draw; a new figure unless given.

        Returns
        -------
        Axes
            For one random intercept, where the reliability is the weight of a group's own mean, with the
            curve n tau^2 / (n tau^2 + sigma^2).

        Raises
        ------
        DataError
            When the effect does not vary.

        Examples
        --------
        >>> pooled.plot.by_size(effect="Days").get_ylabel()
        'reliability'
        """
        from bayesmixed.pooled.plots import by_size

        return by_size(self.groups, effect=effect, ax=ax)
