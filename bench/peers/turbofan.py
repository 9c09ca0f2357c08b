"""Peer of bench/predict-peers.ts: scikit-learn's histogram boosting on rolling features of the turbofan runs.

Arguments: the folder of the sets, and which (`FD001`). Answers with one line of JSON: the root of the mean squared error of the remaining
life at the last row of each test run, truth and prediction capped at 125, and the average precision of "fails within 30 cycles" over all
test rows. Debian: apt-get install python3-sklearn
"""
import gzip
import json
import sys
import time

import numpy
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import average_precision_score

CAP = 125
WITHIN = 30
WINDOWS = (5, 15, 30)
SEED = 1


def read(folder, name):
    with gzip.open(f"{folder}/{name}.txt.gz", "rt") as file:
        return numpy.loadtxt(file)


def features(rows):
    """Each row with the mean, deviation and slope of every sensor over the last few rows of its own run."""
    parts = []
    for unit in numpy.unique(rows[:, 0]):
        run = rows[rows[:, 0] == unit]
        sensors = run[:, 2:]
        columns = [run[:, 1:2], sensors]
        for window in WINDOWS:
            padded = numpy.vstack([numpy.repeat(sensors[:1], window - 1, axis=0), sensors])
            views = numpy.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
            mean = views.mean(axis=2)
            steps = numpy.arange(window) - (window - 1) / 2
            slope = (views * steps).sum(axis=2) / (steps**2).sum()
            columns += [mean, views.std(axis=2), slope]
        parts.append(numpy.hstack(columns))
    return numpy.vstack(parts)


def main():
    folder, name = sys.argv[1:3]
    started = time.perf_counter()
    train, test = read(folder, f"train_{name}"), read(folder, f"test_{name}")
    varying = numpy.hstack([[True, True], train[:, 2:].std(axis=0) > 1e-9])
    train, test = train[:, varying], test[:, varying]
    ends = {unit: train[train[:, 0] == unit, 1].max() for unit in numpy.unique(train[:, 0])}
    left = numpy.array([ends[unit] for unit in train[:, 0]]) - train[:, 1]
    x, asked = features(train), features(test)
    life = HistGradientBoostingRegressor(random_state=SEED).fit(x, numpy.minimum(left, CAP))
    near = HistGradientBoostingClassifier(random_state=SEED).fit(x, left <= WITHIN)
    remaining = read(folder, f"RUL_{name}")
    units = numpy.unique(test[:, 0])
    last = numpy.array([numpy.flatnonzero(test[:, 0] == unit)[-1] for unit in units])
    said = numpy.clip(life.predict(asked[last]), 0, CAP)
    truth = numpy.concatenate(
        [test[test[:, 0] == unit, 1].max() - test[test[:, 0] == unit, 1] + end for unit, end in zip(units, remaining)]
    )
    print(
        json.dumps(
            {
                "version": f"scikit-learn {sklearn.__version__}",
                "rmse": float(numpy.sqrt(((said - numpy.minimum(remaining, CAP)) ** 2).mean())),
                "auprc": float(average_precision_score(truth <= WITHIN, near.predict_proba(asked)[:, 1])),
                "seconds": time.perf_counter() - started,
            }
        )
    )


main()
