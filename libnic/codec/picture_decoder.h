// From the slices of a file to rows of synthesis output, for the whole picture or a region of it, in memory that does
// not grow with the picture's height.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/progress.h"
#include "codec/slice_layout.h"
#include "codec/synthesis.h"
#include "codec/tensor_buffer.h"
#include "container/file.h"
#include "image/box_mean.h"

namespace nic {

// What decoding the latents of `wanted` and synthesis from them takes, in units of one multiply-accumulate.
double CountDecodeWork(const PreparedModel& model, const SliceLayout& layout, const Rect& wanted);

// The same of what comes out.
struct DecodeTask {
  Rect region;    // pixels of what comes out
  int scale = 1;  // how many times smaller than the picture that is
};
Status CountDecodeWork(const PreparedModel& model, const SliceLayout& layout, const DecodeTask& task, Memory& memory,
                       double* work);

// What PictureDecoder::Advance did.
enum class DecoderStep {
  kSlices,   // decoded some slices: see slices()
  kRows,     // computed a strip; the rows that it finished are handed out
  kStarved,  // nothing: the next slice is not there yet
  kDone,     // nothing: all rows are out
};

struct DecoderChoices {
  bool keep_going = false;            // slices that are damaged or missing are counted and their latents are 0, where
                                      // otherwise they end decoding
  const GainMap* gain_map = nullptr;  // borrowed; null for none
  int64_t strip_rows = 0;             // of pixels that come at once; 0 for as many as suit the caches
  int scale = 1;                      // or one of kPreviewScales: a picture so many times smaller
};

// Decodes slices band by band and runs the synthesis after them. Every row depends on latents alone that matched their
// check, but for those of slices that are let pass with `keep_going`.
class PictureDecoder {
 public:
  // For `region`, in pixels of what comes out: with a scale the whole of the smaller picture. `file` has a header; its
  // slices may become known and available later. All references must outlive the object.
  PictureDecoder(const FileReader& file, const PreparedModel& model, const Rect& region, const DecoderChoices& choices,
                 Parallel& parallel, Memory& memory);
  // To be called first.
  Status Begin();

  // Does the next piece of work: decodes the slices of a band that are there, or computes a strip of rows, which go to
  // `row` from the top down. `complete`: no more slices will come, those not there are missing. Fails with what is
  // wrong with the first slice that is not good, or with what `row` or `progress` says.
  Status Advance(bool complete, const Progress& progress, const ValueRow& row, DecoderStep* step);
  // Advances to the end of a file that is as complete as it will be.
  Status Run(const Progress& progress, const ValueRow& row);

  struct Slice {
    int64_t index = 0;  // in the file
    bool damaged = false;
  };
  // Those of the last Advance.
  std::span<const Slice> slices() const { return slices_; }
  // How much of the work is done, 0 to 1.
  double fraction() const;
  // Of all slices so far, those that were let pass, and what was wrong with the first of them.
  uint64_t damaged() const { return damaged_; }
  const Status& first_damage() const { return first_damage_; }

  // About how many bytes will be held at once, after Begin.
  uint64_t EstimateMemory() const;

 private:
  int64_t RowsReady() const;
  int64_t BandHeight() const;
  bool Available(int64_t number) const;
  int64_t CountReady(bool complete) const;
  Status DecodeBatch(int64_t count, const Progress& progress);
  Status TakeRow(int64_t y, const int16_t* values, const ValueRow& row);
  Status DecodeOne(int64_t index, Parallel& within);
  Status FindMissing() const;

  const FileReader& file_;
  const PreparedModel& model_;
  const SliceLayout layout_;
  const Rect region_;  // that the synthesis gives
  const bool keep_going_;
  Parallel& parallel_;
  Memory& memory_;
  const GainField gains_;
  const int mean_scale_;  // rows of the synthesis are averaged so; 1 where they come as they are
  std::optional<BoxMean<int16_t>> mean_;
  SynthesisRun synthesis_;
  SliceRange touched_;    // the slices that are wanted, numbered from 0 in their order
  int64_t next_ = 0;      // the first number not decoded
  int64_t band_end_ = 0;  // the first number for which the window has no room
  TensorWindow* window_ = nullptr;
  int64_t rows_out_ = 0;
  std::pmr::vector<Slice> slices_;
  uint64_t damaged_ = 0;
  Status first_damage_;
};

}  // namespace nic
