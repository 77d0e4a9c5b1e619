// From pixels to the analysis' output: the encoder's first half, run once a picture whatever the rate.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/parallel.h"
#include "codec/progress.h"
#include "codec/tensor_buffer.h"
#include "image/pixels.h"
#include "intnet/program.h"

namespace nic {

// Takes rows of latents, not gained, from the top down, whole rows at a time.
using LatentRows = std::function<Status(const ConstTensorView& rows)>;

// The analysis of a picture whose rows come piece by piece, as if its last column and row went on to multiples of
// `factor`. It holds the rows that it has not read yet and the strips that it works on.
class AnalysisRun {
 public:
  // For a picture of `shape`, whose stride and pixels are not looked at. The arguments by reference must outlive the
  // object.
  AnalysisRun(const Program& analysis, int factor, const PixelView& shape, Parallel& parallel, Memory& memory);
  ~AnalysisRun();
  // To be called first.
  Status Begin();

  // Takes the next rows.height rows and hands out the latents that they complete: all of them with the last rows. Rows
  // are copied where they are needed after the call. `progress` is of the whole picture.
  Status Push(const PixelView& rows, const Progress& progress, const LatentRows& take);
  uint32_t rows_pushed() const;

 private:
  class Source;
  class Sink;

  const Program& analysis_;
  const int64_t factor_;
  const PixelView shape_;
  Parallel& parallel_;
  Memory& memory_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<ProgramRun> run_;
};

}  // namespace nic
