"""Job titles: seniority and department beside character n-grams with logistic regression, on lists that both learn from.

`python -m bench.titles` prints the figures; with --train it learns the weights in enrichment/titles.json anew. Needs the lists
of titles in ../shared/data/job-titles. A title is for training when the first eight hex digits of its sha256, modulo 10, are
below 7, else for the test.
"""

import argparse
import csv
import json
from hashlib import sha256

from bench.report import goal
from lio.embedded.place import CHECKOUT

DATA = CHECKOUT.parent / "shared" / "data" / "job-titles"
WEIGHTS = CHECKOUT / "enrichment" / "titles.json"
KEPT = 500  # word pieces of each list


def lists(name):
    """({text: label} to learn from, {text: label} to test with)."""
    taught, tested = {}, {}
    with open(DATA / f"{name}_labels.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            part = int(sha256(row["text"].encode()).hexdigest()[:8], 16) % 10
            (taught if part < 7 else tested)[row["text"]] = row["label"]
    return taught, tested


def train():
    """Learn both tables of weights and write them as whole numbers."""
    learned = {name: fitted(lists(name)[0]) for name in ("seniority", "department")}
    lines = [f'"{name}": {json.dumps(table, ensure_ascii=False, separators=(",", ":"))}' for name, table in learned.items()]
    WEIGHTS.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def fitted(taught):
    """Weights of the word pieces that count most: a support vector machine is fitted, half of the pieces let go, again."""
    import numpy
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import normalize
    from sklearn.svm import LinearSVC

    from enrichment.titles import pieces, plain

    vectors = CountVectorizer(analyzer=lambda text: pieces(plain(text)), binary=True, min_df=2)
    counts = vectors.fit_transform(taught).astype(float)
    names, labels = vectors.get_feature_names_out(), list(taught.values())
    kept = numpy.arange(len(names))
    while True:
        model = LinearSVC(class_weight="balanced", random_state=0).fit(normalize(counts[:, kept]), labels)
        if len(kept) <= KEPT:
            break
        weight = numpy.abs(model.coef_).max(axis=0)
        kept = numpy.sort(kept[numpy.argsort(-weight, kind="stable")[: max(KEPT, len(kept) // 2)]])
    weights = (model.coef_.T * 1000).round().astype(int).tolist()
    return {
        "names": model.classes_.tolist(),
        "bias": (model.intercept_ * 1000).round().astype(int).tolist(),
        "pieces": {str(names[at]): row for at, row in zip(kept, weights, strict=True)},
    }


def compared(name):
    """{who: (accuracy, macro-F1)} on the titles for the test. "ours" is what the product answers, "weights alone" what the
    learned weights would say without the written rules, "n-grams" the measure to compare with."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score

    from enrichment import titles

    taught, tested = lists(name)
    truths = sorted(set(taught.values()))
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5))
    plain = LogisticRegression(max_iter=1000).fit(vectors.fit_transform(taught), list(taught.values()))
    answers = {
        "ours": [getattr(titles.read(text), name) for text in tested],
        "weights alone": [titles.choose(name, titles.plain(text), list(truths)) for text in tested],
        "n-grams": plain.predict(vectors.transform(tested)).tolist(),
    }
    truth = list(tested.values())
    return {
        who: (accuracy_score(truth, said), f1_score(truth, said, labels=truths, average="macro"))
        for who, said in answers.items()
    }


def measure(say):
    """Checks: the learned weights beside n-grams on both lists, and what the product answers."""
    checks = []
    for name in ("seniority", "department"):
        say(f"titles: {name}")
        figures = compared(name)
        text = ", ".join(f"{who} {accuracy:.3f} / {f1:.3f}" for who, (accuracy, f1) in figures.items())
        goals = [
            goal(f"{what} of the weights / n-grams", ours / theirs, 1, least=True)
            for what, ours, theirs in zip(("accuracy", "macro-F1"), figures["weights alone"], figures["n-grams"], strict=True)
        ]
        checks.append({"case": f"{name} of titles", "text": f"accuracy / macro-F1: {text}", "goals": goals})
    return checks


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.titles")
    parser.add_argument("--train", action="store_true", help="learn the weights anew")
    if parser.parse_args().train:
        train()
    for which in ("seniority", "department"):
        for who, (accuracy, f1) in compared(which).items():
            print(f"{which:12} {who:14} accuracy {accuracy:.4f}  macro-F1 {f1:.4f}")
