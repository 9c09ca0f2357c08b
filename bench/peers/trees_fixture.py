"""Makes src/ml/fixtures/trees.json: what scikit-learn and XGBoost answer, for ours to be compared with.

Run: /usr/bin/python3 bench/peers/trees_fixture.py > src/ml/fixtures/trees.json
Needs python3-sklearn and python3-xgboost. Seeded; the versions used are in the output. Data are stored as whole numbers of
1/SCALE (int16, base64; MISSING is a missing value), so that both sides read the same numbers.
"""

import base64
import json
import sys

import numpy
import sklearn
import xgboost
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import log_loss, roc_auc_score

SCALE = 512
MISSING = -32768
# Where a missing value goes for scikit-learn's forest, which takes none.
FILL = -8.0
SEEDS = 10
TREES = 300
# Shares of a forest are no finer than this: a rare class must not cost infinity.
FINEST = 1e-3


def stored(values):
    whole = numpy.clip(numpy.round(values * SCALE), -32000, 32000)
    whole = numpy.where(numpy.isnan(values), MISSING, whole).astype("<i2")
    return base64.b64encode(whole.tobytes()).decode()


def rounded(values):
    return numpy.clip(numpy.round(values * SCALE), -32000, 32000) / SCALE


def fixed_forest():
    """Three small trees node by node, with the path lengths and scores of rows by them."""
    random = numpy.random.RandomState(1)
    train = rounded(random.normal(size=(60, 3)))
    test = rounded(random.normal(size=(40, 3)) * 2)
    forest = IsolationForest(n_estimators=3, max_samples=32, random_state=1).fit(train)
    trees = [
        {
            "feature": tree.tree_.feature.tolist(),
            "threshold": tree.tree_.threshold.tolist(),
            "left": tree.tree_.children_left.tolist(),
            "right": tree.tree_.children_right.tolist(),
            "samples": tree.tree_.n_node_samples.tolist(),
        }
        for tree in forest.estimators_
    ]
    scores = -forest.score_samples(test)
    return {"subsample": 32, "columns": 3, "trees": trees, "rows": stored(test), "scores": scores.tolist()}


def outlier_sets():
    """Sets on which the seed moves the area by so little that means of ten seeds can be compared to 0.01."""
    random = numpy.random.RandomState(2)
    normal, uniform = random.normal, random.uniform

    inside = normal(size=(780, 6))
    far = uniform(-5, 5, size=(20, 6))
    yield "one blob, uniform outliers", inside, far

    dense = normal(size=(500, 2)) * 0.3 - 2
    loose = normal(size=(280, 2)) * 1.5 + 2
    yield "two densities", numpy.vstack([dense, loose]), uniform(-6, 6, size=(24, 2))

    middles = uniform(-4, 4, size=(5, 4))
    blobs = numpy.vstack([normal(size=(150, 4)) + middle for middle in middles])
    yield "five blobs, uniform outliers", blobs, uniform(-7, 7, size=(40, 4))

    heavy = numpy.clip(random.standard_t(3, size=(770, 5)), -20, 20)
    odd = numpy.clip(random.standard_t(3, size=(30, 5)), -20, 20)
    odd[:, 1] += 7 * random.choice([-1, 1], 30)
    yield "heavy tails, one column off", heavy, odd

    noise = normal(size=(770, 12))
    hidden = normal(size=(30, 12))
    hidden[:, :3] += 2.5
    yield "many columns, three shifted", noise, hidden


def outliers():
    for name, inside, far in outlier_sets():
        data = rounded(numpy.vstack([inside, far]))
        labels = numpy.r_[numpy.zeros(len(inside)), numpy.ones(len(far))]
        aurocs = [
            roc_auc_score(labels, -IsolationForest(n_estimators=TREES, random_state=seed).fit(data).score_samples(data))
            for seed in range(SEEDS)
        ]
        yield {
            "name": name,
            "columns": data.shape[1],
            "data": stored(data),
            "outliers": len(far),
            "auroc": numpy.mean(aurocs),
        }


