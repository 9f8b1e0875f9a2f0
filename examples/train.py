"""Trains a model on a collection's vectors, in one process or several, and goes on where it was killed.

    python3 examples/train.py http://127.0.0.1:7664 songs --processes 2 --state model.npz

The model is a linear autoencoder, made better by plain gradient descent. The losses are the same to the
bit for any number of processes that divides 4, and whether it was killed in between or not: the dataset
gives the same steps, each step is cut into the same pieces, and what the pieces give is added up in the
same order. Needs numpy and the package in clients/python.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# One thread for each process, so that sums have one order.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import sonidb

PIECE = 32
PIECES = 4
HIDDEN = 8
RATE = np.float32(0.05)

Weights = list[np.ndarray]


def start_weights(dimension: int, seed: int) -> Weights:
    generator = np.random.default_rng(seed)
    shapes = ((dimension, HIDDEN), (HIDDEN, dimension))
    return [(generator.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32) for shape in shapes]


def learn_from(piece: np.ndarray, weights: Weights) -> list[np.ndarray]:
    """The loss of a piece of a step, and its gradients."""
    down, up = weights
    hidden = piece @ down
    wrong = hidden @ up - piece
    return [np.sum(wrong * wrong), piece.T @ (wrong @ up.T), hidden.T @ wrong]


def dataset_of(arguments: argparse.Namespace, rank: int, version: str | None) -> sonidb.SoniDataset:
    return sonidb.SoniDataset(
        arguments.url,
        arguments.collection,
        batch_size=PIECE * PIECES // arguments.processes,
        seed=arguments.seed,
        rank=rank,
        world_size=arguments.processes,
        cache=arguments.cache,
        version=version,
    )


def pieces_of(vectors: np.ndarray) -> list[np.ndarray]:
    return [np.array(vectors[at : at + PIECE], np.float32) for at in range(0, len(vectors), PIECE)]


def follow(arguments: argparse.Namespace, rank: int, version: str, state: dict[str, Any], leader: Connection) -> None:
    """What every process but the first does: its share of each step."""
    dataset = dataset_of(arguments, rank, version)
    dataset.load_state_dict(state)
    while dataset.epoch < arguments.epochs:
        for batch in dataset:
            weights = leader.recv()
            leader.send([learn_from(piece, weights) for piece in pieces_of(batch.vectors)])


def save(path: Path, weights: Weights, state: dict[str, Any], losses: list[float]) -> None:
    """Keeps where it is; a process that is killed meanwhile leaves the last one."""
    new = path.with_suffix(".new.npz")
    np.savez(new, *weights, state=json.dumps(state), losses=np.array(losses))
    os.replace(new, path)


def lead(arguments: argparse.Namespace) -> None:
    path = Path(arguments.state)
    version, state, losses = None, None, []
    weights: Weights = []
    if path.exists():
        with np.load(path) as kept:
            weights = [kept["arr_0"], kept["arr_1"]]
            state, losses = json.loads(str(kept["state"])), kept["losses"].tolist()
            version = state["version"]
    dataset = dataset_of(arguments, 0, version)
    if state is not None:
        dataset.load_state_dict(state)
    else:
        weights = start_weights(dataset.pinned.dimension, arguments.seed)
    context = multiprocessing.get_context("spawn")
    others = []
    for rank in range(1, arguments.processes):
        here, there = context.Pipe()
        task = (arguments, rank, dataset.version, dataset.state_dict(), there)
        context.Process(target=follow, args=task, daemon=True).start()
        there.close()
        others.append(here)
    while dataset.epoch < arguments.epochs:
        for batch in dataset:
            for other in others:
                other.send(weights)
            learnt = [learn_from(piece, weights) for piece in pieces_of(batch.vectors)]
            for other in others:
                learnt += other.recv()
            loss, *gradients = learnt[0]
            for piece in learnt[1:]:
                loss = loss + piece[0]
                gradients = [sum_ + more for sum_, more in zip(gradients, piece[1:])]
            weights = [w - RATE / (PIECE * PIECES) * g for w, g in zip(weights, gradients)]
            losses.append(float(loss) / (PIECE * PIECES))
            print(f"epoch {dataset.epoch} step {len(losses)} loss {losses[-1]!r}", flush=True)
            if len(losses) % arguments.every == 0:
                save(path, weights, dataset.state_dict(), losses)
    save(path, weights, dataset.state_dict(), losses)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("collection")
    parser.add_argument("--processes", type=int, default=1, choices=(1, 2, 4))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=5, help="steps between two savings of the state")
    parser.add_argument("--state", default="model.npz")
    parser.add_argument("--cache", help="folder of pinned versions (default: ~/.cache/sonidb)")
    lead(parser.parse_args())


if __name__ == "__main__":
    main()
