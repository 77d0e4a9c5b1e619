#include "torch/real_deblocking.h"

#include <torch/csrc/autograd/generated/variable_factories.h>

#include <cmath>
#include <vector>

namespace nic {
namespace {

using torch::Tensor;

constexpr int64_t kSide = kDeblockingPeriod;

Tensor Thresholds(const std::pmr::vector<int16_t>& values, const torch::TensorOptions& options) {
  return torch::tensor(std::vector<double>(values.begin(), values.end()), torch::kDouble).to(options);
}

// How many thresholds each value has reached.
Tensor CountReached(const Tensor& values, const Tensor& thresholds) {
  return values.unsqueeze(-1).ge(thresholds).sum(-1);
}

}  // namespace

RealDeblocking::RealDeblocking(const DeblockingModel& model, const DecoderModel& decoder, int level,
                               const torch::TensorOptions& options)
    : latent_factor_(decoder.latent_factor),
      activity_(Thresholds(model.activity, options)),
      step_(Thresholds(model.step, options)) {
  const int16_t* begin = &model.filter[model.place(level, 0)];
  const std::vector<double> stored(begin, begin + kDeblockingKinds * model.classes() * kDeblockingWeights);
  const Tensor first = torch::tensor(stored, torch::kDouble).view({-1, kSide / 2, kSide});
  const Tensor whole = torch::cat({first, first.flip({1, 2})}, 1);
  weights_ = (whole * std::ldexp(1.0, -model.filter_bits)).to(options);
}

Tensor RealDeblocking::FilterRows(const Tensor& v) const {
  const int64_t width = v.size(3), borders = width / kSide - 1;
  if (borders < 1) return v;
  const Tensor inside = v.slice(3, kSide / 2, width - kSide / 2);
  const Tensor lines = inside.reshape({v.size(0), v.size(1), v.size(2), borders, kSide});
  const Tensor t = lines.detach();
  const auto at = [&t](int64_t j) { return t.select(4, j); };
  const Tensor activity = (at(1) - 2 * at(2) + at(3)).abs() + (at(4) - 2 * at(5) + at(6)).abs();
  const Tensor number = CountReached(activity, activity_) * (step_.size(0) + 1) +
                        CountReached((at(4) - at(3)).abs(), step_);
  const Tensor border = (torch::arange(borders, number.options()) + 1) * kSide;
  const Tensor kind = border.remainder(latent_factor_).ne(0).to(torch::kLong);
  const Tensor index = number + kind * (weights_.size(0) / kDeblockingKinds);
  const Tensor chosen = weights_.index_select(0, index.flatten()).view({-1, kSide, kSide});
  const Tensor change = torch::bmm(chosen, lines.reshape({-1, kSide, 1})).view_as(lines);
  const Tensor filtered = (lines + change).flatten(3);
  return torch::cat({v.slice(3, 0, kSide / 2), filtered, v.slice(3, width - kSide / 2, width)}, 3);
}

Tensor RealDeblocking::Run(const Tensor& v) const {
  return FilterRows(FilterRows(v).transpose(2, 3)).transpose(2, 3);
}

}  // namespace nic
