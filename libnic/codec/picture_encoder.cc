#include "codec/picture_encoder.h"

#include <cmath>
#include <limits>

#include "codec/slice_encoder.h"
#include "codec/slice_runner.h"
#include "codec/synthesis.h"
#include "container/file.h"
#include "entropy/rans.h"

namespace nic {
namespace {

// Adds the squared differences of one row of synthesis output from the picture.
uint64_t SumSquares(const PixelView& picture, uint32_t y, const int16_t* values, int output_bits, uint8_t* rounded) {
  const size_t samples = size_t{picture.width} * static_cast<size_t>(picture.channels);
  const auto round = picture.channels == 1 ? RoundToGrey : RoundToRgb;
  round(values, picture.width, output_bits, rounded);
  const uint8_t* row = picture.row(y);
  uint64_t sum = 0;
  for (size_t i = 0; i < samples; ++i) {
    const int difference = rounded[i] - row[i];
    sum += static_cast<uint64_t>(difference * difference);
  }
  return sum;
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

Status PictureEncoder::Encode(const RateIndex& rate, const Progress& progress, std::pmr::vector<uint8_t>* bytes,
                              double* psnr) {
  std::pmr::vector<Gain> gains(static_cast<size_t>(model_.decoder().latent_channels), &memory_);
  ComputeGains(model_.encoder().gain, model_.decoder().latent_channels, rate, gains.data());

  SliceChoices choices;
  choices.gains = gains;
  choices.lanes = layout_.count() > 1 ? kMaxLanes : 0;
  choices.optimise = settings_.effort >= kOptimisingEffort;
  TensorWindow decoded;
  if (psnr) {
    decoded = TensorWindow(memory_, {0, 0, layout_.latent_width(), layout_.latent_height()},
                           model_.decoder().latent_channels);
  }
  std::pmr::vector<EncodedSlice> slices(&memory_);
  slices.reserve(static_cast<size_t>(layout_.count()));
  for (int64_t i = 0; i < layout_.count(); ++i) slices.emplace_back(memory_);
  const auto encode = [&](int64_t index, Parallel& within) {
    return EncodeSlice(model_, analysed_, layout_.Latents(index), choices, within, memory_,
                       &slices[static_cast<size_t>(index)], psnr ? &decoded : nullptr);
  };
  NIC_RETURN_IF_ERROR(RunSlices(layout_.count(), parallel_, progress, encode));
  NIC_RETURN_IF_ERROR(Write(rate, slices, bytes));
  return psnr ? MeasurePsnr(rate, decoded, psnr) : Status();
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
    const bool is_alpha = extra.type == static_cast<uint8_t>(ElementType::kAlpha);
    NIC_RETURN_IF_ERROR(is_alpha ? writer.Alpha(extra.payload) : writer.Metadata(extra.type, extra.payload));
  }
  return writer.Latents(coded);
}

Status PictureEncoder::MeasurePsnr(const RateIndex& rate, const TensorWindow& decoded, double* psnr) {
  const int output_bits = model_.decoder().output_bits;
  std::pmr::vector<uint8_t> rounded(size_t{picture_.width} * static_cast<size_t>(picture_.channels), &memory_);
  uint64_t squares = 0;
  const auto add_row = [&](int64_t y, const int16_t* values) -> Status {
    squares += SumSquares(picture_, static_cast<uint32_t>(y), values, output_bits, rounded.data());
    return {};
  };
  const Rect whole{0, 0, picture_.width, picture_.height};
  NIC_RETURN_IF_ERROR(Synthesise(model_, layout_, decoded, rate, whole, parallel_, memory_, add_row));
  const double samples = static_cast<double>(picture_.width) * picture_.height * picture_.channels;
  *psnr = squares == 0 ? std::numeric_limits<double>::infinity()
                       : 10 * std::log10(255.0 * 255.0 * samples / static_cast<double>(squares));
  return {};
}

}  // namespace nic
