"""Makes options.json: what PyTorch, in float64, makes of two small networks under options of losses and optimizers.

Run by hand where PyTorch is installed: python options.py > options.json. No test runs it.
"""

import json

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
MASK = 2**32 - 1
WEIGHTS = [0.5, 1, 2, 1.5]


def draw(seed, count, scale, offset=0):
    """Of ../support.ts, rounded to float32."""
    numbers = []
    for i in range(count):
        h = ((i + 1) * 2654435761 + seed * 40503) & MASK
        h = ((h ^ (h >> 15)) * 0x2C1B3C6D) & MASK
        h = ((h ^ (h >> 12)) * 0x297A2D39) & MASK
        h = h ^ (h >> 15)
        numbers.append((h / 2**32 * 2 - 1) * scale + offset)
    return torch.tensor(numbers, dtype=torch.float32).to(torch.float64)


def parameters(rows):
    made = {}
    for index, (name, dims, scale, *offset) in enumerate(rows):
        count = int(torch.tensor(dims).prod())
        made[name] = draw(index + 1, count, scale, *offset).reshape(dims).requires_grad_()
    return made


MLP = [
    ("w1", [6, 8], 0.7),
    ("g", [8], 0.2, 1),
    ("h", [8], 0.2),
    ("w2", [8, 7], 0.7),
    ("b2", [7], 0.1),
    ("w3", [7, 4], 0.7),
    ("b3", [4], 0.1),
]
PLACES = [("k", [6, 3, 3], 0.7), ("c", [6], 0.2), ("v", [4, 6, 1], 0.7), ("d", [4], 0.1)]


def mlp(p, x):
    v = F.batch_norm(x @ p["w1"], None, None, p["g"], p["h"], training=True, eps=1e-5)
    return torch.tanh(torch.sigmoid(v) @ p["w2"] + p["b2"]) @ p["w3"] + p["b3"]


def places(p, x):
    return F.conv1d(torch.tanh(F.conv1d(x, p["k"], p["c"], padding=1)), p["v"], p["d"])


NETWORKS = {
    "mlp": (MLP, mlp, [10, 6], lambda b: [(i * 7 + b) % 4 for i in range(10)], [10]),
    "places": (PLACES, places, [5, 3, 6], lambda b: [(i * 7 + b) % 4 for i in range(30)], [5, 6]),
}


def train(case):
    rows, forward, sizes, labels, label_sizes = NETWORKS[case["net"]]
    p = parameters(rows)
    decay = case.get("weightDecay", 0)
    groups = [
        {"params": [t for t in p.values() if t.ndim > 1], "weight_decay": decay},
        {"params": [t for t in p.values() if t.ndim == 1], "weight_decay": 0},
    ]
    kind, rate = case["optimizer"], case["learningRate"]
    if kind in ("adam", "adamw"):
        make = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
        optimizer = make(groups, lr=rate, betas=case["betas"], eps=case["epsilon"])
    else:
        optimizer = torch.optim.SGD(
            groups, lr=rate, momentum=case.get("momentum", 0), nesterov=kind == "nesterov"
        )
    options = {
        "weight": torch.tensor(case["classWeights"]) if "classWeights" in case else None,
        "ignore_index": case.get("ignoreIndex", -100),
        "label_smoothing": case.get("labelSmoothing", 0),
    }
    losses, norms = [], []
    for step in range(101):
        batch = step % 4
        count = int(torch.tensor(sizes).prod())
        x = draw(500 + batch, count, 1.5).reshape(sizes)
        wanted = torch.tensor(labels(batch)).reshape(label_sizes)
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(p, x), wanted, **options)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(p.values(), case.get("clipNorm", float("inf")))
        before = {name: t.detach().clone() for name, t in p.items()}
        optimizer.step()
        if step == 0:
            updates = {name: (t.detach() - before[name]).flatten().tolist() for name, t in p.items()}
        if step % 10 == 0:
            losses.append(loss.item())
            norms.append(norm.item())
    return {**case, "losses": losses, "norms": norms, "updates": updates}


CASES = [
    {"net": "mlp", "optimizer": "momentum", "learningRate": 0.05, "momentum": 0.6},
    {"net": "mlp", "optimizer": "nesterov", "learningRate": 0.05, "momentum": 0.6, "weightDecay": 0.05},
    {"net": "mlp", "optimizer": "adam", "learningRate": 0.01, "betas": [0.8, 0.95], "epsilon": 1e-3},
    {
        "net": "mlp",
        "optimizer": "adamw",
        "learningRate": 0.01,
        "betas": [0.7, 0.9],
        "epsilon": 1e-4,
        "weightDecay": 0.3,
    },
    {"net": "mlp", "optimizer": "sgd", "learningRate": 0.3, "clipNorm": 0.1},
    {"net": "mlp", "optimizer": "momentum", "learningRate": 0.1, "momentum": 0.9, "clipNorm": 0.2},
    {"net": "places", "optimizer": "sgd", "learningRate": 0.1},
    {
        "net": "places",
        "optimizer": "sgd",
        "learningRate": 0.1,
        "classWeights": WEIGHTS,
        "ignoreIndex": 2,
        "labelSmoothing": 0.2,
    },
]



def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


if __name__ == "__main__":
    print("[\n" + ",\n".join(json.dumps(rounded(train(case))) for case in CASES) + "\n]")
