#include "growth.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "klt.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr double kRidge = 1e-4;  // of the features' mean power

// `count` rows or columns from `from` on that are those from `to` on in the larger tensor.
struct Segment {
  int64_t from, to, count;
};
using Segments = std::vector<Segment>;

Status CheckLarger(const NetworkShape& from, const NetworkShape& to) {
  constexpr std::pair<const char*, int64_t NetworkShape::*> kNumbers[] = {
      {"analysis_width", &NetworkShape::analysis_width},
      {"synthesis_width", &NetworkShape::synthesis_width},
      {"inner_width", &NetworkShape::inner_width},
      {"latents", &NetworkShape::latents},
      {"hyper_latents", &NetworkShape::hyper_latents},
      {"hyper_width", &NetworkShape::hyper_width},
      {"features", &NetworkShape::features},
      {"levels", &NetworkShape::levels},
      {"analysis_blocks8", &NetworkShape::analysis_blocks8},
      {"analysis_blocks16", &NetworkShape::analysis_blocks16},
      {"synthesis_blocks8", &NetworkShape::synthesis_blocks8},
      {"synthesis_blocks16", &NetworkShape::synthesis_blocks16},
      {"passes", &NetworkShape::passes},
      {"overlap", &NetworkShape::overlap},
  };
  for (const auto& [name, member] : kNumbers) {
    if (to.*member >= from.*member) continue;
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s: %lld is less than the smaller network's %lld",
                         name, static_cast<long long>(to.*member), static_cast<long long>(from.*member));
  }
  if (from.linear == to.linear) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "linear: differs from the smaller network's");
}

// Two halves, each of which grows by itself.
Segments Halves(int64_t from, int64_t to) { return {{0, 0, from / 2}, {from / 2, to / 2, from / 2}}; }

bool IsContext(const std::string& name, const char* layer) {
  return name.starts_with("ctx") && name.find(layer) != std::string::npos;
}

Segments RowsOf(const std::string& name, const Tensor& from, const Tensor& to) {
  const bool both = name.find(".f1.") != std::string::npos || name.starts_with("par0") || IsContext(name, ".5.");
  if (both) return Halves(from.size(0), to.size(0));
  return {{0, 0, from.size(0)}};
}

Segments ColumnsOf(const std::string& name, const Tensor& from, const NetworkShape& small, const NetworkShape& large) {
  if (!IsContext(name, ".0.")) return {{0, 0, from.size(1)}};
  return {{0, 0, small.latents}, {small.latents, large.latents, small.features}};
}

// Old rows see old columns only; new rows stay as they are.
void Place(const Tensor& from, const Segments& rows, const Segments& columns, Tensor to) {
  for (const Segment& row : rows) {
    const Tensor source = from.narrow(0, row.from, row.count);
    Tensor target = to.narrow(0, row.to, row.count).zero_();
    for (const Segment& column : columns) {
      target.narrow(1, column.to, column.count).copy_(source.narrow(1, column.from, column.count));
    }
    if (columns.empty()) target.copy_(source);
  }
}

// The name under which the smaller network has what a tensor starts from: later passes start as the second.
std::string SourceName(const std::string& name, const NetworkShape& small) {
  if (small.passes > 2 || !name.starts_with("ctx")) return name;
  return "ctx" + name.substr(name.find('.'));
}

void ZeroRowsFrom(int64_t first, torch::nn::Conv2d& layer) {
  const int64_t count = layer->weight.size(0) - first;
  layer->weight.narrow(0, first, count).zero_();
  layer->bias.narrow(0, first, count).zero_();
}

// Channels from `width` on, and blocks from `kept` on, go through unchanged.
void SilenceBlocks(size_t kept, int64_t width, Numbered<Block>& blocks) {
  for (size_t i = 0; i < blocks.layers.size(); ++i) {
    const int64_t first = i < kept ? width : 0;
    ZeroRowsFrom(first, blocks.layers[i]->b);
    ZeroRowsFrom(first, blocks.layers[i]->out);
  }
}

// Moments of new latents are those of a Gaussian of mean 0 and deviation 1: random ones would be far off.
void SetNewMoments(int64_t first, torch::nn::Conv2d& layer) {
  for (const Tensor& rows : {layer->weight, layer->bias}) {
    for (const Tensor& half : rows.chunk(2)) half.narrow(0, first, half.size(0) - first).zero_();
  }
}

void PlaceAll(const Network& from, Network& to) {
  const auto sources = from.named_parameters();
  for (const auto& item : to.named_parameters()) {
    const Tensor* source = sources.find(SourceName(item.key(), from.shape()));
    if (!source) continue;
    const Segments columns = source->dim() > 1 ? ColumnsOf(item.key(), *source, from.shape(), to.shape()) : Segments{};
    Place(*source, RowsOf(item.key(), *source, item.value()), columns, item.value());
  }
  SilenceBlocks(from.eb8->layers.size(), from.shape().analysis_width, *to.eb8);
  SilenceBlocks(from.eb16->layers.size(), from.shape().inner_width, *to.eb16);
  SilenceBlocks(from.db16->layers.size(), from.shape().inner_width, *to.db16);
  SilenceBlocks(from.db8->layers.size(), from.shape().synthesis_width, *to.db8);
  SetNewMoments(from.shape().latents, to.par0);
  for (auto& context : to.contexts) SetNewMoments(from.shape().latents, context->layers.back());
  if (to.shape().overlap == 0 || from.shape().overlap > 0) return;
  ZeroRowsFrom(0, to.e_overlap);
  ZeroRowsFrom(0, to.d_overlap);
}

