#include "trainer.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "exporter.h"
#include "files.h"
#include "growth.h"
#include "klt.h"

namespace nic {
namespace {

using torch::Tensor;
namespace fs = std::filesystem;

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.99;
constexpr double kEpsilon = 1e-8;
constexpr int kMostSkipped = 50;
constexpr size_t kKeptCheckpoints = 2;
constexpr char kPrefix[] = "step-";

std::string CheckpointName(int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "%s%08lld", kPrefix, static_cast<long long>(step));
  return name;
}

// Complete checkpoints below `folder`, oldest first.
std::vector<std::string> ListCheckpoints(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.find('.') == std::string::npos) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// `path` itself where it is a checkpoint.
std::string NewestCheckpoint(const std::string& path) {
  const std::vector<std::string> below = ListCheckpoints(path);
  return below.empty() ? path : below.back();
}

Status IoError(const char* what, const std::string& path, const std::error_code& error) {
  return Status::Error(NIC_IO, Status::kNoOffset, "%s %s: %s", what, path.c_str(), error.message().c_str());
}

constexpr const char* kStateFiles[] = {"weights", "average", "first", "second", "steps"};

std::string StatePath(const std::string& folder, size_t index) { return folder + "/" + kStateFiles[index]; }

}  // namespace

double RateFactor(int64_t step, int64_t warmup, double progress) {
  const double rise = warmup > 0 ? std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(warmup)) : 1.0;
  return rise * 0.5 * (1 + std::cos(M_PI * std::clamp(progress, 0.0, 1.0)));
}

Optimiser::Optimiser(Network& network, const Config& config) : clip_(config.clip), ema_(config.ema) {
  int64_t total = 0;
  torch::TensorOptions options;
  for (const auto& item : network.named_parameters()) {
    parts_.push_back({item.key(), item.value().sizes().vec(), total, item.value().numel()});
    total += item.value().numel();
    options = item.value().options().requires_grad(false);
  }
  weights_ = torch::zeros({total}, options);
  gradients_ = torch::zeros_like(weights_);
  first_ = torch::zeros_like(weights_);
  second_ = torch::zeros_like(weights_);
  decays_ = torch::zeros_like(weights_);
  size_t index = 0;
  for (auto& item : network.named_parameters()) {
    const Part& part = parts_[index++];
    Tensor view = weights_.narrow(0, part.begin, part.count).view(part.shape);
    view.copy_(item.value().detach());
    item.value().set_data(view);
    item.value().mutable_grad() = gradients_.narrow(0, part.begin, part.count).view(part.shape);
    if (part.shape.size() == 4 && part.name.ends_with("weight")) {
      decays_.narrow(0, part.begin, part.count).fill_(config.weight_decay);
    }
  }
  average_ = weights_.clone();
}

void Optimiser::SetSteps(const std::map<std::string, Tensor>& steps) {
  steps_ = torch::zeros_like(weights_);
  for (const Part& part : parts_) {
    const auto found = steps.find(part.name);
    if (found != steps.end()) steps_.narrow(0, part.begin, part.count).view(part.shape).copy_(found->second);
  }
}

void Optimiser::BeginStep() {
  gradients_.zero_();
  if (!steps_.defined()) return;
  torch::NoGradGuard no_gradients;
  masters_ = weights_.clone();
  const Tensor on_grid = steps_ > 0;
  const Tensor rounded = (weights_ / steps_.clamp_min(1e-30)).round() * steps_;
  weights_.copy_(torch::where(on_grid, rounded, weights_));
}

void Optimiser::EndRounding() {
  if (!masters_.defined()) return;
  torch::NoGradGuard no_gradients;
  weights_.copy_(masters_);
  masters_ = Tensor();
}

double Optimiser::Step(int64_t step, double rate) {
  torch::NoGradGuard no_gradients;
  const double norm = gradients_.norm().item<double>();
  if (!std::isfinite(norm)) return norm;
  if (norm > clip_) gradients_.mul_(clip_ / norm);
  first_.lerp_(gradients_, 1 - kBeta1);
  second_.mul_(kBeta2).addcmul_(gradients_, gradients_, 1 - kBeta2);
  const double n = static_cast<double>(step);
  const double unbias1 = 1 - std::pow(kBeta1, n);
  const double unbias2 = 1 - std::pow(kBeta2, n);
  weights_.addcmul_(weights_, decays_, -rate);
  weights_.addcdiv_(first_, (second_ / unbias2).sqrt_().add_(kEpsilon), -rate / unbias1);
  average_.lerp_(weights_, 1 - std::min(ema_, (1 + n) / (10 + n)));
  return norm;
}

