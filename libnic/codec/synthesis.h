// From latents to pixels: the decoder's second half, in strips.
#pragma once

#include <memory>

#include "base/parallel.h"
#include "codec/deblocking.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "image/pixels.h"

namespace nic {

// What the synthesis, or a preview (`scale`, see SynthesisRun), computes for a region: with what deblocking needs.
Rect SynthesisedRegion(const PreparedModel& model, const SliceLayout& layout, const Rect& region, int scale);

// The synthesis of a region, deblocked, as its latents come, from the top down. It holds the latents that it has not
// read yet, the strips that it works on, eight rows for deblocking, and nothing of the rest of the picture.
class SynthesisRun {
 public:
  // For `region`, in pixels, of the picture that `layout` describes; `gains` are the inverse ones. It works on about
  // `strip_rows` rows at once, 0 for as many as suit the caches. Model, gains, parallel and memory must outlive the
  // object. `scale`: 1, or that of one of the model's previews, which then stands in for the synthesis; `region` counts
  // the pixels of the smaller picture.
  SynthesisRun(const PreparedModel& model, const SliceLayout& layout, const GainField& gains, const Rect& region,
               int64_t strip_rows, Parallel& parallel, Memory& memory, int scale = 1);
  ~SynthesisRun();
  // To be called first.
  Status Begin();

  // The latents that it reads: a rectangle of the picture's.
  const Rect& wanted() const;
  // Makes room for latents up to row `end` of the picture's. The window holds those that are not read yet and, zero so
  // far, the new ones; it is valid until the next call.
  TensorWindow& Extend(int64_t end);

  bool done() const;
  // The row of latents up to which the window must be filled for the next Advance.
  int64_t latents_needed() const;
  // Computes a strip and hands out its rows. The strip's latents must be there.
  Status Advance(const ValueRow& row);

  // About how many bytes the run holds beside the window.
  uint64_t EstimateMemory() const;

 private:
  class Source;
  class Sink;

  const PreparedModel& model_;
  const PreparedModel::Reader reader_;
  const SliceLayout layout_;
  const GainField& gains_;
  const Rect region_;  // that the synthesis computes
  const int64_t strip_rows_;
  Parallel& parallel_;
  Memory& memory_;
  Rect wanted_;
  TensorWindow window_;
  std::unique_ptr<Deblocking> deblocking_;  // null: none
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<ProgramRun> run_;
};

}  // namespace nic