def class_sets():
    random = numpy.random.RandomState(3)

    def draw(rows, columns, logit, missing=0.0):
        data = rounded(random.normal(size=(rows, columns)))
        target = (random.uniform(size=rows) < 1 / (1 + numpy.exp(-logit(data)))).astype(int)
        data[random.uniform(size=data.shape) < missing] = numpy.nan
        return data, target

    yield "additive", draw(
        2400, 6, lambda x: 1.5 * x[:, 0] + numpy.sin(2 * x[:, 1]) * 2 - (x[:, 2] > 0.5) + 0.5 * x[:, 3] ** 2 - 0.5
    )
    yield "interaction, a tenth missing", draw(
        3000, 5, lambda x: 2 * x[:, 0] * x[:, 1] + 0.7 * x[:, 0] + x[:, 2], 0.1
    )
    yield "rare class", draw(3000, 6, lambda x: 2 * x[:, 0] + x[:, 1] - x[:, 2] * x[:, 3] - 4)


def explained():
    """A small booster node by node, with XGBoost's own exact TreeSHAP values of rows, some of them with missing values."""
    random = numpy.random.RandomState(4)
    data = rounded(random.normal(size=(300, 4)))
    target = data[:, 0] * data[:, 1] + numpy.abs(data[:, 2])
    data[random.uniform(size=data.shape) < 0.1] = numpy.nan
    options = {"tree_method": "hist", "max_depth": 5, "eta": 0.5, "base_score": 0.25, "nthread": 1}
    booster = xgboost.train(options, xgboost.DMatrix(data, label=target), 4)
    rows = data[:30]
    return {
        "columns": 4,
        "rows": stored(rows),
        "trees": [json.loads(tree) for tree in booster.get_dump(dump_format="json", with_stats=True)],
        "contributions": booster.predict(xgboost.DMatrix(rows), pred_contribs=True).astype(float).tolist(),
        "base": 0.25,
    }


def measures(target, shares):
    clipped = numpy.clip(shares.astype(float), FINEST, 1 - FINEST)
    return {"auroc": roc_auc_score(target, shares), "logLoss": log_loss(target, clipped)}


def classes():
    for name, (data, target) in class_sets():
        half = len(data) // 2
        train, test, learn, truth = data[:half], data[half:], target[:half], target[half:]
        options = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": 8,
            "max_depth": 0,
            "eta": 0.1,
            "reg_lambda": 1,
            "min_child_weight": 1,
            "max_bin": 255,
            "base_score": float(learn.mean()),
            "nthread": 1,
        }
        booster = xgboost.train(options, xgboost.DMatrix(train, label=learn), 60)
        boosted = booster.predict(xgboost.DMatrix(test))
        shares = []
        for seed in range(SEEDS):
            forest = RandomForestClassifier(100, min_samples_leaf=5, random_state=seed)
            forest.fit(numpy.nan_to_num(train, nan=FILL), learn)
            shares.append(measures(truth, forest.predict_proba(numpy.nan_to_num(test, nan=FILL))[:, 1]))
        yield {
            "name": name,
            "columns": data.shape[1],
            "data": stored(data),
            "target": "".join(map(str, target)),
            "boosting": measures(truth, boosted),
            "forest": {key: numpy.mean([share[key] for share in shares]) for key in shares[0]},
        }


json.dump(
    {
        "made": {
            "sklearn": sklearn.__version__,
            "xgboost": xgboost.__version__,
            "numpy": numpy.__version__,
            "seeds": SEEDS,
            "trees": TREES,
            "finest": FINEST,
        },
        "scale": SCALE,
        "missing": MISSING,
        "fill": FILL,
        "fixedForest": fixed_forest(),
        "explained": explained(),
        "outliers": list(outliers()),
        "classes": list(classes()),
    },
    sys.stdout,
    indent=1,
)
