"""Lesson two: do the subjects differ in their slopes too?"""

import bayesmixed as bm

sleep = bm.load_dataset("sleepstudy")
parallel = bm.lmer("Reaction ~ Days + (1 | Subject)", sleep, method="reml")
slopes = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, method="reml")

print("By likelihood; a variance cannot be negative, so the p-value is that of a mixture:")
tests = bm.anova(parallel, slopes, refit=False)
print(tests[["npar", "Chisq", "p_value", "p_mixture"]])

print("\nBy profile, the intervals of every parameter:")
print(slopes.confint())

fit = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, seed=1)
print("\nBy posterior:")
print(fit.varcorr())
