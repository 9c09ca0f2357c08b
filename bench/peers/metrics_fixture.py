"""Makes src/ml/fixtures/metrics.json: scikit-learn's and TSB-AD's figures that ours must equal.

Run: /usr/bin/python3 bench/peers/metrics_fixture.py > src/ml/fixtures/metrics.json
Needs python3-sklearn, and TSB-AD on PYTHONPATH (pip install --no-deps --target DIR TSB-AD). Seeded; the versions used are
in the output.
"""

import importlib.metadata
import json
import sys

import numpy
import sklearn
from sklearn import metrics
from TSB_AD.evaluation.basic_metrics import basic_metricor


def ranked(name, seed, rows, rate, digits):
    random = numpy.random.RandomState(seed)
    labels = (random.uniform(size=rows) < rate).astype(int)
    scores = numpy.round(random.normal(size=rows) + labels, digits)
    probabilities = numpy.round(1 / (1 + numpy.exp(-scores)), 4)
    fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "probabilities": probabilities.tolist(),
        "rocAuc": metrics.roc_auc_score(labels, scores),
        "averagePrecision": metrics.average_precision_score(labels, scores),
        "fpr": fpr[1:].tolist(),
        "tpr": tpr[1:].tolist(),
        "thresholds": thresholds[1:].tolist(),
        "brier": metrics.brier_score_loss(labels, probabilities),
        "logLoss": metrics.log_loss(labels, probabilities),
    }


def volume(name, seed, ranges, options):
    rows, window, thresholds, digits = options
    random = numpy.random.RandomState(seed)
    labels = numpy.zeros(rows, dtype=int)
    for start, end in ranges:
        labels[start:end] = 1
    scores = numpy.round(random.normal(size=rows) + numpy.convolve(labels, numpy.ones(3), "same"), digits)
    *_, roc, pr = basic_metricor().RangeAUC_volume_opt(
        labels_original=labels, score=scores, windowSize=window, thre=thresholds
    )
    return {
        "name": name,
        "ranges": ranges,
        "scores": scores.tolist(),
        "window": window,
        "thresholds": thresholds,
        "roc": roc,
        "pr": pr,
    }


json.dump(
    {
        "made": {
            "sklearn": sklearn.__version__,
            "numpy": numpy.__version__,
            "TSB-AD": importlib.metadata.version("TSB-AD"),
        },
        "ranked": [
            ranked("continuous", 1, 80, 0.3, 4),
            ranked("many ties", 2, 120, 0.1, 0),
        ],
        "volume": [
            volume("two apart", 1, [[40, 50], [120, 140]], (200, 20, 250, 4)),
            volume("buffers that meet", 2, [[30, 33], [40, 44], [47, 48], [90, 95]], (130, 30, 100, 4)),
            volume("at both ends", 3, [[0, 6], [70, 90]], (90, 16, 50, 4)),
            volume("ties and a window of none", 4, [[20, 30]], (100, 0, 250, 0)),
            volume("ties, odd window", 5, [[20, 30], [34, 35]], (100, 11, 250, 1)),
        ],
    },
    sys.stdout,
)
