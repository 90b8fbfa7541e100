"""The three data sets as rows of text, with their splits, and what each program is given of them."""

import math
import pathlib
import subprocess
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

PARTS = ("train", "valid", "test")


@dataclass
class Dataset:
    """Files of one data set, and how its columns are read."""

    name: str
    label: str
    positive: tuple
    numbers: list
    categories: list
    # Columns of several values in one text, with their separator.
    lists: dict
    columns: list | None = None  # of files without a header
    separator: str = ","
    files: dict = field(default_factory=dict)

    def frame(self, part):
        """The rows of a part, as text, and the labels."""
        frame = pd.read_csv(
            self.files[part],
            sep=self.separator,
            header=0 if self.columns is None else None,
            names=self.columns,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            comment="|" if self.columns else None,
        )
        labels = frame[self.label].isin(self.positive).to_numpy()
        return frame, labels.astype(np.float32)

    def parts(self):
        return {part: self.frame(part) for part in PARTS}


def adult(source, work, deepcross):
    """UCI Adult: a fifth of the training file is held out, by rows."""
    columns = (
        "age workclass fnlwgt education education-num marital-status occupation relationship race sex "
        "capital-gain capital-loss hours-per-week native-country income"
    ).split()
    numbers = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
    lines = [line for line in (source / "adult" / "adult.data").read_text().splitlines() if line.strip()]
    held_out = np.random.default_rng(1).random(len(lines)) < 0.2
    files = {}
    for part, is_held_out in (("train", False), ("valid", True)):
        chosen = [line for line, out in zip(lines, held_out) if out == is_held_out]
        files[part] = write(work / f"adult-{part}.csv", "\n".join(chosen) + "\n")
    # Its name does not show the format.
    files["test"] = write(work / "adult-test.csv", (source / "adult" / "adult.test").read_text())
    return Dataset(
        name="Adult",
        label="income",
        positive=(">50K", ">50K."),
        numbers=numbers,
        categories=[name for name in columns[:-1] if name not in numbers],
        lists={},
        columns=columns,
        files=files,
    )


def movielens(source, work, deepcross):
    """MovieLens latest-small, in the parts that its folder has."""
    return Dataset(
        name="MovieLens",
        label="like",
        positive=("1",),
        numbers=["age_days"],
        categories=["user", "movie", "title", "year", "hour"],
        lists={"genres": "|", "tags": "|"},
        files={part: source / "movielens" / f"{part}.csv" for part in PARTS},
    )


def clicks(source, work, deepcross, rows=300_000):
    """Simulated clicks of one world: the training rows, a tenth of them held out, and rows of another seed."""
    files = {part: work / f"clicks-{part}.tsv" for part in PARTS}
    if not all(path.exists() for path in files.values()):
        everything = work / "clicks.tsv"
        for out, count, seed in ((everything, rows, 1), (files["test"], rows // 3, 11)):
            command = [deepcross, "simulate", "--rows", str(count), "--seed", str(seed), "--out", out]
            subprocess.run(command, check=True, capture_output=True)
        header, *lines = everything.read_text().splitlines()
        held_out = np.random.default_rng(1).random(len(lines)) < 0.1
        for part, is_held_out in (("train", False), ("valid", True)):
            chosen = [line for line, out in zip(lines, held_out) if out == is_held_out]
            write(files[part], "\n".join([header, *chosen]) + "\n")
    return Dataset(
        name="simulated clicks",
        label="click",
        positive=("1",),
        numbers=["age", "price"],
        categories=["match_type", "campaign", "position", "user", "device", "hour"],
        lists={"query": " ", "keyword": " ", "title": " "},
        separator="\t",
        files=files,
    )


DATASETS = {"adult": adult, "movielens": movielens, "clicks": clicks}


def write(path, text):
    pathlib.Path(path).write_text(text)
    return path


class Vocabulary:
    """Numbers of the values of a training column; values that it does not have are 0."""

    def __init__(self, values, min_count=1):
        counts = Counter(values)
        kept = [value for value, count in counts.most_common() if count >= min_count]
        self.number = {value: index + 1 for index, value in enumerate(kept)}

    def __len__(self):
        return len(self.number) + 1

    def ids(self, values):
        return np.array([self.number.get(value, 0) for value in values], dtype=np.int64)


def number(text):
    """A number of a cell, or NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def numbers_of(frame, names):
    return np.stack([frame[name].map(number).to_numpy(np.float32) for name in names], axis=1)


def tokens(column, separator):
    return [[token for token in cell.split(separator) if token] for cell in column]


class TreeTable:
    """Columns for LightGBM: categories as they are, numbers, and the 100 most frequent members of each list."""

    N_MEMBERS = 100

    def __init__(self, dataset, frame):
        self.dataset = dataset
        self.whole = dataset.categories + [name for name, separator in dataset.lists.items() if separator == " "]
        self.categories = {name: Vocabulary(frame[name]) for name in self.whole}
        self.members = {}
        for name, separator in dataset.lists.items():
            counts = Counter(token for cell in tokens(frame[name], separator) for token in set(cell))
            self.members[name] = [token for token, _ in counts.most_common(self.N_MEMBERS)]

    def columns(self, frame):
        data = {}
        for name in self.whole:
            ids = self.categories[name].ids(frame[name])
            data[name] = pd.Categorical(ids, categories=range(len(self.categories[name])))
        values = numbers_of(frame, self.dataset.numbers)
        for index, name in enumerate(self.dataset.numbers):
            data[name] = values[:, index]
        for name, separator in self.dataset.lists.items():
            place = {token: index for index, token in enumerate(self.members[name])}
            has = np.zeros((len(frame), len(place)), dtype=np.int8)
            for row, cell in enumerate(tokens(frame[name], separator)):
                for token in cell:
                    if token in place:
                        has[row, place[token]] = 1
            for token, index in place.items():
                data[f"{name}_{index}"] = has[:, index]
        return pd.DataFrame(data)


class NetTable:
    """Ids, bags of ids and scaled numbers for a network."""

    def __init__(self, dataset, frame):
        self.dataset = dataset
        self.categories = {name: Vocabulary(frame[name], 2) for name in dataset.categories}
        self.bags = {
            name: Vocabulary((token for cell in tokens(frame[name], separator) for token in cell), 2)
            for name, separator in dataset.lists.items()
        }
        values = numbers_of(frame, dataset.numbers)
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0) + 1e-6

    def sizes(self):
        return [len(self.categories[name]) for name in self.categories], [len(bag) for bag in self.bags.values()]

    def encode(self, frame):
        """Ids (rows x fields), for each list the ids of all rows and where each row begins, and numbers."""
        ids = np.stack([vocabulary.ids(frame[name]) for name, vocabulary in self.categories.items()], axis=1)
        bags = []
        for name, vocabulary in self.bags.items():
            cells = tokens(frame[name], self.dataset.lists[name])
            lengths = np.array([len(cell) for cell in cells])
            bags.append((vocabulary.ids([token for cell in cells for token in cell]), lengths))
        values = (numbers_of(frame, self.dataset.numbers) - self.mean) / self.deviation
        return ids, bags, np.nan_to_num(values).astype(np.float32)
