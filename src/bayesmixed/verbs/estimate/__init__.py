"""What follows from a REML or ML estimate alone: tests, profiles, the parametric bootstrap."""
