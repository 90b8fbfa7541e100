#!/usr/bin/env python3
"""Predicts the messages and bytes that a rank sends in a step, and the memory that it needs.

The formulas are those of docs/cluster.md; change the numbers of MODEL to those of your model.
"""

from math import log2

MODEL = {
    "batch": 4096,  # `train.batch`
    "width": 16,  # `model.embedding`
    "fields": 26,  # fields with a table
    "table_rows": 25_000_000,  # rows of all tables together
    "dense": 1_267_439,  # all other weights
    "statistics": 0,  # with `model.batch_norm`: twice the widths of all normalised layers, and 1 for each statistic
    "clips": False,  # whether `train.clip_norm` is set
    "states": 2,  # numbers that the optimizer keeps for each weight: Adam 2, FTRL 2, Adagrad 1, SGD 0
    "groups": 32,  # `train.groups`
    "shuffle_rows": 200_000,  # `train.shuffle_buffer`
    "row_bytes": 39 * 4 + 4,  # bytes of an encoded row in memory: 4 for each id and number, and the label
    "valid_rows": 1_000_000,  # validation rows; 12 bytes each if rows have weights
}

# Distinct table rows that the rows of one rank look up in a step, all fields together, by number of ranks.
# Counted in the first 8,192 rows of day 0 of Criteo's terabyte click logs. Without a count, batch * fields / ranks is
# never too small.
DISTINCT = {2: 9_968, 4: 5_908, 8: 3_461, 16: 2_012, 32: 1_172}

ROWS_PER_SECOND = 11_678  # of one thread, from docs/performance.md
THREADS = 1  # threads of a rank


def traffic(model, ranks, distinct):
    """Messages and bytes that one rank sends in a step, by phase: the mean of all ranks."""
    others = ranks - 1
    asked = distinct * others / ranks  # rows that other ranks own
    row = 4 * model["width"]
    phases = {
        "ids": (others, 4 * (others * model["fields"] + asked)),
        "rows": (others, row * asked),
        "row gradients": (others, row * asked + asked / 8),
        "dense gradients": (2 * log2(ranks), 2 * 4 * model["dense"] * others / ranks),
        "losses": (others, others * 8 * model["groups"] / ranks),
        "next action": (others, others * 2),
    }
    if model["clips"]:
        phases["norms"] = (others, others * 8 * 64 * model["fields"])
    if model["statistics"]:
        phases["statistics"] = (others, others * 4 * model["groups"] / ranks * model["statistics"])
    return phases


def memory(model, ranks, distinct):
    """Bytes of a rank, without the encoder and the program itself."""
    dense, groups = 4 * model["dense"], max(1, model["groups"] // ranks)
    tables = 4 * model["width"] * model["table_rows"] / ranks
    # The weights, those of the best epoch, and the state of the optimizer.
    copies = 2 + model["states"]
    return {
        "dense weights": copies * dense,
        "tables": copies * tables,
        "gradients": (groups + 1) * dense,
        "rows of a step": 4 * (4 * model["width"] + 4) * distinct,
        "shuffle buffer": model["shuffle_rows"] * model["row_bytes"],
        "validation": 4 * model["valid_rows"],
    }


def main():
    print("| ranks | messages | rows of tables | dense gradients | all | a step computes | network |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for ranks in (2, 8, 32):
        phases = traffic(MODEL, ranks, DISTINCT[ranks])
        messages = sum(messages for messages, _ in phases.values())
        total = sum(sent for _, sent in phases.values())
        tables = sum(phases[name][1] for name in ("ids", "rows", "row gradients"))
        seconds = MODEL["batch"] / (ROWS_PER_SECOND * THREADS * ranks)
        cells = (
            ranks,
            f"{messages:.0f}",
            f"{tables / 1e6:.2f} MB",
            f"{phases['dense gradients'][1] / 1e6:.2f} MB",
            f"{total / 1e6:.2f} MB",
            f"{1e3 * seconds:.1f} ms",
            f"{8 * total / seconds / 1e9:.2f} Gbit/s",
        )
        print("|", " | ".join(map(str, cells)), "|")
    print()
    parts = memory(MODEL, 2, DISTINCT[2])
    print("| ranks |", " | ".join(parts), "| all |")
    print("|---:|" + "---:|" * (len(parts) + 1))
    for ranks in (2, 8, 32):
        parts = memory(MODEL, ranks, DISTINCT[ranks]).values()
        print("|", ranks, "|", " | ".join(f"{part / 1e6:,.0f} MB" for part in [*parts, sum(parts)]), "|")


if __name__ == "__main__":
    main()
