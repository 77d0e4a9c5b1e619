// From pixels to the bytes of a file, at one rate or several: the analysis runs once a picture, a change of rate
// repeats quantisation and coding, and from effort 4 on the correction of targets.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "codec/analysis.h"
#include "codec/gain_map.h"
#include "codec/latent_correction.h"
#include "codec/latent_search.h"
#include "codec/prepared_model.h"
#include "codec/progress.h"
#include "codec/slice_encoder.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "container/header.h"
#include "image/pixel_rows.h"
#include "image/pixels.h"

namespace nic {

// From this effort on the symbols are rate-distortion optimised and their targets corrected, which needs the whole
// picture.
constexpr int kOptimisingEffort = 4;
// The highest without a search.
constexpr int kHighestPlainEffort = 5;

// What a file holds beside the latents, ready to be written.
struct ExtraElement {
  uint8_t type = 0;
  std::span<const uint8_t> payload;
};

// Effort beyond what the integers do: a plug-in's search, whose results are coded and checked here.
struct SearchSettings {
  SearchFunction function = nullptr;
  std::span<const uint8_t> decoder_section;  // of the model's package, unpacked; borrowed
  std::span<const uint8_t> encoder_section;
  std::span<const uint8_t> deblocking_section;  // empty: none
  int steps = 0;
  const std::atomic<bool>* stop = nullptr;  // turns true to have the best so far; or null
};

struct EncoderSettings {
  uint32_t model_id = 0;
  uint32_t model_digest = 0;  // the low 24 bits
  int slice_side_code = 4;    // n: slices of 64 << n pixels
  int effort = 3;
  const GainMap* gain_map = nullptr;  // borrowed, or null; the same goes among the extras
  const RegionMask* mask = nullptr;   // borrowed, or null: splits what is measured
  const SearchSettings* search = nullptr;  // borrowed, or null for none; not together with a gain map
};

// Peak signal to noise ratios in dB; infinite where no sample differs.
struct Quality {
  double psnr = 0;     // over all samples
  double inside = 0;   // over those inside the mask; NaN if there are none
  double outside = 0;  // over the others; NaN if there are none
};

// Rows of pixels come in from the top down; then the bytes of a file come out. At one rate that is known beforehand
// slices are coded as soon as their rows are there, in memory that does not grow with the picture's height; for rates
// that are chosen afterwards, and from kOptimisingEffort on, the analysis of the whole picture is kept. The bytes are
// the same.
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
  // As Encode, without the search that the settings may have. With the search, what that finds is coded where it is
  // better than what the integers find alone, by the exchange of bits for squared errors that the picture itself shows
  // around the rate.
  Status EncodePlainly(const RateIndex& rate, std::span<const ExtraElement> extras, const Progress& progress,
                       std::pmr::vector<uint8_t>* bytes, Quality* quality);

  // By how many bits the latents' streams of the file that was written last exceed what the model's tables make of
  // their symbols.
  double CodingExcess() const;

  // What decoding the picture takes (CountDecodeWork).
  double DecodeWork() const;

 private:
  class Meter;

  // A way to code the picture.
  struct Version {
    explicit Version(Memory& memory) : slices(&memory), hyper(&memory) {}
    uint64_t StreamBytes() const;
    // By the usual exchange of bits for errors, in integers.
    bool IsBetterThan(const Version& other) const;

    std::pmr::vector<EncodedSlice> slices;
    TensorWindow decoded;
    std::pmr::vector<int16_t> hyper;  // symbols, slice after slice
    uint64_t squares = 0;             // sum of the samples' squared errors
  };
  // What to code: analysed latents with gains, or gained ones without; and hyper-latents, or null.
  struct Chosen {
    const TensorWindow& latents;
    const GainField* gains;
    bool optimise;
    const int16_t* hyper;
    Refinement refinement = {};
  };

  // The number of hyper-latent symbols in the slices before number `index`.
  size_t HyperOffset(int64_t index) const;
  TensorWindow MakeLatents() const;
  Status Code(const Chosen& chosen, const Progress& progress, Version* version);
  Status MeasureSquares(const RateIndex& rate, Version* version);
  // With the integers alone: the nearest symbols, or the best of several rounds of correction by IsBetterThan. `start`
  // receives what to begin a search with; null if that is not wanted.
  Status CodeCorrected(const RateIndex& rate, const Progress& progress, Version* version, TensorWindow* start);
  Status Correct(const AnalysedPicture& picture, Version* version, TensorWindow* targets);
  Status EstimateExchange(const RateIndex& rate, const Version& plain, double* bits_for_square);
  Status Search(const RateIndex& rate, double bits_for_square, const Version& plain, const Progress& progress,
                TensorWindow* latents, std::pmr::vector<int16_t>* hyper);
  Status CodeSearched(const RateIndex& rate, const Progress& progress, Version* version);
  Status FinishVersion(const RateIndex& rate, Version* version, std::span<const ExtraElement> extras,
                       std::pmr::vector<uint8_t>* bytes, Quality* quality);

  void BeginRate(const RateIndex& rate);
  void OpenBand(int64_t row);
  Status TakeLatents(const ConstTensorView& rows, const Progress& progress);
  Status EncodeBand(const Progress& progress);
  Status Conclude(std::span<const ExtraElement> extras, std::pmr::vector<uint8_t>* bytes, Quality* quality);
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
  std::optional<RateIndex> deferred_;  // the rate of BeginAt, where the effort needs the whole picture
  std::optional<GainField> gains_;
  std::pmr::vector<EncodedSlice> slices_;
  std::unique_ptr<PixelRows> pixels_;  // for measuring; null without
  std::unique_ptr<Meter> meter_;
};

}  // namespace nic
