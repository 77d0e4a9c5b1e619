// From pixels to the bytes of a file, at one rate or several: the analysis runs once a picture, a change of rate repeats
// quantisation and coding alone.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "codec/analysis.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/progress.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "container/header.h"
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
  std::span<const ExtraElement> extras;  // borrowed; in the order of the file
  const GainMap* gain_map = nullptr;     // borrowed, or null; the same is among the extras
  const RegionMask* mask = nullptr;      // borrowed, or null: splits what is measured
};

// Peak signal to noise ratios in dB; infinite where no sample differs.
struct Quality {
  double psnr = 0;     // over all samples
  double inside = 0;   // over those inside the mask; NaN if there are none
  double outside = 0;  // over the others; NaN if there are none
};

class PictureEncoder {
 public:
  // All references must outlive the object; `model` has an encoder.
  PictureEncoder(const PreparedModel& model, const EncoderSettings& settings, const PixelView& picture,
                 Parallel& parallel, Memory& memory);

  // To be called first.
  Status Analyse(const Progress& progress = Progress());

  // Encodes at `rate` into *bytes, replacing them. For `quality`, unless null, also decodes and compares.
  Status Encode(const RateIndex& rate, const Progress& progress, std::pmr::vector<uint8_t>* bytes, Quality* quality);

  // What decoding the picture takes (CountDecodeWork).
  double DecodeWork() const;

 private:
  Status Write(const RateIndex& rate, const std::pmr::vector<struct EncodedSlice>& slices,
               std::pmr::vector<uint8_t>* bytes) const;
  Status Measure(const RateIndex& rate, const TensorWindow& decoded, Quality* quality);

  const PreparedModel& model_;
  EncoderSettings settings_;
  PixelView picture_;
  SliceLayout layout_;
  Parallel& parallel_;
  Memory& memory_;
  TensorBuffer analysed_;
};

}  // namespace nic
