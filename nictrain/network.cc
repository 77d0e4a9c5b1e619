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

std::string ContextName(int64_t pass) { return pass == 1 ? "ctx" : "ctx" + std::to_string(pass); }

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
  MakeAnalysis();
  MakeSynthesis();
  MakeEntropyModel();
}

void Network::MakeAnalysis() {
  const NetworkShape& s = shape_;
  e8 = register_module("e8", Convolution(192, s.analysis_width, 1));
  if (s.overlap > 0) {
    e_narrow = register_module("e_narrow", Convolution(192, s.overlap, 1));
    e_overlap = register_module("e_overlap", Convolution(s.overlap, s.analysis_width, 3));
  }
  eb8 = register_module("eb8", MakeBlocks(s.analysis_blocks8, s.analysis_width));
  e16 = register_module("e16", Convolution(4 * s.analysis_width, s.inner_width, 1));
  eb16 = register_module("eb16", MakeBlocks(s.analysis_blocks16, s.inner_width));
  if (!s.linear) return;
  e_linear = register_module("e_linear", Convolution(4 * s.analysis_width, s.latents, 1));
  e_inner = register_module("e_inner", Convolution(s.inner_width, s.latents, 1));
}

void Network::MakeSynthesis() {
  const NetworkShape& s = shape_;
  if (s.linear) {
    d_linear = register_module("d_linear", Convolution(s.latents, 4 * s.synthesis_width, 1));
    d_inner = register_module("d_inner", Convolution(s.latents, s.inner_width, 1));
  }
  db16 = register_module("db16", MakeBlocks(s.synthesis_blocks16, s.inner_width));
  d16 = register_module("d16", Convolution(s.inner_width, 4 * s.synthesis_width, 1));
  db8 = register_module("db8", MakeBlocks(s.synthesis_blocks8, s.synthesis_width));
  d8 = register_module("d8", Convolution(s.synthesis_width, 192, 1));
  if (s.overlap > 0) {
    d_narrow = register_module("d_narrow", Convolution(s.synthesis_width, s.overlap, 1));
    d_overlap = register_module("d_overlap", Convolution(s.overlap, 192, 3));
  }
}

void Network::MakeEntropyModel() {
  const NetworkShape& s = shape_;
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
  for (int64_t pass = 1; pass < s.passes; ++pass) {
    auto context = std::make_shared<Numbered<torch::nn::Conv2d>>();
    context->Add(0, Convolution(s.latents + s.features, s.features, 1));
    context->Add(2, Convolution(s.features, s.features, 3, 1, s.features));
    context->Add(3, Convolution(s.features, s.features, 1));
    context->Add(5, Convolution(s.features, 2 * s.latents, 1));
    contexts.push_back(register_module(ContextName(pass), context));
  }
  zmu = register_parameter("zmu", torch::zeros({1, s.hyper_latents, 1, 1}));
  zls = register_parameter("zls", torch::zeros({1, s.hyper_latents, 1, 1}));
}

// The first and last layers of both transforms stay in single precision: their errors would be the picture's.
Tensor Network::AnalyseAt8(const Tensor& pictures) {
  const Tensor patches = Unshuffle(pictures, 8);
  Tensor at8 = Convolve(e8, patches, Precision::kSingle);
  if (e_overlap) at8 = at8 + Convolve(e_overlap, Convolve(e_narrow, patches, precision_), precision_);
  return Unshuffle(Run(*eb8, at8, precision_), 2);
}

Tensor Network::Analyse(const Tensor& pictures) {
  const Tensor quads = AnalyseAt8(pictures);
  if (!e_linear) return Run(*eb16, Convolve(e16, quads, Precision::kSingle), precision_);
  const Tensor inner = Run(*eb16, Convolve(e16, quads, precision_), precision_);
  return Convolve(e_linear, quads, Precision::kSingle) + Convolve(e_inner, inner, precision_);
}

