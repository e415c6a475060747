#!/usr/bin/env python3
"""What tests/stats/test_stats.c compares with: the same questions answered by numpy and scipy.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.* scipy==1.17.*
    venv/bin/python tests/stats/reference.py >tests/stats/reference.json

The tests read the JSON; they need no Python. Inputs are in the file beside the answers, so a test cannot drift away
from them. Intervals of the bootstrap are drawn, there as here: they agree within what drawing leaves open
("tolerance", four standard errors of the quantile, measured by repeating it).
"""
import json
import sys

import numpy as np
from scipy import optimize, stats

rng = np.random.default_rng(20261126)


def plain(x):
    if isinstance(x, np.ndarray):
        return [plain(v) for v in x]
    if isinstance(x, (float, np.floating)):
        return None if np.isnan(x) else float(x)
    return x


def growth_cases():
    def model(n, a, b, u):
        return a + b * np.log1p(n / np.exp(u))

    def fit(n, s, low, high):
        best = None
        for start in np.linspace(low, high, 60):
            x = np.log1p(n / np.exp(start))
            b, a = np.polyfit(x, s, 1)
            got = optimize.least_squares(lambda p: model(n, *p) - s, [a, b, start], xtol=1e-15, ftol=1e-15, gtol=1e-15,
                                         bounds=([-np.inf, -np.inf, low], [np.inf, np.inf, high]), max_nfev=5000)
            if best is None or got.cost < best.cost:
                best = got
        return best

    cases = []
    n = np.array([0, 8, 16, 32, 64, 128, 256, 512, 1024], float)
    for name, a, b, c, noise, grid in [
        ("clean", 0.30, 0.11, 25.0, 0.0, n),
        ("noisy", 0.30, 0.11, 25.0, 0.02, n),
        ("late", 0.45, 0.30, 900.0, 0.01, n),
        ("early", 0.20, 0.05, 2.0, 0.01, n),
        ("falling", 0.60, -0.05, 40.0, 0.01, n),
        ("three points", 0.40, 0.08, 60.0, 0.0, np.array([0, 100, 1000.0])),
        ("large counts", 0.35, 0.07, 5e5, 0.005, np.array([0, 1e5, 3e5, 1e6, 3e6, 1e7])),
    ]:
        s = a + b * np.log1p(grid / c) + noise * rng.standard_normal(len(grid))
        most = np.log(grid.max())
        got = fit(grid, s, most - np.log(1000), most + np.log(1000))
        a_, b_, u_ = got.x
        target = 1.25 * s[0]
        reach = 10
        at = lambda x: model(x, a_, b_, u_) - target
        top = grid.max() * reach
        needed = None if at(top) < 0 else optimize.brentq(at, 0, top, xtol=1e-12, rtol=1e-14)
        above = np.nonzero(s >= target)[0]
        lines = None
        if len(above):
            i = above[0]
            lines = float(np.interp(target, s[i - 1:i + 1], grid[i - 1:i + 1]))
        cases.append(dict(name=name, n=grid, s=s, a=a_, b=b_, c=np.exp(u_), rss=2 * got.cost, target=target,
                          reach=reach, needed=needed, lines=lines))
    return cases


def crossed(table, draws, generator):
    seeds, records = table.shape
    out = np.empty(draws)
    for r in range(draws):
        rows = generator.integers(0, seeds, seeds)
        columns = generator.integers(0, records, records)
        out[r] = np.nanmean(table[np.ix_(rows, columns)])
    return out


def interval_cases():
    cases = []
    for name, seeds, records, missing in [("one seed", 1, 120, 0), ("three seeds", 3, 80, 0),
                                          ("holes", 4, 60, 25), ("one record", 2, 1, 0)]:
        table = np.clip(0.6 + 0.08 * rng.standard_normal((seeds, 1)) + 0.25 * rng.standard_normal((1, records)) +
                        0.05 * rng.standard_normal((seeds, records)), 0, 1)
        table.flat[rng.choice(table.size, missing, replace=False)] = np.nan
        bounds = np.array([np.quantile(crossed(table, 4000, rng), [0.025, 0.975]) for _ in range(12)])
        tolerance = 4 * bounds.std(axis=0, ddof=1)
        cases.append(dict(name=name, seeds=seeds, records=records, at=table.ravel(), mean=np.nanmean(table),
                          low=bounds[:, 0].mean(), high=bounds[:, 1].mean(), resamples=4000,
                          tolerance=float(tolerance.max()) + 1e-12))
    # scipy's own bootstrap of a mean, for the plain case
    flat = rng.beta(4, 2, 100)
    got = [stats.bootstrap((flat,), np.mean, n_resamples=4000, method="percentile", rng=rng).confidence_interval
           for _ in range(12)]
    bounds = np.array([[g.low, g.high] for g in got])
    cases.append(dict(name="scipy.stats.bootstrap", seeds=1, records=100, at=flat, mean=flat.mean(),
                      low=bounds[:, 0].mean(), high=bounds[:, 1].mean(), resamples=4000,
                      tolerance=4 * float(bounds.std(axis=0, ddof=1).max())))
    return cases


