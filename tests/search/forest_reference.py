#!/usr/bin/python3
"""Prints forest_reference.inc: what scikit-learn (Debian's python3-sklearn 1.2) makes of the importances of features
that follow from a rule, as the mean of ten forests. `forest_reference.py > forest_reference.inc`"""

import numpy
from sklearn.ensemble import RandomForestClassifier

ROWS, COLUMNS, CLASSES = 1500, 60, 5


def uniform(stream, count):
    """Values in [0, 1) that depend on the stream and the place alone."""
    x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(stream * 40503 + 1)
    x = (x ^ (x >> 16)) * numpy.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * numpy.uint32(0x846CA68B)
    x ^= x >> 16
    return x.astype(numpy.float64) / 2**32


labels = numpy.arange(ROWS) % CLASSES
features = numpy.empty((ROWS, COLUMNS), dtype=numpy.float32)
for c in range(COLUMNS):
    levels = uniform(1000 + c, CLASSES)
    # Every third column is rounded: many rows are equal there.
    values = uniform(c, ROWS) + 1.5 / (1 + c / 6) * levels[labels]
    features[:, c] = numpy.round(values * 8) / 8 if c % 3 == 0 else values

print("// By forest_reference.py: importances by Gini impurity, then by entropy.")
for criterion in ["gini", "entropy"]:
    total = numpy.zeros(COLUMNS)
    for seed in range(10):
        forest = RandomForestClassifier(n_estimators=30, criterion=criterion, max_depth=10, max_features="sqrt",
                                        min_samples_split=2, min_samples_leaf=1, bootstrap=True, random_state=seed)
        total += forest.fit(features, labels).feature_importances_
    print("{" + ", ".join("%.6f" % v for v in total / 10) + "},")
