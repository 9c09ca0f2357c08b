"""Peer of bench/ml-trees.ts: scikit-learn and XGBoost on one thread.

Arguments: a folder with outliers.f64 (20,000 × 16), boosting.f32 (100,000 × 30) with boosting-target.f32, forest.f64
(20,000 × 20) with forest-target.f64. Prints the versions, then answers one request a line from standard input with one line:
seconds, and where it has one a measure of quality. Debian: apt-get install python3-sklearn python3-xgboost
"""
import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time

import numpy
import sklearn
import xgboost
from sklearn.ensemble import IsolationForest, RandomForestClassifier


def read(name, kind, columns=None):
    values = numpy.fromfile(os.path.join(sys.argv[1], name), dtype=kind)
    return values if columns is None else values.reshape(-1, columns)


outliers = read("outliers.f64", "<f8", 16)
boosting, boosting_target = read("boosting.f32", "<f4", 30), read("boosting-target.f32", "<f4")
forest, forest_target = read("forest.f64", "<f8", 20), read("forest-target.f64", "<f8").astype(int)
fitted = {}


def timed(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def iforest_fit():
    forest = IsolationForest(n_estimators=100, max_samples=256, n_jobs=1)
    seconds, fitted["iforest"] = timed(lambda: forest.fit(outliers))
    return seconds, 0


def iforest_score():
    return timed(lambda: fitted["iforest"].score_samples(outliers))[0], 0


def boosting_train():
    def train():
        # The matrix is part of the work: ours bins inside fit too.
        rows = xgboost.DMatrix(boosting, label=boosting_target, nthread=1)
        options = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": 31,
            "max_depth": 0,
            "eta": 0.1,
            "reg_lambda": 1,
            "min_child_weight": 1,
            "max_bin": 255,
            "nthread": 1,
        }
        return rows, xgboost.train(options, rows, 100)

    seconds, (rows, booster) = timed(train)
    shares = booster.predict(rows).astype(float)
    loss = -numpy.mean(numpy.log(numpy.where(boosting_target == 1, shares, 1 - shares)))
    return seconds, loss


def forest_fit():
    def fit():
        return RandomForestClassifier(100, oob_score=True, n_jobs=1, random_state=1).fit(forest, forest_target)

    seconds, model = timed(fit)
    return seconds, model.oob_score_


work = {
    "iforest-fit": iforest_fit,
    "iforest-score": iforest_score,
    "boosting-train": boosting_train,
    "forest-fit": forest_fit,
}
print(f"scikit-learn {sklearn.__version__}, XGBoost {xgboost.__version__}", flush=True)
for line in sys.stdin:
    seconds, quality = work[line.strip()]()
    print(f"{seconds} {quality}", flush=True)