def difference_case():
    a = np.clip(0.7 + 0.2 * rng.standard_normal((1, 90)) + 0.1 * rng.standard_normal((3, 90)), 0, 1)
    b = np.clip(a[:2] - 0.06 + 0.1 * rng.standard_normal((2, 90)), 0, 1)
    a[:, :5] = np.nan  # records that b alone has
    b[:, 80:] = np.nan
    both = ~np.isnan(a).all(axis=0) & ~np.isnan(b).all(axis=0)
    x, y = a[:, both], b[:, both]

    def once():
        out = np.empty(4000)
        for r in range(len(out)):
            columns = rng.integers(0, both.sum(), both.sum())
            out[r] = (x[np.ix_(rng.integers(0, 3, 3), columns)].mean() - y[np.ix_(rng.integers(0, 2, 2), columns)].mean())
        return np.quantile(out, [0.025, 0.975])

    bounds = np.array([once() for _ in range(12)])
    return dict(a=a.ravel(), b=b.ravel(), a_seeds=3, b_seeds=2, records=90, difference=x.mean() - y.mean(),
                low=bounds[:, 0].mean(), high=bounds[:, 1].mean(), resamples=4000,
                tolerance=4 * float(bounds.std(axis=0, ddof=1).max()))


def paired_cases():
    cases = []
    grades = np.arange(7) / 6
    for name, d in [
        ("twelve", 0.1 + 0.2 * rng.standard_normal(12)),
        ("forty", 0.05 + 0.2 * rng.standard_normal(40)),
        ("two hundred", 0.02 + 0.2 * rng.standard_normal(200)),
        ("grades, with ties and zeros", rng.choice(grades, 150, p=[.05, .1, .1, .15, .2, .2, .2]) -
         rng.choice(grades, 150, p=[.1, .1, .15, .15, .2, .15, .15])),
        ("few grades", np.array([1, 2, 0, 3, -1, 1, 1, 0, 2, -2, 1]) / 6),
        ("no difference", np.zeros(20)),
        ("all one way", np.arange(1, 11) / 10),
    ]:
        if len(d) <= 16:
            got = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=False)
            permutation, tolerance = float(got.pvalue), 1e-12
        else:
            signs = rng.choice([-1.0, 1.0], (200000, len(d)))
            hits = np.abs((signs * d).mean(axis=1)) >= abs(d.mean()) - 1e-12
            permutation = float(hits.mean())
            tolerance = 5 * np.sqrt(permutation * (1 - permutation) / 20000) + 1e-4
        if np.any(d != 0):
            # ties told after rounding, as exact arithmetic would
            w = stats.wilcoxon(np.round(d, 12), zero_method="wilcox", correction=False, alternative="two-sided",
                               method="exact" if len(d) <= 50 and len(set(np.abs(np.round(d, 12)))) == len(d)
                               and np.all(d != 0) else "asymptotic")
            wilcoxon, statistic = float(w.pvalue), float(w.statistic)
        else:
            wilcoxon, statistic = 1.0, 0.0
        cases.append(dict(name=name, d=d, mean=d.mean(), permutation=permutation, tolerance=tolerance, draws=20000,
                          wilcoxon=wilcoxon, statistic=statistic))
    return cases


def holm_cases():
    def holm(p):
        order = np.argsort(p)
        out = np.empty(len(p))
        most = 0
        for i, k in enumerate(order):
            most = max(most, min(1, p[k] * (len(p) - i)))
            out[k] = most
        return out

    lists = [np.array([0.01, 0.04, 0.03, 0.005]), np.array([0.5]), np.array([0.9, 0.8, 0.001]), rng.random(9) ** 3]
    return [dict(p=p, holm=holm(p)) for p in lists]


def quantile_cases():
    v = np.sort(rng.standard_normal(37))
    return dict(sorted=v, q=[0, 0.025, 0.3, 0.5, 0.975, 1], value=np.quantile(v, [0, 0.025, 0.3, 0.5, 0.975, 1]),
                z=[0, 1, 1.96, -2.5], above=stats.norm.sf([0, 1, 1.96, -2.5]))


def clean(x):
    if isinstance(x, dict):
        return {k: clean(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [clean(v) for v in x]
    return plain(x)


def main():
    out = dict(made_by=f"numpy {np.__version__}, scipy {__import__('scipy').__version__}", growth=growth_cases(),
               intervals=interval_cases(), difference=difference_case(), paired=paired_cases(), holm=holm_cases(),
               quantiles=quantile_cases())
    json.dump(clean(out), sys.stdout, separators=(",", ":"), allow_nan=False)
    print()


if __name__ == "__main__":
    main()
