"""What follows from a REML or ML estimate: tests, intervals, the parametric bootstrap, lme4's tables."""
