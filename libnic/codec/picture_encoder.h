// From pixels to the bytes of a file, at one rate or several: the analysis runs once a picture, a change of rate repeats
// quantisation and coding alone.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "codec/analysis.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/progress.h"
#include "codec/slice_encoder.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "container/header.h"
#include "image/pixel_rows.h"
#include "image/pixels.h"

namespace nic {

// From this effort on the symbols are rate-distortion optimised.
constexpr int kOptimisingEffort = 4;

// What a file holds beside the latents, ready to be written.
struct ExtraElement {
  uint8_t type = 0;
  std::span<const uint8_t> payload;
};

struct EncoderSettings {
  uint32_t model_id = 0;
  uint32_t model_digest = 0;  // the low 24 bits
  int slice_side_code = 4;    // n: slices of 64 << n pixels
  int effort = 3;
  const GainMap* gain_map = nullptr;  // borrowed, or null; the same goes among the extras
  const RegionMask* mask = nullptr;   // borrowed, or null: splits what is measured
};

// Peak signal to noise ratios in dB; infinite where no sample differs.
struct Quality {
  double psnr = 0;     // over all samples
  double inside = 0;   // over those inside the mask; NaN if there are none
  double outside = 0;  // over the others; NaN if there are none
};

// Rows of pixels come in from the top down; then the bytes of a file come out. At one rate that is known beforehand
// slices are coded as soon as their rows are there, in memory that does not grow with the picture's height; for rates
// that are chosen afterwards the analysis of the whole picture is kept. The bytes are the same.
class PictureEncoder {
 public:
  // For a picture of `shape`, whose stride and pixels are not looked at. The arguments by reference must outlive the
  // object; `model` has an encoder.
  PictureEncoder(const PreparedModel& model, const EncoderSettings& settings, const PixelView& shape,
                 Parallel& parallel, Memory& memory);
  ~PictureEncoder();

  // One of these is to be called first. `measure`: the quality will be asked for.
  Status BeginAt(const RateIndex& rate, bool measure);
  Status BeginAnyRate(bool measure);

  // Takes the next rows.height rows. `lasting`: they stay valid as long as the object, and are all rows of the picture.
  // `progress` is of the whole picture.
  Status Push(const PixelView& rows, bool lasting = false, const Progress& progress = Progress());
  uint32_t rows_pushed() const { return analysis_.rows_pushed(); }

  // Once all rows are there: write the file into *bytes, replacing them, with `extras` in their order. *quality, unless
  // null, receives what comparison with the picture gives, which must have been announced.
  Status Finish(std::span<const ExtraElement> extras, std::pmr::vector<uint8_t>* bytes, Quality* quality);  // BeginAt
  Status Encode(const RateIndex& rate, std::span<const ExtraElement> extras, const Progress& progress,
                std::pmr::vector<uint8_t>* bytes, Quality* quality);  // BeginAnyRate, any number of times

  // What decoding the picture takes (CountDecodeWork).
  double DecodeWork() const;

 private:
  class Meter;

  void BeginRate(const RateIndex& rate);
  void OpenBand(int64_t row);
  Status TakeLatents(const ConstTensorView& rows, const Progress& progress);
  Status EncodeBand(const Progress& progress);
  Status Write(std::span<const ExtraElement> extras, std::pmr::vector<uint8_t>* bytes) const;

  const PreparedModel& model_;
  const EncoderSettings settings_;
  const PixelView shape_;
  const SliceLayout layout_;
  Parallel& parallel_;
  Memory& memory_;
  AnalysisRun analysis_;
  bool keeps_ = false;  // the analysis of the whole picture: the only band
  TensorWindow band_;   // latents of some rows of slices
  RateIndex rate_;
  std::optional<GainField> gains_;
  std::pmr::vector<EncodedSlice> slices_;
  std::unique_ptr<PixelRows> pixels_;  // for measuring; null without
  std::unique_ptr<Meter> meter_;
};

}  // namespace nic
