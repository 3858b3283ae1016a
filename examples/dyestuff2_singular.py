"""A variance near zero: maximum likelihood puts the batches' variance at exactly zero ("singular fit").

The posterior has no such edge: it says which values of the standard deviation the data can and cannot rule
out.
"""

import bayesmixed as bm

fit = bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"), seed=1)

print("Priors, with the numbers used:")
print(fit.priors)

print("\nStandard deviations, posterior medians and 95% intervals:")
print(fit.varcorr()[["group", "sd", "sd_2.5", "sd_97.5"]])

between = fit.draws["posterior"]["sd_Batch"].sel(Batch_effect="Intercept")
within = fit.draws["posterior"]["sigma"]
print(
    "\nP(batches vary more than yields within a batch | data) =", round(float((between > within).mean()), 3)
)
