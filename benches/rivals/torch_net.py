"""Deep Crossing in PyTorch: embeddings, residual units, and early stopping by the validation log loss."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from draws import log_uniform
from tables import NetTable

PATIENCE = 3


class Net(nn.Module):
    def __init__(self, sizes, bag_sizes, n_numbers, width, hidden, dropout):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in sizes)
        self.bags = nn.ModuleList(nn.EmbeddingBag(size, width, mode="mean") for size in bag_sizes)
        for table in [*self.tables, *self.bags]:
            nn.init.normal_(table.weight, 0, 0.01)
        stacked = width * (len(sizes) + len(bag_sizes)) + n_numbers
        self.units = nn.ModuleList(nn.ModuleList([nn.Linear(stacked, h), nn.Linear(h, stacked)]) for h in hidden)
        self.dropout, self.score = nn.Dropout(dropout), nn.Linear(stacked, 1)

    def forward(self, ids, bags, numbers):
        stacked = [table(ids[:, index]) for index, table in enumerate(self.tables)]
        stacked += [table(values, offsets) for table, (values, offsets) in zip(self.bags, bags)]
        x = torch.cat([*stacked, numbers], 1)
        for inner, outer in self.units:
            x = functional.relu(x + outer(self.dropout(functional.relu(inner(x)))))
        return self.score(x).squeeze(1)

    def table_weights(self):
        return [table.weight for table in [*self.tables, *self.bags]]


class Rows:
    """Encoded rows, of which any may be taken as a batch."""

    def __init__(self, encoded, labels):
        ids, bags, numbers = encoded
        self.ids, self.numbers = torch.from_numpy(ids), torch.from_numpy(numbers)
        self.labels = torch.from_numpy(labels)
        self.bags = [(values, lengths, np.cumsum(lengths) - lengths) for values, lengths in bags]

    def __len__(self):
        return len(self.labels)

    def batch(self, rows):
        bags = []
        for values, lengths, starts in self.bags:
            counts = lengths[rows]
            ends = np.cumsum(counts)
            within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
            taken = values[np.repeat(starts[rows], counts) + within]
            bags.append((torch.from_numpy(taken), torch.from_numpy(ends - counts)))
        place = torch.from_numpy(rows)
        return self.ids[place], bags, self.numbers[place]


class TorchDeepCrossing:
    name = f"Deep Crossing in PyTorch {torch.__version__.split('+')[0]}"

    def __init__(self, dataset, parts, threads):
        torch.set_num_threads(threads)
        table = NetTable(dataset, parts["train"][0])
        self.sizes, self.n_numbers = table.sizes(), len(dataset.numbers)
        self.rows = {part: Rows(table.encode(frame), labels) for part, (frame, labels) in parts.items()}

    def settings(self, draw):
        if draw is None:
            return {"rate": 1e-3, "width": 16, "hidden": (64, 64), "dropout": 0.2, "penalty": 1e-5, "batch": 512}
        return {
            "rate": log_uniform(draw, 3e-4, 1e-2),
            "width": int(draw.choice([8, 16, 32])),
            "hidden": tuple([(64, 64), (128, 64), (256, 128), (64,)][draw.integers(4)]),
            "dropout": draw.uniform(0, 0.5),
            "penalty": log_uniform(draw, 1e-6, 1e-2),
            "batch": int(draw.choice([256, 512, 1024])),
        }

    def fit(self, settings, seed):
        torch.manual_seed(seed)
        net = Net(*self.sizes, self.n_numbers, settings["width"], settings["hidden"], settings["dropout"])
        rest = [weights for name, weights in net.named_parameters() if not name.startswith(("tables", "bags"))]
        groups = [{"params": rest}, {"params": net.table_weights(), "weight_decay": settings["penalty"]}]
        optimizer = torch.optim.Adam(groups, settings["rate"], fused=True)
        best, kept, waited = np.inf, None, 0
        order = np.random.default_rng(seed)
        for _ in range(50):
            self.epoch(net, optimizer, order.permutation(len(self.rows["train"])), settings["batch"])
            loss = self.log_loss(net)
            if loss < best:
                best, kept, waited = loss, {name: value.clone() for name, value in net.state_dict().items()}, 0
            elif (waited := waited + 1) == PATIENCE:
                break
        net.load_state_dict(kept)
        return {part: self.probabilities(net, part) for part in ("valid", "test")}

    def epoch(self, net, optimizer, order, batch):
        net.train()
        rows = self.rows["train"]
        for start in range(0, len(order), batch):
            taken = order[start : start + batch]
            logit = net(*rows.batch(taken))
            loss = functional.binary_cross_entropy_with_logits(logit, rows.labels[torch.from_numpy(taken)])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    def probabilities(self, net, part):
        net.eval()
        rows = self.rows[part]
        with torch.inference_mode():
            places = np.array_split(np.arange(len(rows)), max(1, len(rows) // 4096))
            return torch.cat([torch.sigmoid(net(*rows.batch(place))) for place in places]).double().numpy()

    def log_loss(self, net):
        probability = torch.from_numpy(self.probabilities(net, "valid")).float()
        return functional.binary_cross_entropy(probability, self.rows["valid"].labels).item()
