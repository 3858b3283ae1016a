"""The engine that integrates random effects and coefficients out exactly."""
