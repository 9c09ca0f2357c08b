"""Makes src/ml/fixtures/calibration.json: what scikit-learn's isotonic and logistic regression find, that ours must equal.

Run: /usr/bin/python3 bench/peers/calibration_fixture.py > src/ml/fixtures/calibration.json
Needs python3-sklearn. Seeded; the versions used are in the output. Platt's drawn-in targets are given to the logistic
regression as two weighted rows each; both run without a penalty to a tolerance of 1e-12.
"""

import json
import sys

import numpy
import sklearn
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

TOLERANCE = 1e-12


def logistic(columns, labels, weights=None):
    model = LogisticRegression(penalty=None, tol=TOLERANCE, max_iter=10000, solver="newton-cholesky")
    model.fit(columns, labels, sample_weight=weights)
    return [*model.coef_[0].tolist(), float(model.intercept_[0])]


def case(name, seed, rows, digits):
    random = numpy.random.RandomState(seed)
    scores = numpy.round(random.normal(size=rows), digits)
    labels = (random.uniform(size=rows) < 1 / (1 + numpy.exp(-2 * scores + 1))).astype(int)
    weights = numpy.round(random.uniform(0.5, 2, size=rows), 3)
    queries = numpy.round(numpy.linspace(-4, 4, 33), 4)
    positives = labels.sum()
    targets = numpy.where(labels == 1, (positives + 1) / (positives + 2), 1 / (rows - positives + 2))
    platt = logistic(
        numpy.concatenate([scores, scores])[:, None],
        numpy.repeat([1, 0], rows),
        numpy.concatenate([targets, 1 - targets]),
    )
    given = numpy.round(1 / (1 + numpy.exp(-scores)), 5)
    beta = logistic(numpy.column_stack([numpy.log(given), -numpy.log1p(-given)]), labels)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    weighted = IsotonicRegression(out_of_bounds="clip").fit(scores, labels, weights)
    return {
        "name": name,
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "weights": weights.tolist(),
        "queries": queries.tolist(),
        "isotonic": isotonic.predict(queries).tolist(),
        "weighted": weighted.predict(queries).tolist(),
        "platt": platt,
        "probabilities": given.tolist(),
        "beta": beta,
    }


json.dump(
    {
        "made": {"sklearn": sklearn.__version__, "numpy": numpy.__version__, "tol": TOLERANCE},
        "cases": [case("continuous", 1, 120, 4), case("many ties", 2, 200, 1)],
    },
    sys.stdout,
)
