#include "network.h"

#include <cmath>
#include <cstring>

namespace nic {
namespace {

using torch::Tensor;
namespace functional = torch::nn::functional;

constexpr double kSlope = 0.125;

torch::nn::Conv2d Convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1, int64_t groups = 1) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups));
}

Tensor Convolve(torch::nn::Conv2d& layer, const Tensor& x, Precision precision) {
  if (precision == Precision::kSingle) return layer->forward(x.to(torch::kFloat));
  const auto& options = layer->options;
  const int64_t padding = (*options.kernel_size())[0] / 2;
  return torch::conv2d(x.to(torch::kBFloat16), layer->weight.to(torch::kBFloat16), layer->bias.to(torch::kBFloat16),
                       options.stride(), padding, 1, options.groups());
}

Tensor LeakyRelu(const Tensor& x) { return torch::leaky_relu(x, kSlope); }

Tensor ChannelsLast(const Tensor& x) { return x.contiguous(torch::MemoryFormat::ChannelsLast); }

Tensor Shuffle(const Tensor& x, int64_t factor) { return ChannelsLast(torch::pixel_shuffle(x, factor)); }

Tensor Unshuffle(const Tensor& x, int64_t factor) { return ChannelsLast(torch::pixel_unshuffle(x, factor)); }

Moments Split(const Tensor& both) {
  const auto parts = both.to(torch::kFloat).chunk(2, 1);
  return {parts[0], parts[1]};
}

std::shared_ptr<Numbered<Block>> MakeBlocks(int64_t count, int64_t channels) {
  auto blocks = std::make_shared<Numbered<Block>>();
  for (int64_t i = 0; i < count; ++i) blocks->Add(static_cast<int>(i), Block(channels));
  return blocks;
}

Tensor Run(Numbered<Block>& blocks, Tensor x, Precision precision) {
  for (Block& block : blocks.layers) x = block->forward(x, precision);
  return x;
}

Tensor ToTensor(const StoredTensor& stored) {
  const auto type = stored.type == StoredType::kHalf     ? torch::kHalf
                    : stored.type == StoredType::kSingle ? torch::kFloat
                                                         : torch::kLong;
  Tensor tensor = torch::empty(stored.shape, type);
  std::memcpy(tensor.data_ptr(), stored.bytes.data(), stored.bytes.size());
  return tensor.to(torch::kFloat);
}

Status Mismatch(const std::string& name, const char* what) {
  return Status::Error(NIC_MODEL_MISMATCH, Status::kNoOffset, "checkpoint: tensor %s %s", name.c_str(), what);
}

}  // namespace

BlockImpl::BlockImpl(int64_t channels) {
  a = register_module("a", Convolution(channels, channels, 1));
  depthwise = register_module("dw", Convolution(channels, channels, 3, 1, channels));
  b = register_module("b", Convolution(channels, channels, 1));
  gate = register_module("f1", Convolution(channels, 2 * channels, 1));
  out = register_module("f2", Convolution(channels, channels, 1));
}

Tensor BlockImpl::forward(const Tensor& x, Precision precision) {
  const Tensor wide = LeakyRelu(Convolve(a, x, precision));
  const Tensor mixed = x + Convolve(b, Convolve(depthwise, wide, precision), precision);
  const auto halves = Convolve(gate, mixed, precision).chunk(2, 1);
  return mixed + Convolve(out, halves[0] * torch::relu(halves[1]), precision);
}

Network::Network(const NetworkShape& shape) : shape_(shape) {
  const NetworkShape& s = shape_;
  e8 = register_module("e8", Convolution(192, s.width, 1));
  eb8 = register_module("eb8", MakeBlocks(s.blocks8, s.width));
  e16 = register_module("e16", Convolution(4 * s.width, s.latents, 1));
  eb16 = register_module("eb16", MakeBlocks(s.blocks16, s.latents));
  db16 = register_module("db16", MakeBlocks(s.blocks16, s.latents));
  d16 = register_module("d16", Convolution(s.latents, 4 * s.width, 1));
  db8 = register_module("db8", MakeBlocks(s.blocks8, s.width));
  d8 = register_module("d8", Convolution(s.width, 192, 1));
  loggain = register_parameter("loggain", torch::zeros({s.levels, s.latents}));
  loginv = register_parameter("loginv", torch::zeros({s.levels, s.latents}));

  he = register_module("he", std::make_shared<Numbered<torch::nn::Conv2d>>());
  he->Add(0, Convolution(s.latents, s.hyper_width, 3));
  he->Add(2, Convolution(s.hyper_width, s.hyper_width, 3, 2));
  he->Add(4, Convolution(s.hyper_width, s.hyper_latents, 3, 2));
  hd = register_module("hd", std::make_shared<Numbered<torch::nn::Conv2d>>());
  hd->Add(0, Convolution(s.hyper_latents, 4 * s.hyper_width, 1));
  hd->Add(3, Convolution(s.hyper_width, 4 * s.hyper_width, 1));
  hd->Add(6, Convolution(s.hyper_width, s.features, 3));
  par0 = register_module("par0", Convolution(s.features, 2 * s.latents, 1));
  ctx = register_module("ctx", std::make_shared<Numbered<torch::nn::Conv2d>>());
  ctx->Add(0, Convolution(s.latents + s.features, s.features, 1));
  ctx->Add(2, Convolution(s.features, s.features, 3, 1, s.features));
  ctx->Add(3, Convolution(s.features, s.features, 1));
  ctx->Add(5, Convolution(s.features, 2 * s.latents, 1));
  zmu = register_parameter("zmu", torch::zeros({1, s.hyper_latents, 1, 1}));
  zls = register_parameter("zls", torch::zeros({1, s.hyper_latents, 1, 1}));
}

