// The plain kernels: the definition of every operation as a loop, which all others are held against.
#include <algorithm>

#include "intnet/kernel.h"

namespace nic {
namespace {

int16_t Finish(const Layer& layer, int32_t value) {
  const int32_t clamped = std::clamp(value, layer.low, layer.high);
  switch (layer.activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      return static_cast<int16_t>(std::max(clamped, 0));
    case Activation::kLeakyRelu:
      return static_cast<int16_t>(std::max(clamped, clamped >> layer.slope_shift));
    case Activation::kAbsolute:
      return static_cast<int16_t>(std::min(clamped < 0 ? -clamped : clamped, 32767));
  }
  return static_cast<int16_t>(clamped);
}

int16_t FinishConvolution(const Layer& layer, const Segment& segment, int64_t x, int o, int32_t sum) {
  if (segment.b) sum += static_cast<int32_t>(segment.b[x * layer.channels + o]) << layer.skip_shift[o];
  return Finish(layer, sum >> layer.channel_shift[o]);
}

void ConvolveSample(const Layer& layer, const Segment& segment, int64_t x) {
  const int k = layer.kernel, row_length = k * layer.in_channels;
  const int16_t* weight = layer.weight.data();
  for (int o = 0; o < layer.channels; ++o) {
    int32_t sum = layer.bias[o];
    for (int i = 0; i < k; ++i) {
      const int16_t* in = segment.in[i] + x * layer.stride * layer.in_channels;
      for (int j = 0; j < row_length; ++j) sum += *weight++ * in[j];
    }
    segment.out[x * layer.channels + o] = FinishConvolution(layer, segment, x, o, sum);
  }
}

void Convolve(const Layer& layer, const Segment* segments, size_t count) {
  for (const Segment& segment : std::span(segments, count)) {
    for (int64_t x = 0; x < segment.pixels; ++x) ConvolveSample(layer, segment, x);
  }
}

void ConvolveDepthwiseSample(const Layer& layer, const Segment& segment, int64_t x) {
  const int k = layer.kernel, channels = layer.channels;
  for (int c = 0; c < channels; ++c) {
    const int16_t* weight = layer.weight.data() + c * k * k;
    int32_t sum = layer.bias[c];
    for (int i = 0; i < k; ++i) {
      for (int j = 0; j < k; ++j) sum += *weight++ * segment.in[i][(x + j) * channels + c];
    }
    segment.out[x * channels + c] = FinishConvolution(layer, segment, x, c, sum);
  }
}

void ConvolveDepthwise(const Layer& layer, const Segment* segments, size_t count) {
  for (const Segment& segment : std::span(segments, count)) {
    for (int64_t x = 0; x < segment.pixels; ++x) ConvolveDepthwiseSample(layer, segment, x);
  }
}

// Calls result(a, b) for every value of every segment; b is a itself where there is no second operand.
template <typename F>
void ForEachValue(const Layer& layer, const Segment* segments, size_t count, const F& result) {
  for (const Segment& segment : std::span(segments, count)) {
    const int16_t *a = segment.in[0], *b = segment.b ? segment.b : a;
    const int64_t values = segment.pixels * layer.channels;
    for (int64_t i = 0; i < values; ++i) segment.out[i] = result(a[i], b[i]);
  }
}

void Add(const Layer& layer, const Segment* segments, size_t count) {
  ForEachValue(layer, segments, count, [&layer](int32_t a, int32_t b) {
    const int32_t sum = (a << layer.left_shift_a) + (b << layer.left_shift_b);
    return Finish(layer, (sum + layer.round) >> layer.shift);
  });
}

void Multiply(const Layer& layer, const Segment* segments, size_t count) {
  ForEachValue(layer, segments, count,
               [&layer](int32_t a, int32_t b) { return Finish(layer, (a * b + layer.round) >> layer.shift); });
}

void Activate(const Layer& layer, const Segment* segments, size_t count) {
  ForEachValue(layer, segments, count, [&layer](int32_t a, int32_t) { return Finish(layer, a); });
}

void LookUp(const Layer& layer, const Segment* segments, size_t count) {
  ForEachValue(layer, segments, count,
               [&layer](int32_t a, int32_t) { return layer.table[std::clamp(a, layer.low, layer.high) - layer.low]; });
}

void DeblockLine(const DeblockFilter& filter, int16_t* at, int64_t stride) {
  constexpr int kSide = 8;
  int32_t t[kSide];
  for (int j = 0; j < kSide; ++j) t[j] = at[j * stride];
  const int16_t* weight = filter.weight + size_t{kSide * kSide} * FindDeblockClass(filter, t);
  const int32_t round = filter.bits ? int32_t{1} << (filter.bits - 1) : 0;
  for (int i = 0; i < kSide; ++i) {
    int32_t sum = round;
    for (int j = 0; j < kSide; ++j) sum += weight[(j / 2 * kSide + i) * 2 + j % 2] * t[j];
    at[i * stride] = static_cast<int16_t>(std::clamp(t[i] + (sum >> filter.bits), -32768, 32767));
  }
}

void Deblock(const DeblockFilter& filter, const DeblockLines& lines) {
  for (int64_t k = 0; k < lines.count; ++k) DeblockLine(filter, lines.at + k, lines.stride);
}

}  // namespace

const Kernels& ScalarKernels() {
  static constexpr Kernels kernels = {
      .target = Target::kScalar,
      .name = "scalar",
      .order = {},
      .convolve = Convolve,
      .convolve_depthwise = ConvolveDepthwise,
      .add = Add,
      .multiply = Multiply,
      .activate = Activate,
      .look_up = LookUp,
      .deblock = Deblock,
  };
  return kernels;
}

}  // namespace nic
