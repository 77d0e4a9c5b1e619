#include "torch/picture_search.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "codec/prepared_model.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "model/model_section.h"
#include "torch/tile_search.h"

namespace nic {
namespace {

using torch::Tensor;

// Latent positions around a tile that take part in it without being searched for.
constexpr int64_t kHalo = 8;
constexpr double kUsualMemory = 2e9;

class PictureSearch {
 public:
  PictureSearch(const SearchRequest& request, Memory& memory)
      : request_(request), memory_(memory), decoder_(memory), encoder_(memory) {}

  Status Run() {
    NIC_RETURN_IF_ERROR(ReadDecoderSection({request_.decoder_section, request_.decoder_size}, &decoder_));
    NIC_RETURN_IF_ERROR(ReadEncoderSection({request_.encoder_section, request_.encoder_size}, decoder_, &encoder_));
    NIC_RETURN_IF_ERROR(CheckModel(decoder_));
    NIC_RETURN_IF_ERROR(CheckModel(encoder_, decoder_));
    TableSet tables(memory_);
    NIC_RETURN_IF_ERROR(BuildTables(decoder_, memory_, &tables));
    at::set_num_threads(static_cast<int>(std::max(1u, request_.threads)));
    const RealModel model(decoder_, encoder_, tables, options_);
    const RateIndex rate{request_.level, request_.interpolation};
    NIC_RETURN_IF_ERROR(ReadDeblocking(rate));
    const Tensor inverse_gain = RealGains(decoder_.inverse_gain, decoder_.latent_channels, rate, options_);

    const SliceLayout layout(request_.width, request_.height, request_.slice_side, decoder_);
    const std::vector<Part> parts = DivideIntoTiles(layout, TileSide(model));
    decoded_.assign(request_.decoded,
                    request_.decoded + layout.latent_width() * layout.latent_height() * decoder_.latent_channels);
    int16_t* hyper = request_.hyper;
    int64_t slice = 0;
    for (size_t i = 0; i < parts.size() && !stopped_; ++i) {
      for (; slice < parts[i].slice; ++slice) hyper += HyperSamples(layout, layout.Latents(slice));
      SearchTile(model, inverse_gain, layout, parts[i].tile, hyper, i, parts.size());
    }
    return {};
  }

 private:
  struct Part {
    int64_t slice;
    Tile tile;
  };

  Status ReadDeblocking(const RateIndex& rate) {
    if (request_.deblocking_size == 0) return {};
    DeblockingModel numbers(memory_);
    NIC_RETURN_IF_ERROR(
        ReadDeblockingSection({request_.deblocking_section, request_.deblocking_size}, decoder_, &numbers));
    NIC_RETURN_IF_ERROR(CheckModel(numbers, decoder_));
    deblocking_ = std::make_unique<RealDeblocking>(numbers, decoder_, NearestLevel(rate), options_);
    return {};
  }

  // Latent positions a side of what a tile synthesises, so that a step stays within the memory given: a multiple of the
  // hyper-latents' grid.
  int64_t TileSide(const RealModel& model) const {
    const double budget = request_.max_memory ? static_cast<double>(request_.max_memory) : kUsualMemory;
    const double positions = std::max(1.0, budget / (model.BytesForPosition(decoder_) + BytesForDeblocking()));
    const int64_t side = static_cast<int64_t>(std::sqrt(positions)) - 2 * kHalo;
    const int64_t unit = TileUnit();
    return std::max(unit, side / unit * unit);
  }

  // Eight weights for each sample in either direction.
  double BytesForDeblocking() const {
    const double samples = 3.0 * decoder_.latent_factor * decoder_.latent_factor;
    return deblocking_ ? samples * 2 * kDeblockingPeriod * sizeof(float) : 0;
  }

  // Tiles begin where both hyper-latents and the passes' phases do.
  int64_t TileUnit() const {
    return decoder_.hyper_factor % 2 == 0 ? decoder_.hyper_factor : 2 * decoder_.hyper_factor;
  }

  std::vector<Part> DivideIntoTiles(const SliceLayout& layout, int64_t side) const {
    const Rect picture{0, 0, layout.latent_width(), layout.latent_height()};
    std::vector<Part> parts;
    for (int64_t i = 0; i < layout.count(); ++i) {
      const Rect slice = layout.Latents(i);
      for (int64_t y = slice.y0; y < slice.y1; y += side) {
        for (int64_t x = slice.x0; x < slice.x1; x += side) {
          const Rect inner = Intersect({x, y, x + side, y + side}, slice);
          const Rect around{inner.x0 - kHalo, inner.y0 - kHalo, inner.x1 + kHalo, inner.y1 + kHalo};
          parts.push_back({i, {slice, inner, Intersect(around, slice), Intersect(around, picture)}});
        }
      }
    }
    return parts;
  }

  int64_t HyperSamples(const SliceLayout& layout, const Rect& slice) const {
    return layout.HyperHeight(slice) * layout.HyperWidth(slice) * decoder_.hyper_channels;
  }

  // The hyper-latents of a window, in the grid of its slice.
  Rect HyperRect(const Tile& tile) const {
    const int64_t factor = decoder_.hyper_factor;
    const auto up = [&](int64_t a) { return (a + factor - 1) / factor; };
    return {(tile.window.x0 - tile.slice.x0) / factor, (tile.window.y0 - tile.slice.y0) / factor,
            up(tile.window.x1 - tile.slice.x0), up(tile.window.y1 - tile.slice.y0)};
  }

