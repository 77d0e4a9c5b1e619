#include "coded_file.h"

#include <algorithm>
#include <cmath>

#include "codec/picture_decoder.h"
#include "codec/picture_encoder.h"

namespace nic {
namespace {

constexpr size_t kHoldOut = 10;  // one of so many

}  // namespace

bool IsHeldOut(size_t index, size_t count) {
  return count < kHoldOut ? index + 1 == count : index % kHoldOut == kHoldOut - 1;
}

Status ForEachFile(const PreparedModel& model, const Dataset& pictures, bool held_out,
                   const std::vector<RateIndex>& rates, Memory& memory,
                   const std::function<Status(size_t index, const FileReader& file)>& use) {
  Serial serial;
  std::pmr::vector<uint8_t> bytes(&memory);
  const size_t count = pictures.size();
  for (size_t i = 0; i < count; ++i) {
    if (IsHeldOut(i, count) != held_out && count > 1) continue;
    const PixelView view = View(pictures.picture(i));
    PictureEncoder encoder(model, {}, view, serial, memory);
    NIC_RETURN_IF_ERROR(encoder.BeginAnyRate(false));
    NIC_RETURN_IF_ERROR(encoder.Push(view, true));
    for (const RateIndex& rate : rates) {
      NIC_RETURN_IF_ERROR(encoder.Encode(rate, {}, {}, &bytes, nullptr));
      FileReader file(memory);
      NIC_RETURN_IF_ERROR(file.Open(bytes));
      const FileHeader& header = file.header();
      NIC_RETURN_IF_ERROR(file.FindSlices(SliceGrid::Of(header.width, header.height, header.slice_side())));
      NIC_RETURN_IF_ERROR(use(i, file));
    }
  }
  return {};
}

Values AsValues(const Picture& picture, int output_bits) {
  Values values{picture.width, picture.height, {}};
  for (const uint8_t sample : picture.samples) {
    values.values.push_back(static_cast<int16_t>(((2 * sample - 255) * (1 << output_bits)) >> 1));
  }
  return values;
}

Status DecodeAt(const PreparedModel& model, const FileReader& file, int scale, Memory& memory, Values* values) {
  const FileHeader& header = file.header();
  values->width = ScaledSide(header.width, scale);
  values->height = ScaledSide(header.height, scale);
  values->values.clear();
  DecoderChoices choices;
  choices.scale = scale;
  Serial serial;
  PictureDecoder decoder(file, model, {0, 0, values->width, values->height}, choices, serial, memory);
  NIC_RETURN_IF_ERROR(decoder.Begin());
  return decoder.Run(Progress(), [&](int64_t, const int16_t* row) -> Status {
    values->values.insert(values->values.end(), row, row + 3 * values->width);
    return {};
  });
}

double Psnr(const Values& a, const Values& b, int output_bits) {
  const int half = 128 << output_bits;
  double squares = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    const double error = std::clamp<int>(a.values[i], -half, half) - b.values[i];
    squares += error * error;
  }
  const double mean = std::ldexp(squares, -2 * output_bits) / static_cast<double>(a.values.size());
  return 10 * std::log10(255 * 255 / std::max(mean, 1e-9));
}

}  // namespace nic
