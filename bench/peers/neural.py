"""Peer of bench/ml-neural.ts: PyTorch on one thread.

Reads one request a line from standard input, `lstm SECONDS` or `autoencoder SECONDS`, trains for about that long and answers
with one line: rows a second. The first request of a kind warms up by itself. Debian: apt-get install python3-torch
"""
import sys
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)

ROWS = 4096


class Lstm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(16, 32, batch_first=True)
        self.head = torch.nn.Linear(32, 1)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def autoencoder():
    linear, tanh = torch.nn.Linear, torch.nn.Tanh
    return torch.nn.Sequential(linear(64, 32), tanh(), linear(32, 8), tanh(), linear(8, 32), tanh(), linear(32, 64))


class Task:
    def __init__(self, model, x, y, batch):
        self.model, self.x, self.y, self.batch = model, x, y, batch
        self.optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)

    def epoch(self):
        order = torch.randperm(ROWS)
        for start in range(0, ROWS, self.batch):
            rows = order[start : start + self.batch]
            self.optimiser.zero_grad(set_to_none=True)
            loss = torch.nn.functional.mse_loss(self.model(self.x[rows]), self.y[rows])
            loss.backward()
            self.optimiser.step()

    def rate(self, seconds):
        self.epoch()
        epochs, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            self.epoch()
            epochs += 1
        return epochs * ROWS / (time.perf_counter() - started)


rows = torch.randn(ROWS, 64)
tasks = {
    "lstm": Task(Lstm(), torch.randn(ROWS, 30, 16), torch.randn(ROWS, 1), 64),
    "autoencoder": Task(autoencoder(), rows, rows, 128),
}

print(f"torch {torch.__version__}", flush=True)
for line in sys.stdin:
    kind, seconds = line.split()
    print(tasks[kind].rate(float(seconds)), flush=True)
