#include "quantiser.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

namespace nic {
namespace {

constexpr int kMaxWeight = 32767;
constexpr int kMaxShift = 31;
constexpr int kMaxSkipShift = 30;
constexpr int kFewestWeightBits = 4;  // of the largest weight, sign included: below, a channel is not worth having
constexpr int64_t kAccumulatorLimit = int64_t{1} << 31;

class ChannelQuantiser {
 public:
  ChannelQuantiser(const RealConvolution& real, const Surroundings& surroundings, int channel)
      : real_(real),
        around_(surroundings),
        channel_(channel),
        count_(size_t(real.kernel) * real.kernel * real.inputs) {}

  // Quantises for an accumulator of `exponent`; false where a bound is broken.
  bool Try(int exponent) {
    const int shift = exponent - around_.result_exponent;
    if (shift < 0 || shift > kMaxShift) return false;
    int64_t sum = shift > 0 ? int64_t{1} << (shift - 1) : 0;
    if (around_.has_residual) {
      const int skip = exponent - around_.residual_exponent;
      if (skip < 0 || skip > kMaxSkipShift) return false;
      sum += int64_t{around_.residual_magnitude} << skip;
      skip_shift_ = static_cast<uint8_t>(skip);
    }
    shift_ = static_cast<uint8_t>(shift);
    const double bias = std::nearbyint(std::ldexp(static_cast<double>(real_.bias[channel_]), exponent));
    if (!(std::abs(bias) < static_cast<double>(kAccumulatorLimit))) return false;
    bias_ = static_cast<int32_t>(bias);
    return TryWeights(exponent, sum + std::abs(int64_t{bias_}));
  }

  void Append(Node* node) const {
    node->weight.insert(node->weight.end(), weights_.begin(), weights_.end());
    node->bias.push_back(bias_);
    node->shift.push_back(shift_);
    if (around_.has_residual) node->skip_shift.push_back(skip_shift_);
  }

  // From the most precise downwards.
  bool Search() {
    const int highest = around_.result_exponent + kMaxShift;
    for (int exponent = highest; exponent >= around_.result_exponent; --exponent) {
      if (Try(exponent)) return Wide();
    }
    return false;
  }

 private:
  int InputExponent(size_t tap) const {
    const bool depthwise = real_.inputs == 1 && around_.input_exponents.size() > 1;
    return around_.input_exponents[depthwise ? static_cast<size_t>(channel_) : tap % static_cast<size_t>(real_.inputs)];
  }

  bool TryWeights(int exponent, int64_t sum) {
    const float* weight = real_.weight.data() + static_cast<size_t>(channel_) * count_;
    weights_.resize(count_);
    for (size_t i = 0; i < count_; ++i) {
      const double value = std::nearbyint(std::ldexp(static_cast<double>(weight[i]), exponent - InputExponent(i)));
      if (!(std::abs(value) <= kMaxWeight)) return false;
      weights_[i] = static_cast<int16_t>(value);
      sum += std::abs(int64_t{weights_[i]}) * around_.input_magnitude;
    }
    return sum < kAccumulatorLimit;
  }

  // Whether the weights found say enough; a channel that only passes its bias or residual on needs none.
  bool Wide() const {
    const float* weight = real_.weight.data() + static_cast<size_t>(channel_) * count_;
    const bool matters = std::any_of(weight, weight + count_, [](float w) { return std::abs(w) > 1e-4f; });
    const auto wide = [](int16_t w) { return std::abs(int{w}) >= 1 << (kFewestWeightBits - 2); };
    return !matters || std::any_of(weights_.begin(), weights_.end(), wide);
  }

  const RealConvolution& real_;
  const Surroundings& around_;
  int channel_;
  size_t count_;
  std::vector<int16_t> weights_;
  int32_t bias_ = 0;
  uint8_t shift_ = 0;
  uint8_t skip_shift_ = 0;
};

}  // namespace

Status QuantiseConvolution(const RealConvolution& real, const Surroundings& surroundings, Node* node) {
  node->weight.clear();
  node->bias.clear();
  node->shift.clear();
  node->skip_shift.clear();
  for (int channel = 0; channel < real.outputs; ++channel) {
    ChannelQuantiser quantiser(real, surroundings, channel);
    if (!quantiser.Search()) {
      return Status::Error(NIC_MODEL_UNSAFE, Status::kNoOffset, "output channel %d: no scale of its weights is safe",
                           channel);
    }
    quantiser.Append(node);
  }
  return {};
}

int LargestExponent(double magnitude) {
  if (!(magnitude > 0)) return 30;
  const int exponent = static_cast<int>(std::floor(std::log2(32767.0 / magnitude)));
  return std::clamp(exponent, -15, 30);
}

std::vector<int> WeightBits(const Node& node) {
  std::vector<int> bits;
  if (node.bias.empty()) return bits;
  const size_t count = node.weight.size() / node.bias.size();
  for (size_t o = 0; o < node.bias.size(); ++o) {
    unsigned largest = 0;
    for (size_t i = o * count; i < (o + 1) * count; ++i) {
      largest = std::max(largest, static_cast<unsigned>(std::abs(int{node.weight[i]})));
    }
    bits.push_back(static_cast<int>(std::bit_width(largest)) + 1);
  }
  return bits;
}

}  // namespace nic
