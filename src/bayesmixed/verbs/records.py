"""What the verbs hand to each other: summaries of draws."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed.design.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Point values and equal-tailed intervals of m quantities.

    Attributes
    ----------
    value : FloatArray
        Posterior medians, shape (m,).
    se : FloatArray
        Posterior standard deviations (n - 1), shape (m,).
    lower, upper : FloatArray
        Ends of the equal-tailed interval, shape (m,).
    """

    value: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __getitem__(self, places: slice) -> Summary:
        """Summary of some of the quantities."""
        parts = (self.value, self.se, self.lower, self.upper)
        value, se, lower, upper = (part[places] for part in parts)
        return Summary(value=value, se=se, lower=lower, upper=upper)
