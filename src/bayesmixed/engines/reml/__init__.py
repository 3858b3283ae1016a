"""Restricted and full maximum likelihood: lme4's estimates by the kernel of the collapsed engine."""
