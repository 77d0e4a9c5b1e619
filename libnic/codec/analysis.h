// From pixels to the analysis' output: the encoder's first half, run once a picture whatever the rate.
#pragma once

#include "base/parallel.h"
#include "codec/progress.h"
#include "codec/tensor_buffer.h"
#include "image/pixels.h"
#include "intnet/program.h"

namespace nic {

// Runs the analysis over the picture, padded to multiples of `factor` by repeating its last column and row, into
// `latents` (ceil(height / factor) x ceil(width / factor), not gained).
Status Analyse(const Program& analysis, int factor, const PixelView& picture, Parallel& parallel, Memory& memory,
               TensorBuffer* latents, const Progress& progress = Progress());

}  // namespace nic