StoredTensors Optimiser::StoreFlat(const Tensor& flat) const {
  const Tensor host = flat.to(torch::kCPU).contiguous();
  const auto* bytes = static_cast<const uint8_t*>(host.data_ptr());
  StoredTensors stored;
  for (const Part& part : parts_) {
    StoredTensor& tensor = stored.tensors[part.name];
    tensor.shape = part.shape;
    tensor.bytes.assign(bytes + part.begin * 4, bytes + (part.begin + part.count) * 4);
  }
  return stored;
}

Status Optimiser::RestoreFlat(const StoredTensors& stored, Tensor& flat) {
  Tensor host = torch::empty({flat.numel()}, torch::kFloat);
  auto* bytes = static_cast<uint8_t*>(host.data_ptr());
  for (const Part& part : parts_) {
    const auto found = stored.tensors.find(part.name);
    if (found == stored.tensors.end() || found->second.shape != part.shape ||
        found->second.type != StoredType::kSingle) {
      return Status::Error(NIC_MODEL_MISMATCH, Status::kNoOffset,
                           "checkpoint: tensor %s is missing or has another shape", part.name.c_str());
    }
    std::copy(found->second.bytes.begin(), found->second.bytes.end(), bytes + part.begin * 4);
  }
  if (stored.tensors.size() != parts_.size()) {
    return Status::Error(NIC_MODEL_MISMATCH, Status::kNoOffset, "checkpoint: %zu tensors instead of %zu",
                         stored.tensors.size(), parts_.size());
  }
  flat.copy_(host);
  return {};
}

Optimiser::State Optimiser::Store() const {
  State state = {StoreFlat(weights_), StoreFlat(average_), StoreFlat(first_), StoreFlat(second_), {}};
  if (steps_.defined()) state.steps = StoreFlat(steps_);
  return state;
}

Status Optimiser::Restore(const State& state) {
  torch::NoGradGuard no_gradients;
  NIC_RETURN_IF_ERROR(RestoreFlat(state.weights, weights_));
  NIC_RETURN_IF_ERROR(RestoreFlat(state.average, average_));
  NIC_RETURN_IF_ERROR(RestoreFlat(state.first, first_));
  NIC_RETURN_IF_ERROR(RestoreFlat(state.second, second_));
  if (state.steps.tensors.empty()) return {};
  steps_ = torch::zeros_like(weights_);
  return RestoreFlat(state.steps, steps_);
}

void Optimiser::CopyAverage(Network& network) const {
  torch::NoGradGuard no_gradients;
  size_t index = 0;
  for (auto& item : network.named_parameters()) {
    const Part& part = parts_[index++];
    item.value().copy_(average_.narrow(0, part.begin, part.count).view(part.shape));
  }
}

Trainer::Trainer(const Config& config, const Dataset& dataset, torch::Device device)
    : config_(config),
      device_(device),
      sampler_(dataset, device),
      lambdas_(config.lambda_low, config.lambda_high, config.shape.levels) {
  torch::manual_seed(static_cast<uint64_t>(config.seed));
  network_ = std::make_shared<Network>(config.shape);
  network_->to(device_);
  network_->set_precision(config.precision == "bf16" ? Precision::kBrainHalf : Precision::kSingle);
  optimiser_ = std::make_unique<Optimiser>(*network_, config_);
}

Status Trainer::Initialise(const StoredTensors& weights) {
  NIC_RETURN_IF_ERROR(LoadNetwork(weights, *network_));
  optimiser_->StartAverage();
  return {};
}

void Trainer::BeginWithKlt(const Dataset& dataset) {
  Network fresh(config_.shape);
  StartFromKlt(dataset, lambdas_, fresh);
  const Status status = Initialise(StoreNetwork(fresh));
  TORCH_INTERNAL_ASSERT(status.ok());
}

Status Trainer::BeginGrown(Network& from, const Dataset& dataset) {
  Network fresh(config_.shape);
  NIC_RETURN_IF_ERROR(GrowNetwork(from, dataset, lambdas_, fresh));
  return Initialise(StoreNetwork(fresh));
}

Status Trainer::BeginQuantised(const Dataset& dataset) {
  Network copy(config_.shape);
  NIC_RETURN_IF_ERROR(LoadNetwork(StoreNetwork(*network_), copy));
  ExportOptions options;
  options.side = static_cast<int>(std::min(int64_t{256}, config_.patch));
  std::map<std::string, Tensor> steps;
  NIC_RETURN_IF_ERROR(FindWeightSteps(copy, dataset, options, &steps));
  optimiser_->SetSteps(steps);
  return {};
}

