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
    """The plots of a comparison of pooling; called itself, it draws :meth:`shrinkage`.

    Attributes
    ----------
    groups : PooledGroups
        What is drawn.
    """

    groups: PooledGroups

    def __repr__(self) -> str:
        return pictures(type(self), self.groups.design.formula.text)

    def __call__(self, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """The same as :meth:`shrinkage`."""
        return self.shrinkage(effects=effects, ax=ax)

    def shrinkage(self, *, effects: str | Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
        """Arrows from own to pooled estimates; see :func:`bayesmixed.pooled.plots.shrinkage`."""
        from bayesmixed.pooled.plots import shrinkage

        return shrinkage(self.groups, effects=effects, ax=ax)

    def lines(
        self,
        *,
        levels: object = None,
        most: int = 12,
        ax: Sequence[Axes] | NDArray[Any] | Axes | None = None,
    ) -> NDArray[Any]:
        """Groups' rows with three lines each; see :func:`bayesmixed.pooled.plots.lines`."""
        from bayesmixed.pooled.plots import lines

        return lines(self.groups, levels=levels, most=most, ax=ax)

    def by_size(self, *, effect: str | None = None, ax: Axes | None = None) -> Axes:
        """Reliability of a group's effects by its size; see :func:`bayesmixed.pooled.plots.by_size`."""
        from bayesmixed.pooled.plots import by_size

        return by_size(self.groups, effect=effect, ax=ax)
