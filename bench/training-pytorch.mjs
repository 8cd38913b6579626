/** PyTorch's loop over the same networks: prints the milliseconds of a step, of the whole loop without its first tenth. */
export const PYTORCH = `
import json, sys, time
import torch
from torch import nn
settings = json.loads(sys.argv[1])
torch.set_num_threads(settings["threads"])
torch.manual_seed(1)

class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        changes = stride != 1 or inputs != outputs
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
        ) if changes else nn.Identity()
    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

def perceptron():
    layers, size = [], 784
    for _ in range(3):
        layers += [nn.Linear(size, 100, bias=False), nn.BatchNorm1d(100), nn.Sigmoid()]
        size = 100
    return nn.Sequential(*layers, nn.Linear(100, 10))

def resnet20():
    layers, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for width, stride in ((16, 1), (32, 2), (64, 2)):
        for i in range(3):
            layers.append(Block(channels, width, stride if i == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

is_mlp = settings["kind"] == "mlp"
net = perceptron() if is_mlp else resnet20()
batch, steps = settings["batch"], settings["steps"]
data = torch.randn(10 * batch, *((784,) if is_mlp else (3, 32, 32)))
labels = torch.arange(10 * batch) % 10
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.0 if is_mlp else 0.9)
order = torch.randperm(10 * batch)
warm = -(-steps // 10)
for step in range(steps):
    if step == warm:
        before = time.perf_counter()
    at = step % 10
    if at == 0:
        order = torch.randperm(10 * batch)
    chosen = order[at * batch:(at + 1) * batch]
    loss = nn.functional.cross_entropy(net(data[chosen]), labels[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
print(1000 * (time.perf_counter() - before) / (steps - warm))
`;