Status Trainer::Step(double rate, StepReport* report) {
  Random random(static_cast<uint64_t>(config_.seed), static_cast<uint64_t>(step_));
  const CropOptions crop{config_.patch,  config_.downscale, config_.smallest_scale,
                         config_.colour, config_.chroma,    config_.patterns};
  const Tensor pictures = sampler_.Draw(config_.batch, crop, random);
  const auto qualities = StratifiedQualities(config_.batch, static_cast<double>(config_.shape.levels - 1), random);
  const Tensor q = torch::tensor(qualities).to(device_);
  torch::manual_seed(random.Next());

  optimiser_->BeginStep();
  const Outcome outcome = RunNoisy(*network_, pictures, q);
  const LossOptions options{config_.similarity, config_.loss_limit};
  const Loss loss = Judge(outcome, pictures, lambdas_.At(q), options);
  loss.total.backward();
  report->step = step_ + 1;
  report->rate = rate;
  report->loss = loss.total.item<double>();
  report->bpp = loss.bpp.item<double>();
  report->psnr = -10 * loss.mse.log10().mean().item<double>();
  optimiser_->EndRounding();
  report->gradient = std::isfinite(report->loss) ? optimiser_->Step(step_ + 1, rate) : report->loss;
  ++step_;
  report->skipped = !std::isfinite(report->gradient);
  skipped_in_a_row_ = report->skipped ? skipped_in_a_row_ + 1 : 0;
  if (skipped_in_a_row_ < kMostSkipped) return {};
  return Status::Error(NIC_INTERNAL, Status::kNoOffset,
                       "step %lld: the loss or its gradient has not been finite for %d steps",
                       static_cast<long long>(step_), kMostSkipped);
}

Status Trainer::Save(const std::string& folder, double elapsed_seconds) const {
  const std::string path = folder + "/" + CheckpointName(step_);
  const std::string fresh = path + ".new";
  std::error_code error;
  if (fs::exists(path, error)) return {};
  fs::remove_all(fresh, error);
  if (!fs::create_directories(fresh, error)) return IoError("cannot create", fresh, error);
  const Optimiser::State state = optimiser_->Store();
  const StoredTensors* sets[] = {&state.weights, &state.average, &state.first, &state.second, &state.steps};
  for (size_t i = 0; i < StateCount(); ++i) NIC_RETURN_IF_ERROR(WriteSafetensorsParts(StatePath(fresh, i), *sets[i]));
  const nlohmann::json about = {{"step", step_}, {"seed", config_.seed}, {"elapsed_seconds", elapsed_seconds}};
  NIC_RETURN_IF_ERROR(WriteFile(fresh + "/state.json", about.dump(1) + "\n"));
  NIC_RETURN_IF_ERROR(WriteFile(fresh + "/config.conf", FormatConfig(config_)));
  fs::rename(fresh, path, error);
  if (error) return IoError("cannot rename", fresh, error);
  std::vector<std::string> all = ListCheckpoints(folder);
  for (size_t i = 0; i + kKeptCheckpoints < all.size(); ++i) fs::remove_all(all[i], error);
  return {};
}

Status ReadAverage(const std::string& path, StoredTensors* average) {
  return ReadSafetensorsParts(StatePath(NewestCheckpoint(path), 1), average);
}

Status Trainer::Resume(const std::string& path, double* elapsed_seconds) {
  const std::string folder = NewestCheckpoint(path);
  std::vector<uint8_t> text;
  NIC_RETURN_IF_ERROR(ReadFile(folder + "/state.json", &text));
  const auto about = nlohmann::json::parse(text, nullptr, false);
  if (!about.is_object() || !about.contains("step") || !about["step"].is_number_unsigned() ||
      !about.contains("elapsed_seconds") || !about["elapsed_seconds"].is_number()) {
    return Status::Error(NIC_MALFORMED, Status::kNoOffset, "%s/state.json: no step or elapsed_seconds", folder.c_str());
  }
  Optimiser::State state;
  StoredTensors* sets[] = {&state.weights, &state.average, &state.first, &state.second, &state.steps};
  for (size_t i = 0; i < StateCount(); ++i) NIC_RETURN_IF_ERROR(ReadSafetensorsParts(StatePath(folder, i), sets[i]));
  NIC_RETURN_IF_ERROR(optimiser_->Restore(state));
  step_ = about["step"].get<int64_t>();
  *elapsed_seconds = about["elapsed_seconds"].get<double>();
  return {};
}

}  // namespace nic
