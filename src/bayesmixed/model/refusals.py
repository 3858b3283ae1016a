"""What only a gaussian model can do, and how others are told."""

from __future__ import annotations

from bayesmixed.errors import EngineError
from bayesmixed.model.spec import ModelSpec


def check_gaussian(spec: ModelSpec, what: str, instead: str = "") -> None:
    """Refuse a model whose random effects cannot be integrated out exactly."""
    if not spec.family.is_gaussian:
        raise EngineError(
            f"{what} integrates the random effects out exactly, which only a gaussian model allows; the "
            f"family is {spec.family}. {instead}".rstrip()
        )
