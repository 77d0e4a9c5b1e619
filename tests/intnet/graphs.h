// Graphs, sources and sinks for the tests of libnic/intnet.
#pragma once

#include <random>
#include <vector>

#include "intnet/graph.h"
#include "intnet/program.h"

namespace nic::testing {

// A whole tensor.
struct Tensor {
  Tensor() = default;
  Tensor(int64_t height_samples, int64_t width_samples, int channel_count)
      : height(height_samples), width(width_samples), channels(channel_count), data(height * width * channels) {}
  int16_t& at(int64_t y, int64_t x, int c) { return data[(y * width + x) * channels + c]; }
  int16_t at(int64_t y, int64_t x, int c) const { return data[(y * width + x) * channels + c]; }
  bool operator==(const Tensor&) const = default;

  int64_t height = 0, width = 0;
  int channels = 0;
  std::vector<int16_t> data;
};

Tensor Crop(const Tensor& tensor, const Rect& rect);

// Gives the rows of whole tensors, and notes when it is asked out of order or outside.
class TensorsSource : public TensorSource {
 public:
  explicit TensorsSource(const std::vector<Tensor>& tensors) : tensors_(tensors), next_(tensors.size(), -1) {}
  Status Read(int input, const TensorView& view) override;
  bool orderly() const { return orderly_; }

 private:
  const std::vector<Tensor>& tensors_;
  std::vector<int64_t> next_;  // the row that should be asked for next, or -1
  bool orderly_ = true;
};

// Collects the rows of `rect`.
class TensorsSink : public TensorSink {
 public:
  TensorsSink(size_t outputs, const Rect& rect) : tensors(outputs), rect_(rect), next_(outputs, rect.y0) {}
  Status Write(int output, const ConstTensorView& view) override;
  bool complete() const;  // every row of every output came, in order
  std::vector<Tensor> tensors;

 private:
  Rect rect_;
  std::vector<int64_t> next_;
  bool orderly_ = true;
};

// Asks for many tasks and calls the last first, so that a dependence on their order or number shows.
class Backwards final : public Parallel {
 public:
  explicit Backwards(size_t width) : width_(width) {}
  size_t width() const override { return width_; }
  void Run(size_t count, Task task, void* context) override {
    for (size_t i = count; i-- > 0;) task(context, i);
  }

 private:
  size_t width_;
};

using Random = std::mt19937;
inline int Draw(Random& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
inline bool OneIn(Random& random, int n) { return Draw(random, 1, n) == 1; }

enum class Fill { kRandom, kLow, kHigh, kExtremes };
Tensor MakeTensor(Random& random, int64_t height, int64_t width, const GraphInput& input, Fill fill);

Node MakeNode(Operation operation, int a, int b, int channels, Memory& memory);

struct ConvolutionShape {
  Operation operation = Operation::kConvolution;
  int channels = 1;
  int kernel = 1;
  int stride = 1;
};
// A convolution with random constants that the proof just accepts; some are all extreme. `b` may be kNoTensor.
Node MakeConvolution(Random& random, const Graph& graph, int a, int b, const ConvolutionShape& shape, Memory& memory);
// Gives kAdd and kMultiply shifts that the proof accepts.
void SetRandomShifts(Random& random, const Graph& graph, Node& node);
void SetRandomClamp(Random& random, Node& node);
void SetRandomActivation(Random& random, Node& node);
void WidenClampOfCopy(const Graph& graph, Node& node);

// A random graph of up to `nodes` nodes that grows or shrinks.
Graph MakeGraph(Random& random, int nodes, bool grows, Memory& memory);

// Computes every tensor whole from nothing but the definition in graph.h, in 64 bits.
std::vector<Tensor> EvaluateGraph(const Graph& graph, const std::vector<Tensor>& inputs);

}  // namespace nic::testing
