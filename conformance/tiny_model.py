"""A model of a few hundred weights, for the cases that break models: its graphs are known node by node.

synthesis: 0 convolution 1x1, 1 shuffle by 2, 2 depthwise 3x3 with a leaky activation, 3 convolution 3x3, 4 shuffle by 4.
"""

import numpy as np

from writing import nicref

MODEL_ID = 4020
LATENTS, HYPER, FEATURES, SCALES = 2, 1, 2, 3


class Numbers:
    """The same numbers on every machine: a linear congruential generator."""

    def __init__(self, seed):
        self.state = seed

    def draw(self, low, high):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return low + (self.state >> 33) % (high - low + 1)


def make_graph(name, inputs):
    graph = nicref.Graph()
    graph.name, graph.nodes, graph.outputs = name, [], []
    graph.inputs = [nicref.Tensor(channels, low, high, 1, 1) for channels, low, high in inputs]
    graph.tensors = list(graph.inputs)
    return graph


def append(graph, operation, a, channels, low, high, judged=True, **fields):
    """Adds a node; one that is not judged may be malformed."""
    node = nicref.Node()
    node.operation, node.a, node.b, node.channels, node.low, node.high = operation, a, -1, channels, low, high
    node.activation = node.slope_shift = node.left_shift_a = node.left_shift_b = 0
    node.kernel = node.stride = node.factor = 1
    node.weight = node.bias = node.skip_shift = node.table = None
    node.shift = np.zeros(0, np.int64)
    for field, value in fields.items():
        setattr(node, field, value)
    graph.tensors.append(nicref.judge_node(graph, node, graph.name) if judged else None)
    graph.nodes.append(node)
    return len(graph.tensors) - 1


def convolve(graph, numbers, operation, a, channels, kernel, low, high, shift, **fields):
    depth = [] if operation == nicref.DEPTHWISE else [graph.tensors[a].channels]
    shape = [channels, kernel, kernel] + depth
    weight = np.array([numbers.draw(-300, 300) for _ in range(int(np.prod(shape)))], np.int64).reshape(shape)
    bias = np.array([numbers.draw(-2000, 2000) for _ in range(channels)], np.int64)
    return append(graph, operation, a, channels, low, high, kernel=kernel, weight=weight, bias=bias,
                  shift=np.full(channels, shift, np.int64), **fields)


def make_table(first, frequencies):
    table = nicref.Table()
    table.first, table.low_bits, table.symbols = first, 0, len(frequencies) - 1
    table.starts = [sum(frequencies[:i]) for i in range(len(frequencies) + 1)]
    assert table.starts[-1] == 65536
    return table


def make_context(numbers, number):
    y = [(LATENTS, -4096, 4095)] if number else []
    graph = make_graph(f"context {number}", y + [(FEATURES, -2000, 2000)])
    a = number
    if number:
        a = append(graph, nicref.CONCATENATE, 0, LATENTS + FEATURES, -4096, 4095, b=1)
    graph.outputs = [convolve(graph, numbers, nicref.CONVOLUTION, a, LATENTS, 3, -2000, 2000, 12),
                     convolve(graph, numbers, nicref.CONVOLUTION, a, LATENTS, 1, 0, SCALES - 1, 17)]
    return graph


def make_tiny_model():
    numbers = Numbers(1)
    m = nicref.Model()
    m.latent_channels, m.hyper_channels, m.latent_factor, m.hyper_factor = LATENTS, HYPER, 8, 2
    m.latent_bits, m.latent_low, m.latent_high, m.output_bits = 6, -4096, 4095, 4
    m.levels, m.scales, m.first_coded_scale = 3, SCALES, 1
    m.inverse_gain = np.array([[(1 - level) * 4096 + 100 * c for c in range(LATENTS)] for level in range(3)], np.int64)
    m.hyper_tables = [make_table(-1, [16000, 33000, 16000, 536])]
    m.scale_tables = [make_table(-1, [5000, 55000, 5000, 536]), make_table(-2, [9000, 14000, 19000, 14000, 9000, 536])]
    m.hyper_synthesis = make_graph("hyper_synthesis", [(HYPER, -40, 40)])
    a = convolve(m.hyper_synthesis, numbers, nicref.CONVOLUTION, 0, 4 * FEATURES, 1, -2000, 2000, 2)
    m.hyper_synthesis.outputs = [append(m.hyper_synthesis, nicref.SHUFFLE, a, FEATURES, -2000, 2000, factor=2)]
    m.passes = []
    for number in range(2):
        p = nicref.Pass()
        p.coded = [(0, LATENTS) if (phase in (0, 3)) == (number == 0) else (0, 0) for phase in range(4)]
        p.context = make_context(numbers, number)
        m.passes.append(p)
    m.synthesis = make_graph("synthesis", [(LATENTS, -8000, 8000)])
    a = convolve(m.synthesis, numbers, nicref.CONVOLUTION, 0, 8, 1, -4000, 4000, 7)
    a = append(m.synthesis, nicref.SHUFFLE, a, 2, -4000, 4000, factor=2)
    a = convolve(m.synthesis, numbers, nicref.DEPTHWISE, a, 2, 3, -4000, 4000, 8, activation=nicref.LEAKY_RELU,
                 slope_shift=2)
    a = convolve(m.synthesis, numbers, nicref.CONVOLUTION, a, 48, 3, -6000, 6000, 9)
    m.synthesis.outputs = [append(m.synthesis, nicref.SHUFFLE, a, 3, -6000, 6000, factor=4)]
    return m


def make_deblocking():
    """A gentle filter towards the other side of a border, for the smallest steps none."""
    d = nicref.Deblocking()
    d.activity, d.step, d.filter_bits = np.array([40, 300]), np.array([16]), 12
    d.filter = np.zeros((3, 2, 3, 2, 4, 8), np.int64)
    for i in range(4):
        d.filter[:, :, :, 1, i, 4] = 200 * (i + 1)
        d.filter[:, :, :, 1, i, i] = -200 * (i + 1)
    return d


def make_preview(reads=True):
    """The graph of 1/8: a convolution, or what gives out the latents themselves."""
    numbers = Numbers(2)
    graph = make_graph("preview 1/8", [(LATENTS, -8000, 8000)])
    last = convolve(graph, numbers, nicref.CONVOLUTION, 0, 3, 3, -4000, 4000, 9)
    graph.outputs = [last if reads else 0]
    return graph


def make_unshuffled_preview():
    """A graph of 1/16 that must not be, for its unshuffle."""
    numbers = Numbers(3)
    graph = make_graph("preview 1/16", [(LATENTS, -8000, 8000)])
    a = append(graph, nicref.UNSHUFFLE, 0, 4 * LATENTS, -8000, 8000, factor=2)
    graph.outputs = [convolve(graph, numbers, nicref.CONVOLUTION, a, 3, 1, -4000, 4000, 9)]
    return graph