  void SearchTile(const RealModel& model, const Tensor& inverse_gain, const SliceLayout& layout, const Tile& tile,
                  int16_t* hyper, size_t number, size_t count) {
    TileData data;
    const double unit = std::ldexp(1.0, decoder_.latent_bits);
    const int64_t channels = decoder_.latent_channels, width = layout.latent_width();
    const Rect hyper_rect = HyperRect(tile);
    const int64_t hyper_width = layout.HyperWidth(tile.slice);
    data.start = Read(request_.latents, width, tile.window, channels) / unit;
    data.decoded = Read(decoded_.data(), width, tile.scene, channels) / unit;
    data.hyper = Read(hyper, hyper_width, hyper_rect, decoder_.hyper_channels);
    {
      torch::NoGradGuard no_gradients;
      data.hyper_start = model.hyper_analysis.Run({data.start * unit})[0];
    }
    ReadPixels(tile, &data);
    SearchOptions options;
    options.lambda = request_.lambda;
    options.steps = request_.steps;
    options.seed = number + 1;
    TileSearch search(decoder_, model, deblocking_.get(), inverse_gain, tile, data);
    const TileResult result = search.Run(options, [&](int step) {
      const double done = static_cast<double>(number) + static_cast<double>(step) / options.steps;
      stopped_ = request_.report && request_.report(request_.user, done / static_cast<double>(count)) != 0;
      return stopped_;
    });
    const Tensor latents = result.latents * unit;
    Write(latents, tile.window, tile.inner, width, request_.latents);
    Write(latents, tile.window, tile.inner, width, decoded_.data());
    Write(result.hyper, hyper_rect, hyper_rect, hyper_width, hyper);
  }

  // The samples of `rect` in a tensor `width` positions wide.
  Tensor Read(const int16_t* samples, int64_t width, const Rect& rect, int64_t channels) const {
    Tensor whole =
        torch::from_blob(const_cast<int16_t*>(samples) + (rect.y0 * width + rect.x0) * channels,
                         {rect.height(), rect.width(), channels}, {width * channels, channels, 1}, torch::kShort);
    return whole.to(options_.dtype()).permute({2, 0, 1}).unsqueeze(0).contiguous(torch::MemoryFormat::ChannelsLast);
  }

  // `values` are those of `rect`; those of `part`, inside it, go to their place in a tensor `width` positions wide.
  static void Write(const Tensor& values, const Rect& rect, const Rect& part, int64_t width, int16_t* samples) {
    const int64_t channels = values.size(1);
    const Tensor whole =
        torch::from_blob(samples + (part.y0 * width + part.x0) * channels, {part.height(), part.width(), channels},
                         {width * channels, channels, 1}, torch::kShort);
    const Tensor inside =
        values.slice(2, part.y0 - rect.y0, part.y1 - rect.y0).slice(3, part.x0 - rect.x0, part.x1 - rect.x0);
    whole.copy_(inside.squeeze(0).permute({1, 2, 0}).round().clamp(-32768, 32767));
  }

  void ReadPixels(const Tile& tile, TileData* data) const {
    const int64_t factor = decoder_.latent_factor;
    const int64_t x0 = tile.scene.x0 * factor, y0 = tile.scene.y0 * factor;
    const int64_t x1 = std::min<int64_t>(tile.scene.x1 * factor, request_.width);
    const int64_t y1 = std::min<int64_t>(tile.scene.y1 * factor, request_.height);
    data->pixels =
        torch::zeros({1, request_.channels, tile.scene.height() * factor, tile.scene.width() * factor}, options_);
    data->weight = torch::zeros({1, 1, data->pixels.size(2), data->pixels.size(3)}, options_);
    const bool wide = request_.depth == 16;
    const auto stride = static_cast<int64_t>(request_.stride) / (wide ? 2 : 1);
    const int64_t first = (y0 * stride + x0 * request_.channels) * (wide ? 2 : 1);
    Tensor from = torch::from_blob(const_cast<uint8_t*>(request_.pixels) + first, {y1 - y0, x1 - x0, request_.channels},
                                   {stride, request_.channels, 1}, wide ? torch::kShort : torch::kByte);
    if (wide) from = from.to(torch::kInt).bitwise_and(0xFFFF) / 257.0;  // there is no unsigned type of 16 bits
    data->pixels.slice(2, 0, y1 - y0).slice(3, 0, x1 - x0).copy_(from.permute({2, 0, 1}).unsqueeze(0));
    // Where a scene ends inside the picture, its outer half is shown too little of what lies beyond to be counted.
    const auto clip = [&](int64_t at, int64_t end) { return at > 0 && at < end ? kHalo / 2 * factor : 0; };
    const int64_t left = clip(x0, request_.width), top = clip(y0, request_.height);
    const int64_t right = clip(x1, request_.width), bottom = clip(y1, request_.height);
    data->weight.slice(2, top, y1 - y0 - bottom).slice(3, left, x1 - x0 - right).fill_(1);
  }

  const SearchRequest& request_;
  Memory& memory_;
  DecoderModel decoder_;
  EncoderModel encoder_;
  std::unique_ptr<RealDeblocking> deblocking_;  // null: none
  std::vector<int16_t> decoded_;  // latents of the whole picture, those of finished tiles replaced
  bool stopped_ = false;
  torch::TensorOptions options_ = torch::TensorOptions().dtype(torch::kFloat);
};

}  // namespace

Status SearchPicture(const SearchRequest& request, Memory& memory) { return PictureSearch(request, memory).Run(); }

}  // namespace nic
