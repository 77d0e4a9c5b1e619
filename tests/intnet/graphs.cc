#include "graphs.h"

#include <algorithm>
#include <cstdlib>

namespace nic::testing {

Tensor Crop(const Tensor& tensor, const Rect& rect) {
  Tensor result(rect.height(), rect.width(), tensor.channels);
  for (int64_t y = rect.y0; y < rect.y1; ++y) {
    const auto row = tensor.data.begin() + (y * tensor.width + rect.x0) * tensor.channels;
    std::copy_n(row, rect.width() * tensor.channels, &result.at(y - rect.y0, 0, 0));
  }
  return result;
}

Status TensorsSource::Read(int input, const TensorView& view) {
  const Tensor& tensor = tensors_[input];
  const Rect& rect = view.rect;
  const bool inside = rect.x0 >= 0 && rect.y0 >= 0 && rect.x1 <= tensor.width && rect.y1 <= tensor.height;
  if (!inside || rect.width() < 1 || rect.height() < 1)
    return Status::Error(NIC_INTERNAL, Status::kNoOffset, "asked for samples outside input %d", input);
  if (next_[input] != -1 && next_[input] != rect.y0) orderly_ = false;
  next_[input] = rect.y1;
  for (int64_t y = rect.y0; y < rect.y1; ++y) {
    for (int64_t x = rect.x0; x < rect.x1; ++x)
      std::copy_n(&tensor.data[(y * tensor.width + x) * tensor.channels], tensor.channels, view.at(y, x));
  }
  return {};
}

Status TensorsSink::Write(int output, const ConstTensorView& view) {
  Tensor& tensor = tensors[output];
  if (tensor.data.empty()) tensor = Tensor(rect_.height(), rect_.width(), view.channels);
  const bool whole_rows = view.rect.x0 == rect_.x0 && view.rect.x1 == rect_.x1;
  if (!whole_rows || view.rect.y0 != next_[output] || view.rect.y1 > rect_.y1 || view.rect.height() < 1) {
    orderly_ = false;
    return {};
  }
  next_[output] = view.rect.y1;
  for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
    for (int64_t x = view.rect.x0; x < view.rect.x1; ++x)
      std::copy_n(view.at(y, x), view.channels, &tensor.at(y - rect_.y0, x - rect_.x0, 0));
  }
  return {};
}

bool TensorsSink::complete() const {
  return orderly_ && std::all_of(next_.begin(), next_.end(), [this](int64_t y) { return y == rect_.y1; });
}

Tensor MakeTensor(Random& random, int64_t height, int64_t width, const GraphInput& input, Fill fill) {
  Tensor tensor(height, width, input.channels);
  for (int16_t& value : tensor.data) {
    const bool high = fill == Fill::kHigh || (fill == Fill::kExtremes && OneIn(random, 2));
    value = static_cast<int16_t>(fill == Fill::kRandom ? Draw(random, input.low, input.high)
                                 : high                ? input.high
                                                       : input.low);
  }
  return tensor;
}

Node MakeNode(Operation operation, int a, int b, int channels, Memory& memory) {
  Node node(memory);
  node.operation = operation;
  node.a = a;
  node.b = b;
  node.channels = channels;
  return node;
}

namespace {

// One channel's constants: sum |weight| * magnitude + |bias| + residual + round is at most 2^31 - 1.
void AppendChannel(Random& random, int64_t magnitude, int64_t residual, int taps, Node& node) {
  const int shift = OneIn(random, 8) ? Draw(random, 0, 31) : Draw(random, 12, 18);
  int64_t room = (int64_t{1} << 31) - 1 - residual - (shift ? int64_t{1} << (shift - 1) : 0);
  const bool extreme = OneIn(random, 3);
  const auto bias = static_cast<int32_t>(
      Draw(random, 0, static_cast<int>(OneIn(random, 4) ? room : std::min<int64_t>(room, 1 << 16))));
  node.bias.push_back(OneIn(random, 2) ? bias : -bias);
  room -= bias;
  const int64_t limit = std::min<int64_t>(32767, room / (taps * std::max<int64_t>(magnitude, 1)));
  for (int i = 0; i < taps; ++i) {
    const int weight = static_cast<int>(extreme ? limit : Draw(random, 0, static_cast<int>(limit)));
    node.weight.push_back(static_cast<int16_t>(OneIn(random, 2) ? weight : -weight));
  }
  node.shift.push_back(static_cast<uint8_t>(shift));
}

}  // namespace

