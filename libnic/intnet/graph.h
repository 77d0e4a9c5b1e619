// A model's integer program: a graph of operations over tensors of int16 (format-spec/integer-networks.md).
//
// Plain data. Nothing here computes; Program (program.h) proves a graph safe and runs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/memory.h"
#include "base/status.h"

namespace nic {

// The values are those of the package format.
enum class Operation : uint8_t {
  kConvolution = 1,  // dense, kernel x kernel, stride 1 or 2
  kDepthwise = 2,    // one kernel x kernel filter per channel, stride 1
  kShuffle = 3,      // depth to space by `factor`
  kUnshuffle = 4,    // space to depth by `factor`
  kAdd = 5,          // clamp((a << left_shift_a) + (b << left_shift_b) + round >> shift)
  kMultiply = 6,     // clamp(a * b + round >> shift)
  kActivate = 7,     // clamp, then the activation, alone
  kLookup = 8,       // table[clamp(a) - low], table of high - low + 1 entries
  kConcatenate = 9,  // the channels of b behind those of a
};

// Applied to the clamped result v of an operation.
enum class Activation : uint8_t {
  kNone = 0,
  kRelu = 1,       // max(v, 0)
  kLeakyRelu = 2,  // max(v, v >> slope_shift), an arithmetic shift
  kAbsolute = 3,   // min(|v|, 32767)
};

constexpr int kNoTensor = -1;

// What CheckGraph accepts at most.
constexpr size_t kMaximalInputs = 16;
constexpr size_t kMaximalNodes = 4096;
constexpr size_t kMaximalOutputs = 16;
constexpr int kMaximalChannels = 4096;
constexpr int kMaximalScale = 256;  // of a Resolution's up or down

// One operation and the tensor that it makes.
//
// Tensors are numbered: first the graph's inputs in order, then each node's result in the order of the nodes. A node
// reads only tensors of smaller number. "Rounded shift by s" of x is (x + (s ? 1 << (s - 1) : 0)) >> s, arithmetic, on
// int32. All sums are int32 and never overflow: CheckGraph proves it.
//
// kConvolution, kDepthwise: with odd `kernel` k in {1, 3, 5}, p = k / 2 and zeros outside the tensor,
//   sum(y, x, o) = bias[o] + sum over i, j, c of weight[o][i][j][c] * a(stride * y + i - p, stride * x + j - p, c)
//                + (b(y, x, o) << skip_shift[o]   if b is given: a residual of the result's shape)
//   result = activation(clamp(rounded shift by shift[o] of sum, low, high)).
//   Result of height ceil(height / stride), width ceil(width / stride). Depthwise: weight[o][i][j], and c = o.
// kShuffle: result(f*y + i, f*x + j, c) = a(y, x, (i*f + j)*C + c), C = channels of the result.
// kUnshuffle: result(y, x, (i*f + j)*C + c) = a(f*y + i, f*x + j, c), C = channels of a; the height and width of a
//   must be multiples of f.
// kShuffle, kUnshuffle and kConcatenate copy: they have no clamp of their own; low, high must contain their inputs'.
struct Node {
  explicit Node(std::pmr::memory_resource& memory)
      : weight(&memory), bias(&memory), shift(&memory), skip_shift(&memory), table(&memory) {}

  Operation operation = Operation::kActivate;
  Activation activation = Activation::kNone;
  uint8_t slope_shift = 0;   // kLeakyRelu: 1..15
  uint8_t kernel = 1;        // kConvolution: 1, 3, 5; kDepthwise: 3, 5
  uint8_t stride = 1;        // kConvolution: 1, 2
  uint8_t factor = 1;        // kShuffle, kUnshuffle: 2..16
  uint8_t left_shift_a = 0;  // kAdd: 0..15
  uint8_t left_shift_b = 0;
  int a = kNoTensor;
  int b = kNoTensor;     // the second operand of kAdd, kMultiply, kConcatenate; the residual of a convolution, or none
  int channels = 0;      // of the result
  int16_t low = -32768;  // what the result is clamped to, low <= high, before the activation
  int16_t high = 32767;

  std::pmr::vector<int16_t> weight;      // as above, out-channel outermost
  std::pmr::vector<int32_t> bias;        // per out channel; convolutions
  std::pmr::vector<uint8_t> shift;       // per out channel for convolutions, one for kAdd and kMultiply: 0..31
  std::pmr::vector<uint8_t> skip_shift;  // per out channel where a convolution has a residual: 0..30
  std::pmr::vector<int16_t> table;       // kLookup
};

struct GraphInput {
  int channels = 0;
  int16_t low = -32768;  // the caller guarantees these bounds
  int16_t high = 32767;
};

struct Graph {
  explicit Graph(std::pmr::memory_resource& memory) : inputs(&memory), nodes(&memory), outputs(&memory) {}

  std::pmr::vector<GraphInput> inputs;  // all of one height and width
  std::pmr::vector<Node> nodes;
  std::pmr::vector<int> outputs;  // tensor numbers
};

// The values that tensor `number` can take, from its node's clamp and activation.
struct Bounds {
  int32_t low = 0;
  int32_t high = 0;
  int32_t magnitude() const { return -low > high ? -low : high; }
};
Bounds TensorBounds(const Graph& graph, int number);
int TensorChannels(const Graph& graph, int number);

// The size of a tensor as a fraction of the inputs' size: a stride or unshuffle multiplies `down`, a shuffle `up`.
// CheckGraph lets a graph either only shrink or only grow (up == 1 or down == 1 on every tensor).
struct Resolution {
  int up = 1;
  int down = 1;
};
Resolution TensorResolution(const Graph& graph, int number);
// The same for the result of `node` where its operand `a` has resolution `a`.
Resolution NodeResolution(const Node& node, Resolution a);

// Checks shapes, ranges and attributes (what an operation does not use must have its initial value; a weight is never
// -32768; an activation follows only convolutions, kAdd, kMultiply and kActivate), and proves for each output channel
// of each node that no intermediate sum, taken in any order, leaves int32: sum |weight| * max |a| + |bias| + (max |b|
// << skip_shift) + round < 2^31. kAdd and kMultiply are proven likewise. NIC_MODEL_MALFORMED for a graph that is not
// well formed, NIC_MODEL_UNSAFE where the proof fails; the message names the node and the field. Allocates from the
// memory of graph.nodes.
Status CheckGraph(const Graph& graph);

// Multiply-accumulates per sample of the graph's inputs (per position, all channels), summed over the convolutions.
double CountMacs(const Graph& graph);

// All operations of the graph in the same measure, in units of one multiply-accumulate: beside those, each sample of a
// node's result counts for kSampleWork.
constexpr double kSampleWork = 8;
double CountWork(const Graph& graph);

}  // namespace nic
