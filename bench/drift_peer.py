#!/usr/bin/env python3
"""The statistics of bench/drift.bench with SciPy alone.

    drift_peer.py FOLDER

FOLDER holds the flights by month. Prints the seconds of the statistics and the effect a column.
"""

import json
import pathlib
import sys
import time

import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon


def of_bins(r, c):
    rs, cs = (r + 0.5) / (r.sum() + len(r) / 2), (c + 0.5) / (c.sum() + len(r) / 2)
    table = np.array([r, c])[:, r + c > 0]
    chi = stats.chi2_contingency(table, correction=False)
    g = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    return (np.sum((cs - rs) * np.log(cs / rs)), jensenshannon(r, c, base=2),
            np.abs(r / r.sum() - c / c.sum()).sum() / 2, chi.pvalue, g.pvalue)


def main():
    folder = pathlib.Path(sys.argv[1])
    before, now = (pd.read_parquet(folder / f"2013-{month:02}.parquet") for month in (1, 7))
    begin = time.perf_counter()
    effects = {}
    for name in before:
        a, b = before[name].dropna(), now[name].dropna()
        if pd.api.types.is_datetime64_any_dtype(a):
            continue
        if pd.api.types.is_numeric_dtype(a):
            a, b = a.to_numpy(dtype=float), b.to_numpy(dtype=float)
            edges = np.unique(np.quantile(a, np.arange(1, 10) / 10, method="inverted_cdf"))
            of_bins(*(np.bincount(np.searchsorted(edges, v), minlength=len(edges) + 1)
                      for v in (a, b)))
            effects[name] = stats.ks_2samp(a, b).statistic
            stats.cramervonmises_2samp(a, b)
            stats.wasserstein_distance(a, b)
            stats.energy_distance(a, b)
        else:
            counts = pd.concat([a.value_counts(), b.value_counts()], axis=1).fillna(0)
            effects[name] = of_bins(*counts.to_numpy().T)[2]
    print(json.dumps({"seconds": time.perf_counter() - begin,
                      "effects": {name: float(effect) for name, effect in effects.items()}}))


main()