Node MakeConvolution(Random& random, const Graph& graph, int a, int b, const ConvolutionShape& shape, Memory& memory) {
  Node node = MakeNode(shape.operation, a, b, shape.channels, memory);
  node.kernel = static_cast<uint8_t>(shape.kernel);
  node.stride = static_cast<uint8_t>(shape.stride);
  const int from = shape.operation == Operation::kDepthwise ? 1 : TensorChannels(graph, a);
  const int64_t magnitude = TensorBounds(graph, a).magnitude();
  for (int o = 0; o < shape.channels; ++o) {
    int64_t residual = 0;
    if (b != kNoTensor) {
      const int64_t b_magnitude = TensorBounds(graph, b).magnitude();
      int skip_shift = Draw(random, 0, OneIn(random, 4) ? 30 : 8);
      while (b_magnitude << skip_shift >= int64_t{1} << 30) --skip_shift;
      node.skip_shift.push_back(static_cast<uint8_t>(skip_shift));
      residual = b_magnitude << skip_shift;
    }
    AppendChannel(random, magnitude, residual, shape.kernel * shape.kernel * from, node);
  }
  return node;
}

void SetRandomShifts(Random& random, const Graph& graph, Node& node) {
  node.shift.assign(1, static_cast<uint8_t>(OneIn(random, 4) ? 0 : Draw(random, 1, 20)));
  if (node.operation != Operation::kAdd) return;
  const int64_t a = TensorBounds(graph, node.a).magnitude(), b = TensorBounds(graph, node.b).magnitude();
  node.left_shift_a = static_cast<uint8_t>(Draw(random, 0, 15));
  node.left_shift_b = static_cast<uint8_t>(Draw(random, 0, 15));
  const auto sum = [&] { return (a << node.left_shift_a) + (b << node.left_shift_b) + (int64_t{1} << 19); };
  while (sum() >= int64_t{1} << 31) (node.left_shift_a > node.left_shift_b ? node.left_shift_a : node.left_shift_b)--;
}

void SetRandomClamp(Random& random, Node& node) {
  if (OneIn(random, 2)) return;
  const int one = Draw(random, -32768, 32767), other = Draw(random, -32768, 32767);
  node.low = static_cast<int16_t>(std::min(one, other));
  node.high = static_cast<int16_t>(std::max(one, other));
}

void SetRandomActivation(Random& random, Node& node) {
  node.activation = static_cast<Activation>(Draw(random, 0, 3));
  if (node.activation == Activation::kLeakyRelu) node.slope_shift = static_cast<uint8_t>(Draw(random, 1, 15));
}

void WidenClampOfCopy(const Graph& graph, Node& node) {
  const Bounds a = TensorBounds(graph, node.a), b = TensorBounds(graph, node.b == kNoTensor ? node.a : node.b);
  node.low = static_cast<int16_t>(std::min(a.low, b.low));
  node.high = static_cast<int16_t>(std::max(a.high, b.high));
}

namespace {

class GraphMaker {
 public:
  GraphMaker(Random& random, bool grows, Memory& memory)
      : random_(random), grows_(grows), memory_(memory), graph_(memory) {}

  Graph Make(int nodes) {
    const int inputs = Draw(random_, 1, 2);
    for (int i = 0; i < inputs; ++i) AppendInput();
    for (int i = 0; i < nodes; ++i) AppendNode();
    const int last = inputs + nodes - 1;
    graph_.outputs.push_back(last);
    for (int i = 0; i < last; ++i) {
      if (SameSize(i, last) && OneIn(random_, 4) && graph_.outputs.size() < 4) graph_.outputs.push_back(i);
    }
    return std::move(graph_);
  }

 private:
  void AppendInput() {
    GraphInput input;
    input.channels = OneIn(random_, 3) ? 16 : Draw(random_, 1, 20);
    if (OneIn(random_, 2)) {
      input.low = static_cast<int16_t>(Draw(random_, -32768, 0));
      input.high = static_cast<int16_t>(Draw(random_, 0, 32767));
    }
    graph_.inputs.push_back(input);
  }

  int Count() const { return static_cast<int>(graph_.inputs.size() + graph_.nodes.size()); }
  bool SameSize(int a, int b) const {
    const Resolution one = TensorResolution(graph_, a), other = TensorResolution(graph_, b);
    return one.up == other.up && one.down == other.down;
  }

  // A tensor of a's size and, if asked for, of `channels` channels.
  int FindSecond(int a, int channels) {
    std::vector<int> fitting;
    for (int i = 0; i < Count(); ++i) {
      if (SameSize(i, a) && (channels == 0 || TensorChannels(graph_, i) == channels)) fitting.push_back(i);
    }
    return fitting.empty() ? kNoTensor : fitting[Draw(random_, 0, static_cast<int>(fitting.size()) - 1)];
  }

