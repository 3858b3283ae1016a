"""Lesson four: pupils in one file, schools in another."""

import pandas as pd

import bayesmixed as bm

bdf = bm.load_dataset("bdf")
pupils = bdf[["schoolNR", "langPOST", "IQ_ver_cen"]]
schools = bdf[["schoolNR", "schoolSES"]].drop_duplicates()
both = pupils.merge(schools, on="schoolNR", validate="many_to_one")

fit = bm.lmer("langPOST ~ IQ_ver_cen + schoolSES + (1 | schoolNR)", both, seed=1)
print("Pupils' and schools' coefficients:")
print(fit.fixef())

new = pd.DataFrame({"IQ_ver_cen": [0.0, 0.0], "schoolSES": [20, 20], "schoolNR": ["new A", "new B"]})
print("\nMean of an average class in two schools not yet seen:")
print(fit.predict(new, new_levels="sample", seed=1))
