"""Makes src/ml/fixtures/one-class-svm.json: decision values of scikit-learn's OneClassSVM that ours must equal.

Run: /usr/bin/python3 bench/peers/one_class_svm_fixture.py > src/ml/fixtures/one-class-svm.json
Needs python3-sklearn. Seeded; the versions used are in the output.
"""

import json
import sys

import numpy
import sklearn
from sklearn.svm import OneClassSVM

TOLERANCE = 1e-8


def case(name, seed, rows, columns, nu, gamma, shift):
    random = numpy.random.RandomState(seed)
    train = random.normal(size=(rows, columns))
    train[: rows // 2] += shift
    test = random.normal(size=(40, columns)) * 2
    train, test = numpy.round(train, 4), numpy.round(test, 4)
    machine = OneClassSVM(nu=nu, gamma=gamma, tol=TOLERANCE).fit(train)
    return {
        "name": name,
        "columns": columns,
        "nu": nu,
        "gamma": None if gamma == "scale" else gamma,
        "train": train.ravel().tolist(),
        "test": test.ravel().tolist(),
        "decision": machine.decision_function(test).tolist(),
        "trainDecision": machine.decision_function(train[:40]).tolist(),
        "support": int(len(machine.support_)),
    }


json.dump(
    {
        "made": {"sklearn": sklearn.__version__, "numpy": numpy.__version__, "tol": TOLERANCE},
        "cases": [
            case("one blob", 1, 120, 3, 0.1, "scale", 0.0),
            case("two blobs, many outside", 2, 150, 4, 0.35, 0.2, 3.0),
            case("narrow kernel", 3, 100, 2, 0.05, 2.0, 1.0),
        ],
    },
    sys.stdout,
)