// The first and last layers of both transforms stay in single precision: their errors would be the picture's.
Tensor Network::Analyse(const Tensor& pictures) {
  const Tensor at8 = Run(*eb8, Convolve(e8, Unshuffle(pictures, 8), Precision::kSingle), precision_);
  return Run(*eb16, Convolve(e16, Unshuffle(at8, 2), Precision::kSingle), precision_);
}

Tensor Network::Synthesise(const Tensor& latents) {
  const Tensor at8 = Shuffle(Convolve(d16, Run(*db16, ChannelsLast(latents), precision_), Precision::kSingle), 2);
  return torch::pixel_shuffle(Convolve(d8, Run(*db8, at8, precision_), Precision::kSingle), 8);
}

Tensor Network::Interpolate(const Tensor& table, const Tensor& q) const {
  const Tensor level = q.floor().clamp(0, static_cast<double>(shape_.levels - 2));
  const Tensor fraction = (q - level).unsqueeze(1);
  const Tensor index = level.to(torch::kLong);
  const Tensor low = table.index_select(0, index);
  const Tensor high = table.index_select(0, index + 1);
  return (low * (1 - fraction) + high * fraction).exp().unsqueeze(2).unsqueeze(3);
}

Tensor Network::HyperAnalyse(const Tensor& gained) {
  Tensor x = LeakyRelu(Convolve(he->layers[0], gained, precision_));
  x = LeakyRelu(Convolve(he->layers[1], x, precision_));
  return Convolve(he->layers[2], x, precision_).to(torch::kFloat);
}

Tensor Network::HyperSynthesise(const Tensor& hyper, int64_t height, int64_t width) {
  Tensor x = LeakyRelu(Shuffle(Convolve(hd->layers[0], hyper, precision_), 2));
  x = LeakyRelu(Shuffle(Convolve(hd->layers[1], x, precision_), 2));
  x = LeakyRelu(Convolve(hd->layers[2], x, precision_));
  return x.narrow(2, 0, height).narrow(3, 0, width);
}

Moments Network::FirstPass(const Tensor& features) { return Split(Convolve(par0, features, precision_)); }

Moments Network::SecondPass(const Tensor& decoded, const Tensor& features) {
  Tensor x = torch::cat({decoded.to(features.scalar_type()), features}, 1);
  x = LeakyRelu(Convolve(ctx->layers[0], x, precision_));
  x = Convolve(ctx->layers[1], x, precision_);
  x = LeakyRelu(Convolve(ctx->layers[2], x, precision_));
  return Split(Convolve(ctx->layers[3], x, precision_));
}

Tensor FirstPassMask(int64_t height, int64_t width, const torch::TensorOptions& options) {
  const Tensor rows = torch::arange(height, options).unsqueeze(1);
  const Tensor columns = torch::arange(width, options).unsqueeze(0);
  return (1 - (rows + columns).fmod(2)).unsqueeze(0).unsqueeze(0);
}

Tensor GaussianBits(const Tensor& v, const Tensor& mean, const Tensor& log_scale) {
  const Tensor inverse = (-log_scale.clamp(kMinLogScale, kMaxLogScale)).exp();
  const Tensor distance = (v - mean).abs();
  const Tensor p = torch::special_ndtr((0.5 - distance) * inverse) - torch::special_ndtr((-0.5 - distance) * inverse);
  return -torch::log2(p.clamp_min(1e-9));
}

Status LoadNetwork(const StoredTensors& stored, Network& network) {
  const auto parameters = network.named_parameters();
  for (const auto& item : parameters) {
    const auto found = stored.tensors.find(item.key());
    if (found == stored.tensors.end()) return Mismatch(item.key(), "is missing");
    if (found->second.shape != item.value().sizes().vec()) return Mismatch(item.key(), "has another shape");
  }
  for (const auto& [name, tensor] : stored.tensors) {
    if (!parameters.contains(name)) return Mismatch(name, "is not part of this architecture");
  }
  torch::NoGradGuard no_gradients;
  for (const auto& item : parameters) torch::Tensor(item.value()).copy_(ToTensor(stored.tensors.at(item.key())));
  return {};
}

StoredTensors StoreNetwork(const Network& network, bool half_weights) {
  StoredTensors stored;
  for (const auto& item : network.named_parameters()) {
    const bool half = half_weights && item.value().dim() == 4 && item.key().ends_with("weight");
    const Tensor tensor = item.value().detach().to(torch::kCPU, half ? torch::kHalf : torch::kFloat).contiguous();
    StoredTensor& to = stored.tensors[item.key()];
    to.type = half ? StoredType::kHalf : StoredType::kSingle;
    to.shape = tensor.sizes().vec();
    const auto* bytes = static_cast<const uint8_t*>(tensor.data_ptr());
    to.bytes.assign(bytes, bytes + tensor.nbytes());
  }
  return stored;
}

}  // namespace nic
