"""Crossed factors: every sample of penicillin is tried on every plate.

Six samples are few: their standard deviation is uncertain, and the interval says so.
"""

import bayesmixed as bm

fit = bm.lmer(
    "diameter ~ 1 + (1 | plate) + (1 | sample)",
    bm.load_dataset("Penicillin"),
    seed=1,
)

print("What was integrated out exactly, and why:")
print(fit.plan)

print("\nVariance components (diameters in mm):")
print(fit.varcorr())

print("\nThe six samples, as deviations from the mean:")
print(fit.ranef(group="sample"))
