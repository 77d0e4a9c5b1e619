#include "torch/real_model.h"

#include <torch/csrc/autograd/generated/variable_factories.h>

#include <catch2/catch.hpp>

#include "codec/prepared_model.h"
#include "support/small_model.h"

using nic::CostTable;
using nic::TableSet;
using torch::Tensor;

namespace {

const auto kReal = torch::TensorOptions().dtype(torch::kDouble);

struct Tables {
  Tables() : model(memory), tables(memory) {
    FillSmallModel(1, &model);
    REQUIRE(BuildTables(model.decoder, memory, &tables).ok());
  }
  size_t first() const { return model.decoder.hyper_tables.size(); }
  size_t count() const { return model.decoder.scale_tables.size(); }

  nic::Memory memory;
  nic::testing::SmallModel model;
  TableSet tables;
};

Tensor Whole(int64_t value) { return torch::full({1}, value, torch::kLong); }
Tensor Real(double value) { return torch::full({1}, value, kReal); }

}  // namespace

TEST_CASE("whole symbols cost what the coder counts") {
  const Tables tables;
  const CostTable costs(tables.tables, tables.first(), tables.count(), kReal);
  for (size_t row = 0; row < tables.count(); ++row) {
    for (int value = -70; value <= 70; ++value) {
      const double expected = tables.tables.SymbolCost(tables.first() + row, value) / 65536.0;
      // Far outside a narrow alphabet costs stop rising with the widest one.
      if (std::abs(value) > 60) continue;
      CAPTURE(row, value);
      REQUIRE(costs.Cost(Whole(static_cast<int64_t>(row)), Whole(value), Real(0)).item<double>() == Approx(expected));
      REQUIRE(costs.Cost(Whole(static_cast<int64_t>(row)), Whole(value - 1), Real(1)).item<double>() ==
              Approx(expected));
    }
  }
}

TEST_CASE("between symbols costs lie on a straight line, which is the gradient") {
  const Tables tables;
  const CostTable costs(tables.tables, tables.first(), tables.count(), kReal);
  const Tensor part = Real(0.25).requires_grad_(true);
  const Tensor row = Whole(3);
  const Tensor cost = costs.Cost(row, Whole(1), part);
  cost.sum().backward();
  const double one = costs.Cost(row, Whole(1), Real(0)).item<double>();
  const double two = costs.Cost(row, Whole(2), Real(0)).item<double>();
  REQUIRE(cost.item<double>() == Approx(0.75 * one + 0.25 * two));
  REQUIRE(part.grad().item<double>() == Approx(two - one));
}

TEST_CASE("the slope is half the difference of the neighbouring tables") {
  const Tables tables;
  const CostTable costs(tables.tables, tables.first(), tables.count(), kReal);
  const auto cost = [&](int64_t row) { return costs.Cost(Whole(row), Whole(2), Real(0.5)).item<double>(); };
  REQUIRE(costs.Slope(Whole(4), Whole(2), Real(0.5)).item<double>() == Approx((cost(5) - cost(3)) / 2));
}

TEST_CASE("values beyond every table cost no less than the outermost") {
  const Tables tables;
  const CostTable costs(tables.tables, tables.first(), tables.count(), kReal);
  REQUIRE(costs.Cost(Whole(0), Whole(30000), Real(0)).item<double>() ==
          costs.Cost(Whole(0), Whole(31000), Real(0)).item<double>());
}

TEST_CASE("gains are the integers' factors") {
  const Tables tables;
  const Tensor gains = nic::RealGains(tables.model.decoder.inverse_gain, 8, {1, 77}, kReal);
  std::vector<nic::Gain> expected(8);
  nic::ComputeGains(tables.model.decoder.inverse_gain, 8, {1, 77}, expected.data());
  for (int c = 0; c < 8; ++c) {
    REQUIRE(gains[0][c][0][0].item<double>() ==
            expected[static_cast<size_t>(c)].mantissa * std::exp2(-expected[static_cast<size_t>(c)].shift));
  }
}
