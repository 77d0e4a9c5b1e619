// From latents to pixels: the decoder's second half, over the whole picture in strips.
#pragma once

#include <functional>

#include "base/parallel.h"
#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"
#include "image/pixels.h"
#include "model/gain.h"

namespace nic {

// Takes one finished row, three synthesis values a column without gaps (see RoundToRgb); rows come from the top down.
using ValueRow = std::function<Status(uint32_t y, const int16_t* values)>;

// Runs the synthesis over `latents` (the picture's, as decoded) at `rate` and hands out the rows of the picture's
// width x height.
Status Synthesise(const PreparedModel& model, const TensorBuffer& latents, const RateIndex& rate, uint32_t width,
                  uint32_t height, Parallel& parallel, Memory& memory, const ValueRow& row);

}  // namespace nic
