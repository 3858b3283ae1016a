"""The draws in ArviZ: ``fit.draws`` is a DataTree, ``add_groups`` makes the groups its functions ask for."""

import arviz as az

import bayesmixed as bm

cake = bm.load_dataset("cake")
line = bm.lmer("angle ~ temp + (1 | recipe:replicate)", cake, seed=1)
recipes = bm.lmer("angle ~ recipe + temp + (1 | recipe:replicate)", cake, seed=1)

print("Posterior, as ArviZ sums it up:")
print(az.summary(line.draws, var_names=["beta", "sigma", "sd_recipe:replicate"]))

print("\nExpected log predictive density, by leave-one-out cross-validation:")
line.add_groups("log_likelihood", "log_prior")
recipes.add_groups("log_likelihood")
print(az.loo(line.draws))

print("\nDo the recipes help to predict?")
print(az.compare({"line": line.draws, "recipes": recipes.draws}))

print("\nWould a wider or a narrower prior have changed the answer?")
print(az.psense_summary(line.draws, var_names=["beta", "sigma"]))
