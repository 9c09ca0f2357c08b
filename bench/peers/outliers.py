"""Peer of bench/detect-peers.ts: scikit-learn's outlier detectors on the Server Machine Dataset.

Arguments: a folder with `train.f64` and `test.f64` (rows of as many columns as the second argument says), and where it is told by a
line from standard input, the detector. Writes `scores.f64`, one number for each test row (higher is stranger), and answers with the
seconds it took. Columns are scaled by the training half, except for the support vector machine, which does better on the data as they
are published, from 0 to 1. Debian: apt-get install python3-sklearn
"""
import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time

import numpy
import sklearn
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

WINDOW = 10
SVM_ROWS = 5000


def reconstruction(train, test):
    model = PCA(n_components=0.9, svd_solver="full").fit(train)
    return ((test - model.inverse_transform(model.transform(test))) ** 2).mean(axis=1)


def windows(rows):
    """Each row with the nine before it, side by side; the first rows repeat the first of all."""
    padded = numpy.vstack([numpy.repeat(rows[:1], WINDOW - 1, axis=0), rows])
    return numpy.hstack([padded[i : i + len(rows)] for i in range(WINDOW)])


def forest(train, test):
    return -IsolationForest(n_estimators=100, random_state=1, n_jobs=1).fit(train).score_samples(test)


def svm(train, test):
    # A fit takes the square of the rows: an even share of them.
    some = train[numpy.linspace(0, len(train) - 1, min(SVM_ROWS, len(train))).astype(int)]
    return -OneClassSVM(nu=0.05, gamma="scale").fit(some).decision_function(test)


work = {
    "pca": reconstruction,
    "windowed-pca": lambda train, test: reconstruction(windows(train), windows(test)),
    "iforest": forest,
    "ocsvm": svm,
}
folder, columns = sys.argv[1], int(sys.argv[2])
print(f"scikit-learn {sklearn.__version__}", flush=True)
for line in sys.stdin:
    train, test = (
        numpy.fromfile(os.path.join(folder, f"{name}.f64"), dtype="<f8").reshape(-1, columns) for name in ("train", "test")
    )
    started = time.perf_counter()
    if line.strip() != "ocsvm":
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    scores = work[line.strip()](train, test)
    seconds = time.perf_counter() - started
    scores.astype("<f8").tofile(os.path.join(folder, "scores.f64"))
    print(seconds, flush=True)
