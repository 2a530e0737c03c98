"""Spectral signatures and activation clustering of the Adversarial Robustness Toolbox on one table.

    PYTHON bench/poison_peer.py TABLE.parquet SHARE

PYTHON has adversarial-robustness-toolbox 1.20.1, scikit-learn, pandas, pyarrow and lightgbm. Both methods
see two models of the label: a small neural network (64 and 32 units), for which they were published, and
boosted trees, whose leaves (one column each) take the place of its last layer. SHARE is the share of
poisoned rows that spectral signatures are told, which in practice nobody knows. Prints, for each, the
`id`s of the rows that it would remove, as JSON.
"""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from art.defences.detector.poison import ActivationDefence, SpectralSignatureDefense  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402


class Activations:
    """What both methods ask of a classifier: its classes and the outputs of its last layer."""
    nb_classes = 2
    layer_names = ["last"]

    def __init__(self, values):
        self.values = values

    def get_activations(self, x, layer, batch_size):
        return self.values


def network_layer(table, label):
    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    columns = pd.get_dummies(table, columns=texts)
    x = StandardScaler().fit_transform(columns.to_numpy(float))
    model = MLPClassifier((64, 32), random_state=1, max_iter=100, early_stopping=True).fit(x, label)
    for weights, bias in list(zip(model.coefs_, model.intercepts_))[:-1]:
        x = np.maximum(x @ weights + bias, 0)
    return x


def leaf_layer(table, label):
    coded = table.copy()
    for name in coded:
        if not pd.api.types.is_numeric_dtype(coded[name]):
            coded[name] = coded[name].astype("category")
    settings = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 31, "verbose": -1,
                "num_threads": 2}
    model = lightgbm.train(settings, lightgbm.Dataset(coded, label), 60)
    leaves = model.predict(coded, pred_leaf=True)
    return np.hstack([leaves == leaf for leaf in range(31)]).astype(np.float32)


def main():
    table = pd.read_parquet(sys.argv[1])
    share = float(sys.argv[2])
    ids, label = table.pop("id").to_numpy(), table.pop("label").to_numpy()
    one_hot = np.eye(2)[label]
    found = {}
    for name, layer in (("network", network_layer), ("leaves", leaf_layer)):
        model = Activations(layer(table, label))
        x = np.zeros((len(table), 1))
        _, clean = SpectralSignatureDefense(model, x, one_hot, expected_pp_poison=share).detect_poison()
        found[f"spectral, {name}"] = ids[np.asarray(clean) == 0].tolist()
        _, clean = ActivationDefence(model, x, one_hot).detect_poison(
            nb_clusters=2, nb_dims=10, reduce="PCA", cluster_analysis="smaller")
        found[f"clustering, {name}"] = ids[np.asarray(clean) == 0].tolist()
    print(json.dumps(found))


main()
