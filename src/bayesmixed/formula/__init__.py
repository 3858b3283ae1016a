"""Text to formula, without looking at data."""

from bayesmixed.formula.parse import parse_formula
from bayesmixed.formula.terms import ParsedFormula, RandomTerm

__all__ = ["ParsedFormula", "RandomTerm", "parse_formula"]
