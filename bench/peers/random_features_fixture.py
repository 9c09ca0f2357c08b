"""Prints how well scikit-learn's RBFSampler + SGDOneClassSVM agrees with the exact machine, for random-features.test.ts.

Reads the rows of src/ml/fixtures/one-class-svm.json; for each case prints the mean, over ten seeds, of Spearman's rank
correlation between both machines' decision values on training and test rows together.

Run: /usr/bin/python3 bench/peers/random_features_fixture.py
Needs python3-sklearn.
"""

import json
import os

import numpy
import sklearn
from scipy.stats import spearmanr
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import SGDOneClassSVM
from sklearn.svm import OneClassSVM

fixture = os.path.join(os.path.dirname(__file__), "../../src/ml/fixtures/one-class-svm.json")
print("scikit-learn", sklearn.__version__)
for case in json.load(open(fixture))["cases"]:
    train = numpy.array(case["train"]).reshape(-1, case["columns"])
    test = numpy.array(case["test"]).reshape(-1, case["columns"])
    gamma = case["gamma"] or 1 / (case["columns"] * train.var())
    rows = numpy.vstack([train, test])
    exact = OneClassSVM(nu=case["nu"], gamma=gamma, tol=1e-8).fit(train).decision_function(rows)
    agreements = []
    for seed in range(10):
        sampler = RBFSampler(gamma=gamma, n_components=256, random_state=seed).fit(train)
        machine = SGDOneClassSVM(nu=case["nu"], tol=1e-6, max_iter=10000, average=True, random_state=seed)
        machine.fit(sampler.transform(train))
        agreements.append(spearmanr(machine.decision_function(sampler.transform(rows)), exact)[0])
    print(case["name"], round(float(numpy.mean(agreements)), 4))
