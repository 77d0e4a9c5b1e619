// One picture on its way from rows to a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "api/alpha_splitter.h"
#include "api/encoder.h"
#include "api/loaded_search.h"
#include "codec/gain_map.h"
#include "codec/picture_encoder.h"
#include "codec/rate_search.h"

namespace nic {

// Encodes one picture at the rate that the parameters ask for.
class EncodeCall {
 public:
  // `image`: of its pixels only the shape is looked at.
  EncodeCall(nic_encoder& encoder, const PreparedModel& model, const EncoderSettings& settings,
             std::unique_ptr<LoadedSearch> search, const nic_image& image);

  // Before the first row.
  Status Begin(bool measure);
  // `lasting`: the rows are all rows of the picture, and stay where they are until Finish.
  Status Push(const uint8_t* pixels, size_t stride, uint32_t rows, bool lasting);
  // Codes the picture whose rows are all there into the encoder's bytes.
  Status Finish(nic_encode_result* result);

  const PixelView& shape() const { return shape_; }
  nic_pixel_format format() const { return format_; }
  uint32_t rows() const { return rows_; }

 private:
  // Whether nothing can be coded before the whole picture is there.
  bool HoldsAll() const { return parameters_.IsSearch() || needs_all_; }
  // About how much of the time the analysis takes.
  double AnalysisPart() const { return search_ ? 0.001 : needs_all_ ? 0.2 : HoldsAll() ? 0.5 : 1; }

  // The step of a rate that is known beforehand.
  Status FindStep(int* step) const;
  // The settings with the gain map that the encoder's mask makes, if it has one.
  EncoderSettings WithMask(EncoderSettings settings, int latent_factor);
  // What the file holds beside the latents.
  void CollectExtras();
  std::span<const ExtraElement> extras() const { return {extras_, extra_count_}; }
  // A decoder counts metadata by elements, types and sizes included.
  Status CheckMetadata() const;

  // Finds and encodes the rate that meets the target.
  Status SearchWantedRate();
  Status SearchSize(double target);
  Status SearchPsnr(double target);
  Status Search(const RateGoal& goal, const std::function<double()>& quantity);
  // The rate that meets the goal with the integers alone.
  Status FindPlainRate(const RateGoal& goal, const std::function<double()>& quantity, const Progress& progress,
                       RateChoice* choice);
  // With a search for latents every rate costs minutes, so that few are tried: where the integers alone would meet the
  // goal, then where they would meet one that is moved by what the search made of the last. The best on the right side
  // of the goal stays; the integers' own if none is.
  Status SearchTwice(const RateGoal& goal, const std::function<double()>& quantity);

  // A rate that was tried, to come back to.
  struct Kept {
    bool full = false;
    double value = 0;
    bool missed = false;
    Quality quality;
    double excess = 0;
    int step = 0;
    std::vector<uint8_t> bytes;
  };
  void Keep(double value, bool missed, Kept* kept) const;
  Status Restore(const Kept& kept);

  Status EncodeAt(int step, const Progress& progress);
  // The same without a search for latents.
  Status EncodePlainlyAt(int step, const Progress& progress);
  Status Coded(const Status& status);
  void FillResult(nic_encode_result* result) const;

  nic_encoder& encoder_;
  const std::unique_ptr<LoadedSearch> search_;  // null without
  const bool needs_all_;                        // the effort asks for the whole picture
  const EncoderParameters parameters_;          // as they were when the picture was begun
  Progress progress_;
  const int levels_;
  const double samples_;
  const PixelView shape_;
  const nic_pixel_format format_;
  std::pmr::vector<uint8_t> alpha_payload_;
  std::unique_ptr<AlphaSplitter> alpha_;  // null without alpha
  GainMap gain_map_;
  std::pmr::vector<uint8_t> gain_map_payload_;  // empty without a mask
  ExtraElement extras_[2 + kMetadataKinds];
  size_t extra_count_ = 0;
  PictureEncoder picture_;
  uint32_t rows_ = 0;
  bool measure_ = false;
  bool missed_ = false;
  int step_ = 0;
  Quality quality_;
  double excess_ = 0;  // CodingExcess of the bytes
};

}  // namespace nic
