"""Makes src/ml/fixtures/pca.json: axes, variances and residuals of scikit-learn's PCA that ours must equal.

Run: /usr/bin/python3 bench/peers/pca_fixture.py > src/ml/fixtures/pca.json
Needs python3-sklearn. Seeded; the versions used are in the output. Signs of axes are chance and turned alike.
"""

import json
import sys

import numpy
import sklearn
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def case(name, seed, shape, options):
    components, standardise, window = options
    random = numpy.random.RandomState(seed)
    rows, columns = shape
    hidden = random.normal(size=(rows, 2)) @ random.normal(size=(2, columns)) * [[3.0]]
    data = numpy.round(hidden + random.normal(size=shape) + random.normal(size=columns) * 10, 4)
    points = data
    if standardise:
        points = StandardScaler().fit_transform(points)
    if window > 1:
        points = numpy.array([points[i : i + window].ravel() for i in range(rows - window + 1)])
    pca = PCA(n_components=components, svd_solver="full").fit(points)
    residuals = points - pca.inverse_transform(pca.transform(points))
    axes = pca.components_.copy()
    for axis in axes:
        axis *= numpy.sign(axis[numpy.argmax(numpy.abs(axis))])
    return {
        "name": name,
        "columns": columns,
        "components": components,
        "standardise": standardise,
        "window": window,
        "data": data.ravel().tolist(),
        "axes": axes.ravel().tolist(),
        "explainedVariance": pca.explained_variance_.tolist(),
        "totalVariance": float(points.var(axis=0, ddof=1).sum()),
        "scores": (residuals**2).mean(axis=1).tolist(),
        "residual": residuals[3].tolist(),
    }


json.dump(
    {
        "made": {"sklearn": sklearn.__version__, "numpy": numpy.__version__},
        "cases": [
            case("as measured", 1, (60, 5), (2, False, 1)),
            case("standardised", 2, (50, 6), (3, True, 1)),
            case("fewer rows than columns", 3, (8, 12), (4, False, 1)),
            case("windows of four", 4, (40, 3), (5, True, 4)),
        ],
    },
    sys.stdout,
)
