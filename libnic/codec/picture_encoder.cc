#include "codec/picture_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "codec/picture_decoder.h"
#include "codec/slice_encoder.h"
#include "codec/slice_runner.h"
#include "codec/synthesis.h"
#include "container/file.h"
#include "entropy/rans.h"

namespace nic {
namespace {

uint64_t SumSquares(const uint8_t* a, const uint8_t* b, size_t samples) {
  uint64_t sum = 0;
  for (size_t i = 0; i < samples; ++i) {
    const int difference = a[i] - b[i];
    sum += static_cast<uint64_t>(difference * difference);
  }
  return sum;
}

// Squared differences of decoded samples, inside and outside a mask.
class ErrorSums {
 public:
  // `mask` may be null: then all is outside.
  ErrorSums(const PixelView& picture, int output_bits, const RegionMask* mask, Memory& memory)
      : picture_(picture),
        channels_(static_cast<size_t>(picture.channels)),
        output_bits_(output_bits),
        mask_(mask),
        rounded_(memory, picture.width * channels_) {}

  void AddRow(uint32_t y, const int16_t* values) {
    (picture_.channels == 1 ? RoundToGrey : RoundToRgb)(values, picture_.width, output_bits_, rounded_.data());
    const uint32_t step = mask_ ? RegionMask::kBlockSide : picture_.width;
    for (uint32_t x = 0; x < picture_.width; x += std::min(step, picture_.width - x)) {
      const size_t samples = std::min(step, picture_.width - x) * channels_;
      Sum& sum = mask_ && mask_->IsInside(x, y) ? inside_ : outside_;
      sum.squares += SumSquares(rounded_.data() + x * channels_, picture_.row(y) + x * channels_, samples);
      sum.samples += samples;
    }
  }

  Quality Compute() const {
    const Sum all{inside_.squares + outside_.squares, inside_.samples + outside_.samples};
    return {Psnr(all), Psnr(inside_), Psnr(outside_)};
  }

 private:
  struct Sum {
    uint64_t squares = 0;
    uint64_t samples = 0;
  };

  static double Psnr(const Sum& sum) {
    if (sum.samples == 0) return std::numeric_limits<double>::quiet_NaN();
    if (sum.squares == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(sum.samples) / static_cast<double>(sum.squares));
  }

  const PixelView& picture_;
  size_t channels_;
  int output_bits_;
  const RegionMask* mask_;
  Buffer<uint8_t> rounded_;
  Sum inside_;
  Sum outside_;
};

Status WriteExtra(const ExtraElement& extra, FileWriter& writer) {
  if (extra.type == static_cast<uint8_t>(ElementType::kAlpha)) return writer.Alpha(extra.payload);
  if (extra.type == static_cast<uint8_t>(ElementType::kGainMap)) return writer.GainMap(extra.payload);
  return writer.Metadata(extra.type, extra.payload);
}

}  // namespace

PictureEncoder::PictureEncoder(const PreparedModel& model, const EncoderSettings& settings, const PixelView& picture,
                               Parallel& parallel, Memory& memory)
    : model_(model),
      settings_(settings),
      picture_(picture),
      layout_(picture.width, picture.height, uint32_t{64} << settings.slice_side_code, model.decoder()),
      parallel_(parallel),
      memory_(memory),
      analysed_(memory, layout_.latent_height(), layout_.latent_width(), model.decoder().latent_channels) {}

Status PictureEncoder::Analyse(const Progress& progress) {
  return nic::Analyse(model_.analysis(), model_.decoder().latent_factor, picture_, parallel_, memory_, &analysed_,
                      progress);
}

double PictureEncoder::DecodeWork() const {
  return CountDecodeWork(model_, layout_, {0, 0, layout_.latent_width(), layout_.latent_height()});
}

Status PictureEncoder::Encode(const RateIndex& rate, const Progress& progress, std::pmr::vector<uint8_t>* bytes,
                              Quality* quality) {
  const GainField gains(model_.encoder().gain, model_.decoder().latent_channels, rate, settings_.gain_map, memory_);

  SliceChoices choices;
  choices.gains = &gains;
  choices.lanes = layout_.count() > 1 ? kMaxLanes : 0;
  choices.optimise = settings_.effort >= kOptimisingEffort;
  TensorWindow decoded;
  if (quality) {
    decoded = TensorWindow(memory_, {0, 0, layout_.latent_width(), layout_.latent_height()},
                           model_.decoder().latent_channels);
  }
  std::pmr::vector<EncodedSlice> slices(&memory_);
  slices.reserve(static_cast<size_t>(layout_.count()));
  for (int64_t i = 0; i < layout_.count(); ++i) slices.emplace_back(memory_);
  const auto encode = [&](int64_t index, Parallel& within) {
    return EncodeSlice(model_, analysed_, layout_.Latents(index), choices, within, memory_,
                       &slices[static_cast<size_t>(index)], quality ? &decoded : nullptr);
  };
  NIC_RETURN_IF_ERROR(RunSlices(layout_.count(), parallel_, progress, encode));
  NIC_RETURN_IF_ERROR(Write(rate, slices, bytes));
  return quality ? Measure(rate, decoded, quality) : Status();
}

Status PictureEncoder::Write(const RateIndex& rate, const std::pmr::vector<EncodedSlice>& slices,
                             std::pmr::vector<uint8_t>* bytes) const {
  FileHeader header;
  header.channels_code = picture_.channels == 1 ? ChannelsCode::kGrey : ChannelsCode::kRgb;
  header.lanes_log2 = static_cast<uint8_t>(slices[0].lanes == 4 ? 2 : slices[0].lanes - 1);
  header.width = picture_.width;
  header.height = picture_.height;
  header.model_id = settings_.model_id;
  header.model_digest = settings_.model_digest;
  header.gain_level = static_cast<uint8_t>(rate.level);
  header.interpolation = static_cast<uint8_t>(rate.interpolation);
  header.slice_side_code = static_cast<uint8_t>(settings_.slice_side_code);

  std::pmr::vector<SliceBytes> coded(&memory_);
  coded.reserve(slices.size());
  for (const EncodedSlice& slice : slices) coded.push_back({slice.check, slice.hyper_size, slice.stream});
  bytes->clear();
  FileWriter writer(bytes);
  NIC_RETURN_IF_ERROR(writer.Begin(header));
  for (const ExtraElement& extra : settings_.extras) {
    NIC_RETURN_IF_ERROR(WriteExtra(extra, writer));
  }
  return writer.Latents(coded);
}

Status PictureEncoder::Measure(const RateIndex& rate, const TensorWindow& decoded, Quality* quality) {
  const DecoderModel& decoder = model_.decoder();
  const GainField gains(decoder.inverse_gain, decoder.latent_channels, rate, settings_.gain_map, memory_);
  ErrorSums errors(picture_, decoder.output_bits, settings_.mask, memory_);
  const auto add_row = [&](int64_t y, const int16_t* values) -> Status {
    errors.AddRow(static_cast<uint32_t>(y), values);
    return {};
  };
  const Rect whole{0, 0, picture_.width, picture_.height};
  NIC_RETURN_IF_ERROR(Synthesise(model_, layout_, decoded, gains, whole, parallel_, memory_, add_row));
  *quality = errors.Compute();
  return {};
}

}  // namespace nic
