// A whole model as LibTorch sees it: its networks with gradients, and what its own tables say a symbol costs.
#pragma once

#include <torch/types.h>

#include <vector>

#include "entropy/table.h"
#include "model/model.h"
#include "torch/real_graph.h"

namespace nic {

// Bits of symbols by the integer tables, between neighbouring symbols on a straight line.
class CostTable {
 public:
  // The tables [first, first + count) of a set.
  CostTable(const TableSet& tables, size_t first, size_t count, const torch::TensorOptions& options);

  // Elementwise bits of coding floor(value) + part, part in 0 .. 1, with table `row` (both of long type within bounds
  // after clamping). The gradient goes to `part`.
  torch::Tensor Cost(const torch::Tensor& row, const torch::Tensor& floor, const torch::Tensor& part) const;
  // The change of Cost from one table to the next, for gradients on the way to `row`.
  torch::Tensor Slope(const torch::Tensor& row, const torch::Tensor& floor, const torch::Tensor& part) const;

 private:
  torch::Tensor Index(const torch::Tensor& row, const torch::Tensor& value) const;

  int64_t reach_ = 0;  // values -reach_ .. reach_ have their costs; those beyond cost as much as the outermost
  int64_t columns_ = 0;
  torch::Tensor costs_;   // rows x columns, flat
  torch::Tensor slopes_;  // half the difference of the next row and the one before
};

// Factors of the gain units at a rate, (1, channels, 1, 1).
torch::Tensor RealGains(const std::pmr::vector<LogGain>& table, int channels, const RateIndex& rate,
                        const torch::TensorOptions& options);

struct RealModel {
  RealModel(const DecoderModel& decoder, const EncoderModel& encoder, const TableSet& tables,
            const torch::TensorOptions& options);

  // About what a step of gradient descent holds for each latent position.
  double BytesForPosition(const DecoderModel& decoder) const;

  RealGraph hyper_analysis;
  RealGraph hyper_synthesis;
  std::vector<RealGraph> contexts;
  RealGraph synthesis;
  CostTable hyper_costs;
  CostTable scale_costs;
};

}  // namespace nic