Tensor Network::Synthesise(const Tensor& latents) {
  const Tensor x = ChannelsLast(latents);
  const Tensor inner = Run(*db16, d_inner ? Convolve(d_inner, x, precision_) : x, precision_);
  Tensor quads = Convolve(d16, inner, d_linear ? precision_ : Precision::kSingle);
  if (d_linear) quads = quads + Convolve(d_linear, x, Precision::kSingle);
  const Tensor at8 = Run(*db8, Shuffle(quads, 2), precision_);
  Tensor patches = Convolve(d8, at8, Precision::kSingle);
  if (d_overlap) patches = patches + Convolve(d_overlap, Convolve(d_narrow, at8, precision_), precision_);
  return torch::pixel_shuffle(patches, 8);
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

Moments Network::Predict(int64_t pass, const Tensor& decoded, const Tensor& features) {
  if (pass == 0) return Split(Convolve(par0, features, precision_));
  auto& layers = contexts[static_cast<size_t>(pass - 1)]->layers;
  Tensor x = torch::cat({decoded.to(features.scalar_type()), features}, 1);
  x = LeakyRelu(Convolve(layers[0], x, precision_));
  x = Convolve(layers[1], x, precision_);
  x = LeakyRelu(Convolve(layers[2], x, precision_));
  return Split(Convolve(layers[3], x, precision_));
}

Tensor PassMask(const NetworkShape& shape, int64_t pass, int64_t height, int64_t width,
                const torch::TensorOptions& options) {
  Tensor mask = torch::zeros({1, shape.latents, height, width}, options);
  using torch::indexing::None;
  using torch::indexing::Slice;
  for (int phase = 0; phase < 4; ++phase) {
    const ChannelSpan span = CodedSpan(shape, pass, phase);
    mask.index_put_({0, Slice(span.begin, span.end), Slice(phase >> 1, None, 2), Slice(phase & 1, None, 2)}, 1);
  }
  return mask;
}

Tensor GaussianBits(const Tensor& v, const Tensor& mean, const Tensor& log_scale) {
  const Tensor inverse = (-log_scale.clamp(kMinLogScale, kMaxLogScale)).exp();
  const Tensor distance = (v - mean).abs();
  const Tensor p = torch::special_ndtr((0.5 - distance) * inverse) - torch::special_ndtr((-0.5 - distance) * inverse);
  return -torch::log2(p.clamp_min(1e-9));
}

Status InferShape(const StoredTensors& stored, NetworkShape* shape) {
  NetworkShape found;
  std::string missing;
  const auto size = [&](const std::string& name, size_t dimension) -> int64_t {
    const auto tensor = stored.tensors.find(name);
    const bool there = tensor != stored.tensors.end() && tensor->second.shape.size() > dimension;
    if (!there && missing.empty()) missing = name;
    return there ? tensor->second.shape[dimension] : 1;
  };
  const auto count = [&](const std::string& before, const std::string& after) {
    int64_t n = 0;
    while (stored.tensors.count(before + std::to_string(n) + after)) ++n;
    return n;
  };
  found.analysis_width = size("e8.weight", 0);
  found.synthesis_width = size("d8.weight", 1);
  found.inner_width = size("e16.weight", 0);
  found.levels = size("loggain", 0);
  found.latents = size("loggain", 1);
  found.hyper_latents = size("he.4.weight", 0);
  found.hyper_width = size("he.0.weight", 0);
  found.features = size("hd.6.weight", 0);
  found.analysis_blocks8 = count("eb8.", ".a.weight");
  found.analysis_blocks16 = count("eb16.", ".a.weight");
  found.synthesis_blocks8 = count("db8.", ".a.weight");
  found.synthesis_blocks16 = count("db16.", ".a.weight");
  found.passes = stored.tensors.count("ctx3.0.weight") ? 4 : 2;
  found.linear = stored.tensors.count("e_linear.weight") != 0;
  found.overlap = stored.tensors.count("e_narrow.weight") ? size("e_narrow.weight", 0) : 0;
  if (!missing.empty()) return Mismatch(missing, "is missing");
  NIC_RETURN_IF_ERROR(CheckShape(found));
  *shape = found;
  return {};
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
