"""A random forest of scikit-learn: the label, and the classes' probabilities."""
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier


class Model:
    input_type = "doubles"
    input_size = 4
    outputs = [
        {"name": "label", "type": "integers", "shape": []},
        {"name": "probabilities", "type": "doubles", "shape": [3]},
    ]

    def __init__(self):
        features, labels = load_iris(return_X_y=True)
        self.forest = RandomForestClassifier(n_estimators=20, random_state=0).fit(features, labels)

    def predict(self, batch):
        return {"label": self.forest.predict(batch), "probabilities": self.forest.predict_proba(batch)}
