#include "quantiser.h"

#include <cmath>
#include <cstdlib>

#include "check.h"
#include "random.h"

namespace nic::testing {
namespace {

RealConvolution MakeReal(int outputs, int inputs, double scale, uint64_t seed) {
  Random random(seed, 0);
  RealConvolution real;
  real.outputs = outputs;
  real.inputs = inputs;
  for (int i = 0; i < outputs * inputs; ++i)
    real.weight.push_back(static_cast<float>(scale * (random.Uniform() - 0.5)));
  for (int i = 0; i < outputs; ++i) real.bias.push_back(static_cast<float>(random.Uniform() - 0.5));
  return real;
}

// The node's value for one position, as graph.h defines it.
double Compute(const Node& node, size_t channel, const std::vector<int>& input, int residual) {
  int64_t sum = node.bias[channel];
  for (size_t i = 0; i < input.size(); ++i) sum += int64_t{node.weight[channel * input.size() + i]} * input[i];
  if (!node.skip_shift.empty()) sum += int64_t{residual} << node.skip_shift[channel];
  const int shift = node.shift[channel];
  REQUIRE(std::llabs(sum) + (shift ? int64_t{1} << (shift - 1) : 0) < int64_t{1} << 31);
  return static_cast<double>((sum + (shift ? int64_t{1} << (shift - 1) : 0)) >> shift);
}

TEST_CASE("quantiser: integers follow the real convolution, and the widest input cannot overflow") {
  const int kInputs = 50;
  for (const bool has_residual : {false, true}) {
    Memory memory;
    const RealConvolution real = MakeReal(20, kInputs, 0.3, 1);
    std::vector<int> exponents(kInputs, 12);
    for (int i = 0; i < 10; ++i) exponents[static_cast<size_t>(i)] = 9;
    Surroundings around;
    around.input_exponents = exponents;
    around.input_magnitude = 30000;
    around.result_exponent = 10;
    around.has_residual = has_residual;
    around.residual_exponent = 11;
    around.residual_magnitude = has_residual ? 20000 : 0;
    Node node(memory);
    REQUIRE(QuantiseConvolution(real, around, &node).ok());
    REQUIRE(node.skip_shift.empty() == !has_residual);
    Random random(2, 0);
    for (size_t channel = 0; channel < 20; ++channel) {
      std::vector<int> input(kInputs), widest(kInputs);
      double expected = real.bias[channel];
      double input_size = 0;
      const int residual = has_residual ? 15000 : 0;
      if (has_residual) expected += std::ldexp(residual, -11);
      for (size_t i = 0; i < input.size(); ++i) {
        input[i] = random.Below(20001) - 10000;
        widest[i] = node.weight[channel * kInputs + i] < 0 ? -30000 : 30000;
        expected += real.weight[channel * kInputs + i] * std::ldexp(input[i], -exponents[i]);
        input_size += std::abs(std::ldexp(input[i], -exponents[i]));
      }
      Compute(node, channel, widest, has_residual ? 20000 : 0);
      // Half a unit of the result, and half of each weight's.
      const double weight_step = std::ldexp(1.0, -(node.shift[channel] + 10 - 12));
      const double tolerance = 0.51 + std::ldexp(input_size * weight_step * 0.5 * 8, 10);
      CHECK(std::abs(Compute(node, channel, input, residual) - std::ldexp(expected, 10)) < tolerance);
    }
  }
}

TEST_CASE("quantiser: weights are as wide as they may be") {
  Memory memory;
  const RealConvolution real = MakeReal(8, 30, 0.3, 3);
  const std::vector<int> exponents(30, 12);
  Surroundings around;
  around.input_exponents = exponents;
  around.input_magnitude = 16384;
  around.result_exponent = 9;
  Node node(memory);
  REQUIRE(QuantiseConvolution(real, around, &node).ok());
  for (size_t channel = 0; channel < 8; ++channel) {
    int64_t sum = 0, widest = 0;
    for (size_t i = 0; i < 30; ++i) {
      sum += std::abs(int64_t{node.weight[channel * 30 + i]}) * 16384;
      widest = std::max(widest, std::abs(int64_t{node.weight[channel * 30 + i]}));
    }
    sum += std::abs(int64_t{node.bias[channel]});
    // One more bit would break one of the two bounds.
    const bool at_a_bound = 2 * sum >= (int64_t{1} << 31) - (int64_t{1} << 28) || 2 * widest >= 32767;
    CHECK(at_a_bound);
    CHECK(sum < int64_t{1} << 31);
  }
  for (int bits : WeightBits(node)) CHECK(bits >= 12);
}

TEST_CASE("quantiser: what no scale can hold is refused by its channel") {
  Memory memory;
  RealConvolution real = MakeReal(3, 4, 0.3, 4);
  const std::vector<int> exponents(4, 0);
  Surroundings around;
  around.input_exponents = exponents;
  around.input_magnitude = 32767;
  around.result_exponent = 5;
  Node node(memory);
  real.weight[9] = 1e9f;
  const Status status = QuantiseConvolution(real, around, &node);
  CHECK(status.code() == NIC_MODEL_UNSAFE);
  CHECK(std::string(status.message()).find("channel 2") != std::string::npos);
  real.weight[9] = NAN;
  CHECK(QuantiseConvolution(real, around, &node).code() == NIC_MODEL_UNSAFE);
}

TEST_CASE("quantiser: exponents of ranges") {
  CHECK(LargestExponent(32767) == 0);
  CHECK(LargestExponent(32768) == -1);
  CHECK(LargestExponent(1) == 14);
  CHECK(LargestExponent(0) == 30);
  CHECK(LargestExponent(1e30) == -15);
}

}  // namespace
}  // namespace nic::testing
