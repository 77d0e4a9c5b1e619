#include "torch/real_deblocking.h"

#include <torch/csrc/autograd/generated/variable_factories.h>
#include <torch/utils.h>

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "base/parallel.h"
#include "codec/deblocking.h"
#include "support/small_model.h"

using namespace nic;

TEST_CASE("real deblocking is the integers' within their roundings, and has gradients") {
  constexpr int64_t kHeight = 48, kWidth = 64;
  Memory memory;
  testing::SmallModel small(memory);
  FillSmallModel(1, &small);
  DeblockingModel model(memory);
  testing::FillSmallDeblocking(1, &model);
  const int level = GENERATE(0, 1, 2);
  std::mt19937 random(3);
  std::vector<int16_t> samples(kHeight * kWidth * 3);
  for (int16_t& sample : samples) sample = static_cast<int16_t>(static_cast<int>(random() % 1200) - 600);

  const DeblockingFilters filters(model, small.decoder, Target::kScalar, memory);
  const GainField gains(small.decoder.inverse_gain, 8, {level, 0}, nullptr, memory);
  Serial serial;
  const Rect whole{0, 0, kWidth, kHeight};
  Deblocking integers(filters, gains, 16, whole, kHeight, kWidth, serial, memory);
  std::vector<int16_t> expected;
  for (int64_t y = 0; y < kHeight; ++y) {
    const auto take = [&](int64_t, const int16_t* row) -> Status {
      expected.insert(expected.end(), row, row + 3 * kWidth);
      return {};
    };
    REQUIRE(integers.Add(y, &samples[static_cast<size_t>(y * kWidth * 3)], take).ok());
  }

  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const auto as_tensor = [&](std::vector<int16_t>& values) {
    return torch::from_blob(values.data(), {1, kHeight, kWidth, 3}, torch::kShort).permute({0, 3, 1, 2}).to(options);
  };
  const torch::Tensor v = as_tensor(samples).detach().requires_grad_(true);
  const RealDeblocking real(model, small.decoder, level, options);
  const torch::Tensor filtered = real.Run(v);
  const torch::Tensor error = (filtered.detach() - as_tensor(expected)).abs();
  // A rounding may move a line between rows to another class.
  CHECK(error.gt(1.5).to(torch::kDouble).mean().item<double>() < 0.01);
  CHECK(error.median().item<double>() < 0.6);
  filtered.square().sum().backward();
  CHECK(torch::isfinite(v.grad()).all().item<bool>());
  CHECK(v.grad().ne(2 * v.detach()).to(torch::kDouble).mean().item<double>() > 0.9);
}

TEST_CASE("real deblocking leaves what is too small for a border") {
  Memory memory;
  testing::SmallModel small(memory);
  FillSmallModel(1, &small);
  DeblockingModel model(memory);
  testing::FillSmallDeblocking(1, &model);
  const RealDeblocking real(model, small.decoder, 0, torch::TensorOptions().dtype(torch::kDouble));
  const torch::Tensor v = torch::arange(3 * 8 * 8, torch::kDouble).view({1, 3, 8, 8});
  CHECK(torch::equal(real.Run(v), v));
}
