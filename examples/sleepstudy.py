"""The main job: does lack of sleep slow people down, and does everybody slow down alike?

Ten days of reaction times (ms) of 18 subjects, each with an intercept and a slope of their own, and the two
correlated.
"""

import bayesmixed as bm

sleep = bm.load_dataset("sleepstudy")
fit = bm.lmer("Reaction ~ Days + (Days | Subject)", sleep, seed=1)

print(fit)

print("\nIntercept and slope of every subject, fixed plus random; the first rows:")
print(fit.coef().head())

print("\nThe line of subject 308:", fit.equation("308"))

print("\nHow much of the variance lies between subjects, on average over the days, and on day 9?")
columns = ["group", "icc", "lower_2.5", "upper_97.5"]
print(fit.icc()[columns])
print(fit.icc(at={"Days": 9})[columns])
