"""Independent effects: ``(x || g)``, ``diag(x | g)``."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.covariances.covariance import Covariance


@dataclass(frozen=True, slots=True)
class Diagonal(Covariance):
    """One effect by itself, which has nothing but a standard deviation."""

    name = "diag"
    splits = True
    is_free = True

    @classmethod
    def of_bar(cls, size: int) -> tuple[Covariance, ...]:
        """Every effect of the bar by itself."""
        return (cls(1),) * size

    @classmethod
    def written(cls, effects: str, group: str) -> str:
        """A bar of independent effects in a formula."""
        return f"({effects} || {group})"
