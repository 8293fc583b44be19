"""Quantising a ResNet-18 end to end: `python -m bench.quantize [--samples 4] [--image 224]`.

Weights are drawn (He), as no trained ones ship with a package; `python -m bench.accuracy` has
trained nets. Prints wall time of each part, the mix at 4.5 bits beside single formats, and
compares what onnx's own evaluator makes of the written weights with our codec, bit by bit.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from bench.nets import resnet18
from cosynth.codesign.quantize import Quantised, Wanted, quantize
from cosynth.compress import Choice, Network, Runner, network, random_samples, stored
from cosynth.compress.sensitivity import Measure
from cosynth.compress.write import save, written
from cosynth.format import known

FORMATS = ("mxint8", "mxfp6", "mxfp4", "nvfp4", "int4")


def weights_alone(model: onnx.ModelProto) -> onnx.ModelProto:
    """What the file does to its weights: the nodes that read constants only, as a model."""
    known_values = {one.name for one in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if all(name in known_values for name in node.input if name):
            nodes.append(node)
            known_values.update(node.output)
    made = {name for node in nodes for name in node.output}
    taken = {name for node in nodes for name in node.input}
    outputs = [onnx.ValueInfoProto(name=name) for name in sorted(made - taken)]
    graph = helper.make_graph(nodes, "weights", [], outputs, list(model.graph.initializer))
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def compared(given: Network, found: Quantised, model: onnx.ModelProto) -> tuple[int, int]:
    """Weights compared, and how many differ in any bit."""
    alone = weights_alone(model)
    names = [each.name for each in alone.graph.output]
    values = dict(zip(names, ReferenceEvaluator(alone).run(None, {}), strict=True))
    readers = {node.output[0]: node for node in model.graph.node}
    count = wrong = 0
    for site in given.sites:
        one = site.weight
        if one is None:
            continue
        right = stored(given.constants[one.tensor], known(found.choices[site.name].weights), one)
        node = readers[given.model.graph.node[site.node].output[0]]
        mine = values[node.input[one.at]]
        count += right.size
        wrong += int((mine.view(np.int32) != np.asarray(right).view(np.int32)).sum())
    return count, wrong


def main() -> None:
    """Print the times, the front and the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--image", type=int, default=224)
    parser.add_argument("--bits", type=float, default=4.5)
    given = parser.parse_args()
    start = time.perf_counter()
    net = network(resnet18(1000, given.image), "resnet18")
    samples = random_samples(net, given.samples, 0, {})
    runner = Runner(network=net)
    wanted = Wanted(
        options=tuple(Choice(weights=name) for name in FORMATS),
        limits={"bits": given.bits},
        kept={},
    )
    read = time.perf_counter()
    found = quantize(net, Measure(runner=runner, feeds=samples.feeds), wanted)
    chosen = time.perf_counter()
    made = written(runner, found.choices)
    with tempfile.TemporaryDirectory() as folder:
        size = save(made.model, Path(folder) / "out.onnx")
    done = time.perf_counter()
    print(
        f"resnet18 at {given.image}, {given.samples} samples, {', '.join(runner.engines)}:"
        f" {read - start:.1f} s to make and read it, {chosen - read:.1f} s for"
        f" {len(found.layers) * len(FORMATS)} errors, the choice and"
        f" {len(found.front) + len(found.uniform)} members, {done - chosen:.1f} s to write"
        f" {size / 1e6:.2f} MB ({found.elements * 4 / 1e6:.1f} MB as float32)"
    )
    rows = [(found.table.options[at], each) for at, each in found.uniform.items()]
    for name, each in [*rows, ("the mix", found.best)]:
        predicted = each.figures["noise"]
        print(
            f"  {name:8} {each.figures['bits']:.3f} bits {-10 * math.log10(each.noise):5.1f} dB"
            f" (predicted {-10 * math.log10(predicted):.1f})"
        )
    count, wrong = compared(net, found, made.model)
    print(f"  written weights against the codec: {count:,} values, {wrong} with another bit")


if __name__ == "__main__":
    main()
