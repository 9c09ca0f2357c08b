"""Makes src/ml/fixtures/online.json: statsmodels' STL and scikit-learn's k-means, that ours must equal.

Run: /usr/bin/python3 bench/peers/online_fixture.py > src/ml/fixtures/online.json
Needs python3-sklearn, and statsmodels on PYTHONPATH (pip install --target DIR statsmodels). Seeded; the versions used are in
the output.
"""

import json
import sys

import numpy
import sklearn
import statsmodels
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from statsmodels.tsa.seasonal import STL


def season(name, seed, rows, options):
    random = numpy.random.RandomState(seed)
    time = numpy.arange(rows)
    period = options["period"]
    values = 0.05 * time + 3 * numpy.sin(2 * numpy.pi * time / period) + random.normal(size=rows) * 0.5
    values[random.randint(0, rows, size=4)] += 15
    values = numpy.round(values, 4)
    fit = STL(values, **options).fit()
    return {
        "name": name,
        "values": values.tolist(),
        "period": period,
        "seasonalSpan": options.get("seasonal", 7),
        "robust": options.get("robust", False),
        "everyRow": "trend_jump" not in options,
        "trend": fit.trend.tolist(),
        "seasonal": fit.seasonal.tolist(),
        "weights": fit.weights.tolist(),
    }


def groups(name, seed, clusters):
    random = numpy.random.RandomState(seed)
    data = numpy.round(numpy.concatenate([random.normal(size=(25, 3)) + 8 * random.normal(size=3) for _ in range(clusters)]), 3)
    found = KMeans(n_clusters=clusters, n_init=20, random_state=0, tol=0).fit(StandardScaler().fit_transform(data))
    return {"name": name, "columns": 3, "clusters": clusters, "data": data.ravel().tolist(), "inertia": found.inertia_}


json.dump(
    {
        "made": {
            "statsmodels": statsmodels.__version__,
            "sklearn": sklearn.__version__,
            "numpy": numpy.__version__,
        },
        "seasons": [
            season("plain", 1, 84, {"period": 12}),
            season("robust", 2, 75, {"period": 7, "robust": True}),
            season("robust, long span, broken season", 3, 100, {"period": 22, "seasonal": 13, "robust": True}),
            # Ten fits a span: the spans here are 39 and 23.
            season("in jumps", 4, 101, {"period": 22, "seasonal": 13, "robust": True, "trend_jump": 4, "low_pass_jump": 3}),
        ],
        "groups": [groups("three", 1, 3), groups("five", 2, 5)],
    },
    sys.stdout,
)