void GrowGains(const NetworkShape& small, const Lambdas& lambdas, Network& to) {
  const int64_t more = to.shape().latents - small.latents;
  const Tensor log_step = LogSteps(lambdas).unsqueeze(1);
  for (const auto& [table, sign] : {std::pair{to.loggain, -1.0}, std::pair{to.loginv, 1.0}}) {
    for (int64_t level = small.levels; level < to.shape().levels; ++level) {
      table.select(0, level).copy_(2 * table.select(0, level - 1) - table.select(0, level - 2));
    }
    table.narrow(1, small.latents, more).copy_((sign * log_step).expand({-1, more}));
  }
}

// Sums of products of F features and of T targets with them.
struct Regression {
  Tensor features;  // (F, F)
  Tensor crossed;   // (T, F)
};

Tensor Rows(const Tensor& samples) { return samples.permute({1, 0, 2, 3}).flatten(1).to(torch::kDouble); }

// At the finest level: without rounding and gains, channels that the network has given up would come through.
Tensor Leftover(Network& network, const Tensor& picture) {
  const Tensor finest = torch::full({1}, static_cast<double>(network.shape().levels - 1));
  return picture - RunRounded(network, network.Analyse(picture), finest).pictures;
}

// (192, count): directions of 8x8 patches of what is left.
Tensor LeftoverBasis(Network& from, const Dataset& dataset, int64_t count) {
  Tensor sums = torch::zeros({192, 192}, torch::kDouble);
  ForSomePictures(dataset, [&](const Tensor& picture) {
    const Tensor rows = Rows(torch::pixel_unshuffle(Leftover(from, picture), 8));
    sums += rows.matmul(rows.t());
  });
  return std::get<1>(torch::linalg_eigh(sums)).flip({1}).narrow(1, 0, count).contiguous();
}

Regression GatherMoments(Network& from, const Dataset& dataset, const Tensor& basis, Network& to) {
  const int64_t features = 4 * to.shape().analysis_width, targets = 4 * basis.size(1);
  Regression sums = {torch::zeros({features, features}, torch::kDouble),
                     torch::zeros({targets, features}, torch::kDouble)};
  const Tensor project = basis.t().to(torch::kFloat).unsqueeze(2).unsqueeze(3);
  ForSomePictures(dataset, [&](const Tensor& picture) {
    const Tensor patches = torch::pixel_unshuffle(Leftover(from, picture), 8);
    const Tensor target = Rows(torch::pixel_unshuffle(torch::conv2d(patches, project), 2));
    const Tensor feature = Rows(to.AnalyseAt8(picture));
    sums.features += feature.matmul(feature.t());
    sums.crossed += target.matmul(feature.t());
  });
  return sums;
}

// Reduced-rank regression: the new latents are the strongest directions of the best linear prediction.
void FitNewLatents(Network& from, const Dataset& dataset, Network& to) {
  const NetworkShape& small = from.shape();
  const NetworkShape& large = to.shape();
  const int64_t channels = std::min<int64_t>(large.synthesis_width - small.synthesis_width, 192);
  const int64_t latents = std::min(large.latents - small.latents, 4 * channels);
  const Tensor basis = LeftoverBasis(from, dataset, channels);
  const Regression sums = GatherMoments(from, dataset, basis, to);
  const Tensor ridge = torch::eye(sums.features.size(0), torch::kDouble) * sums.features.diagonal().mean() * kRidge;
  const Tensor prediction = torch::linalg_solve(sums.features + ridge, sums.crossed.t()).t();
  const Tensor power = prediction.matmul(sums.features).matmul(prediction.t());
  const Tensor directions =
      std::get<1>(torch::linalg_eigh((power + power.t()) / 2)).flip({1}).narrow(1, 0, latents).contiguous();

  to.d8->weight.select(3, 0).select(2, 0).narrow(1, small.synthesis_width, channels).copy_(basis);
  to.e_linear->weight.select(3, 0)
      .select(2, 0)
      .narrow(0, small.latents, latents)
      .copy_(directions.t().matmul(prediction));
  to.e_linear->bias.narrow(0, small.latents, latents).zero_();
  Tensor columns = to.d_linear->weight.select(3, 0).select(2, 0).narrow(1, small.latents, latents).zero_();
  columns.narrow(0, 4 * small.synthesis_width, 4 * channels).copy_(directions);
  // Until they are trained, other paths bring neither noise into the new latents nor into the new channels.
  ZeroRowsFrom(small.latents, to.e_inner);
  ZeroRowsFrom(4 * small.synthesis_width, to.d16);
  to.d_linear->weight.narrow(0, 4 * small.synthesis_width, to.d_linear->weight.size(0) - 4 * small.synthesis_width)
      .narrow(1, 0, small.latents)
      .zero_();
  to.d_linear->bias.narrow(0, 4 * small.synthesis_width, to.d_linear->bias.size(0) - 4 * small.synthesis_width).zero_();
}

}  // namespace

Status GrowNetwork(Network& from, const Dataset& dataset, const Lambdas& lambdas, Network& to) {
  NIC_RETURN_IF_ERROR(CheckLarger(from.shape(), to.shape()));
  torch::NoGradGuard no_gradients;
  SetMatrix(to.e8, PatchBasis(dataset));  // of which PlaceAll leaves the rows of the new channels
  PlaceAll(from, to);
  GrowGains(from.shape(), lambdas, to);
  const bool wider =
      to.shape().latents > from.shape().latents && to.shape().synthesis_width > from.shape().synthesis_width;
  if (to.shape().linear && wider) FitNewLatents(from, dataset, to);
  return {};
}

}  // namespace nic
