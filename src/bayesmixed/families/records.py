"""What a response distribution is, as a plain record."""

from __future__ import annotations

from dataclasses import dataclass

from bayesmixed import names


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A response distribution with its link.

    Attributes
    ----------
    name : str
        Name of the distribution, e.g. ``"gaussian"``.
    link : str
        Function that carries the location to the linear predictor, e.g. ``"identity"``. The location is the
        mean of most families, of a binomial one the probability; :mod:`bayesmixed.families.distributions`
        states the mean of every family at its location.
    parameters : tuple[str, ...]
        Auxiliary parameters beside the location, named as Bambi names them, e.g. ``("sigma", "nu")``.
    distribution : str
        PyMC's name of the distribution.
    argument : str
        PyMC's name of the location, ``"mu"`` or ``"p"``.

    Examples
    --------
    >>> GAUSSIAN.parameters
    ('sigma',)
    """

    name: str
    link: str
    parameters: tuple[str, ...] = ()
    distribution: str = "Normal"
    argument: str = "mu"

    @property
    def is_gaussian(self) -> bool:
        """Whether it is the normal distribution with identity link."""
        return self.name == "gaussian" and self.link == "identity"

    @property
    def has_residual_sd(self) -> bool:
        """Whether rows scatter around their location with a standard deviation (or scale) ``sigma``."""
        return names.SIGMA in self.parameters

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """Auxiliary parameters but ``sigma``."""
        return tuple(parameter for parameter in self.parameters if parameter != names.SIGMA)

    def __str__(self) -> str:
        """As printed in a summary: ``binomial (logit)``."""
        return f"{self.name} ({self.link})"


GAUSSIAN = Family(name="gaussian", link="identity", parameters=(names.SIGMA,))
"""The normal distribution with identity link."""