  void AppendNode() {
    const int a = OneIn(random_, 3) ? Draw(random_, 0, Count() - 1) : Count() - 1;  // mostly a chain
    const int channels = TensorChannels(graph_, a);
    Node node = MakeAny(a, channels);
    graph_.nodes.push_back(std::move(node));
    if (!CheckGraphSoFar()) {  // scales both ways, or too far
      graph_.nodes.pop_back();
      AppendNode();
    }
  }

  bool CheckGraphSoFar() {
    graph_.outputs.assign(1, Count() - 1);
    const bool fine = CheckGraph(graph_).ok();
    graph_.outputs.clear();
    const Resolution resolution = TensorResolution(graph_, Count() - 1);
    return fine && resolution.up <= 8 && resolution.down <= 8;
  }

  Node MakeAny(int a, int channels) {
    switch (Draw(random_, 1, 12)) {
      case 1:
      case 2:
        return MakeDepthwise(a, channels);
      case 3:
        return MakeShuffle(a, channels);
      case 4:
        return MakeArithmetic(Operation::kAdd, a, channels);
      case 5:
        return MakeArithmetic(Operation::kMultiply, a, channels);
      case 6: {
        Node node = MakeNode(Operation::kActivate, a, kNoTensor, channels, memory_);
        SetRandomClamp(random_, node);
        SetRandomActivation(random_, node);
        return node;
      }
      case 7:
        return MakeLookup(a, channels);
      case 8: {
        const int b = FindSecond(a, 0);
        Node node = MakeNode(Operation::kConcatenate, a, b, channels + TensorChannels(graph_, b), memory_);
        WidenClampOfCopy(graph_, node);
        return channels + TensorChannels(graph_, b) <= 64 ? std::move(node) : MakeDepthwise(a, channels);
      }
      default:
        return MakeDense(a);
    }
  }

  Node MakeDense(int a) {
    ConvolutionShape shape;
    shape.channels = OneIn(random_, 3) ? 4 * Draw(random_, 1, 8) : Draw(random_, 1, 20);
    shape.kernel = 2 * Draw(random_, 0, 2) + 1;
    shape.stride = !grows_ && OneIn(random_, 3) ? 2 : 1;
    const int b = shape.stride == 1 && OneIn(random_, 2) ? FindSecond(a, 0) : kNoTensor;
    if (b != kNoTensor) shape.channels = TensorChannels(graph_, b);
    Node node = MakeConvolution(random_, graph_, a, b, shape, memory_);
    SetRandomClamp(random_, node);
    SetRandomActivation(random_, node);
    return node;
  }

  Node MakeDepthwise(int a, int channels) {
    const ConvolutionShape shape{Operation::kDepthwise, channels, 2 * Draw(random_, 1, 2) + 1, 1};
    const int b = OneIn(random_, 2) ? FindSecond(a, channels) : kNoTensor;
    Node node = MakeConvolution(random_, graph_, a, b, shape, memory_);
    SetRandomClamp(random_, node);
    SetRandomActivation(random_, node);
    return node;
  }

  Node MakeShuffle(int a, int channels) {
    const int factor = Draw(random_, 2, 3), squared = factor * factor;
    Node node = MakeNode(grows_ ? Operation::kShuffle : Operation::kUnshuffle, a, kNoTensor,
                         grows_ ? channels / squared : channels * squared, memory_);
    node.factor = static_cast<uint8_t>(factor);
    WidenClampOfCopy(graph_, node);
    return node;  // refused, and another made, where the channels do not divide
  }

  Node MakeArithmetic(Operation operation, int a, int channels) {
    Node node = MakeNode(operation, a, FindSecond(a, channels), channels, memory_);
    SetRandomShifts(random_, graph_, node);
    SetRandomClamp(random_, node);
    SetRandomActivation(random_, node);
    return node;
  }

  Node MakeLookup(int a, int channels) {
    Node node = MakeNode(Operation::kLookup, a, kNoTensor, channels, memory_);
    SetRandomClamp(random_, node);
    for (int i = node.low; i <= node.high; ++i)
      node.table.push_back(static_cast<int16_t>(Draw(random_, -32768, 32767)));
    return node;
  }

  Random& random_;
  const bool grows_;
  Memory& memory_;
  Graph graph_;
};

}  // namespace

Graph MakeGraph(Random& random, int nodes, bool grows, Memory& memory) {
  return GraphMaker(random, grows, memory).Make(nodes);
}

