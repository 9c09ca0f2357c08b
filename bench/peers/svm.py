"""Peer of bench/ml-svm.ts: scikit-learn's OneClassSVM (LIBSVM) on one thread.

Arguments: a folder with svm.f64 (5,000 × 16). Prints the version, then answers one request a line from standard input with one
line: seconds, and a measure of the result (number of support vectors, mean decision value). Debian: apt-get install python3-sklearn
"""
import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time

import numpy
import sklearn
from sklearn.svm import OneClassSVM

rows = numpy.fromfile(os.path.join(sys.argv[1], "svm.f64"), dtype="<f8").reshape(-1, 16)
fitted = {}


def timed(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def fit():
    seconds, fitted["svm"] = timed(lambda: OneClassSVM(nu=0.1, gamma="scale", tol=1e-3).fit(rows))
    return seconds, len(fitted["svm"].support_)


def score():
    seconds, decision = timed(lambda: fitted["svm"].decision_function(rows))
    return seconds, -decision.mean()


work = {"ocsvm-fit": fit, "ocsvm-score": score}
print(f"scikit-learn {sklearn.__version__}", flush=True)
for line in sys.stdin:
    seconds, quality = work[line.strip()]()
    print(f"{seconds} {quality}", flush=True)