namespace {

int64_t Padded(const Tensor& tensor, int64_t y, int64_t x, int c) {
  return y < 0 || x < 0 || y >= tensor.height || x >= tensor.width ? 0 : tensor.at(y, x, c);
}

int64_t RoundedShift(int64_t x, int shift) {
  const int64_t divisor = int64_t{1} << shift, raised = x + divisor / 2;  // floor of (x / divisor + 1/2)
  return raised >= 0 ? raised / divisor : -((-raised + divisor - 1) / divisor);
}

int64_t Activated(const Node& node, int64_t value) {
  const int64_t v = std::clamp<int64_t>(value, node.low, node.high);
  switch (node.activation) {
    case Activation::kRelu:
      return v > 0 ? v : 0;
    case Activation::kLeakyRelu:
      return v > 0 ? v : RoundedShift(2 * v - (int64_t{1} << node.slope_shift) + 1, node.slope_shift + 1);  // floor
    case Activation::kAbsolute:
      return std::min<int64_t>(std::llabs(v), 32767);
    default:
      return v;
  }
}

// Sums, over the window at (y, x), the channels [c0, c1) of a times the weights in their order.
int64_t WindowSum(const Node& node, const Tensor& a, int64_t y, int64_t x, int c0, int c1, size_t weight) {
  const int k = node.kernel, p = k / 2;
  int64_t sum = 0;
  for (int i = 0; i < k; ++i) {
    for (int j = 0; j < k; ++j) {
      for (int c = c0; c < c1; ++c)
        sum += node.weight[weight++] * Padded(a, node.stride * y + i - p, node.stride * x + j - p, c);
    }
  }
  return sum;
}

int16_t Evaluate(const Node& node, const Tensor& a, const Tensor& b, int64_t y, int64_t x, int o) {
  const int f = node.factor, k = node.kernel;
  int64_t sum = 0;
  switch (node.operation) {
    case Operation::kConvolution:
    case Operation::kDepthwise: {
      const bool depthwise = node.operation == Operation::kDepthwise;
      const size_t taps = static_cast<size_t>(k) * k * (depthwise ? 1 : a.channels);
      sum = node.bias[o] + WindowSum(node, a, y, x, depthwise ? o : 0, depthwise ? o + 1 : a.channels, o * taps);
      if (node.b != kNoTensor) sum += int64_t{b.at(y, x, o)} * (int64_t{1} << node.skip_shift[o]);
      return static_cast<int16_t>(Activated(node, RoundedShift(sum, node.shift[o])));
    }
    case Operation::kShuffle:
      return a.at(y / f, x / f, static_cast<int>((y % f * f + x % f) * node.channels) + o);
    case Operation::kUnshuffle: {
      const int block = o / a.channels;
      return a.at(f * y + block / f, f * x + block % f, o % a.channels);
    }
    case Operation::kAdd:
      sum = (int64_t{a.at(y, x, o)} << node.left_shift_a) + (int64_t{b.at(y, x, o)} << node.left_shift_b);
      return static_cast<int16_t>(Activated(node, RoundedShift(sum, node.shift[0])));
    case Operation::kMultiply:
      sum = int64_t{a.at(y, x, o)} * b.at(y, x, o);
      return static_cast<int16_t>(Activated(node, RoundedShift(sum, node.shift[0])));
    case Operation::kActivate:
      return static_cast<int16_t>(Activated(node, a.at(y, x, o)));
    case Operation::kLookup:
      return node.table[std::clamp(a.at(y, x, o), node.low, node.high) - node.low];
    case Operation::kConcatenate:
      return o < a.channels ? a.at(y, x, o) : b.at(y, x, o - a.channels);
  }
  return 0;
}

Tensor EvaluateNode(const Node& node, const Tensor& a, const Tensor& b) {
  const bool shuffles = node.operation == Operation::kShuffle;
  const int64_t up = shuffles ? node.factor : 1, down = shuffles ? 1 : node.stride * node.factor;
  Tensor result((a.height * up + down - 1) / down, (a.width * up + down - 1) / down, node.channels);
  for (int64_t y = 0; y < result.height; ++y) {
    for (int64_t x = 0; x < result.width; ++x) {
      for (int o = 0; o < result.channels; ++o) result.at(y, x, o) = Evaluate(node, a, b, y, x, o);
    }
  }
  return result;
}

}  // namespace

std::vector<Tensor> EvaluateGraph(const Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> tensors = inputs;
  for (const Node& node : graph.nodes)
    tensors.push_back(EvaluateNode(node, tensors[node.a], tensors[node.b == kNoTensor ? node.a : node.b]));
  std::vector<Tensor> outputs;
  for (const int output : graph.outputs) outputs.push_back(tensors[output]);
  return outputs;
}

}  // namespace nic::testing
