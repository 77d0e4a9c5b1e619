// From latents to pixels: the decoder's second half, over the whole picture in strips.
#pragma once

#include <functional>

#include "base/parallel.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "image/pixels.h"

namespace nic {

// Takes one finished row of the region, three synthesis values a column without gaps (see RoundToRgb). `y` is the
// picture's; rows come from the top down.
using ValueRow = std::function<Status(int64_t y, const int16_t* values)>;

// The latents that the synthesis of `region` reads: a rectangle of the picture's, which `layout` describes.
Status FindLatents(const PreparedModel& model, const SliceLayout& layout, const Rect& region, Memory& memory,
                   Rect* latents);

// Runs the synthesis over the picture that `layout` describes and hands out the rows of `region`, in pixels. `latents`
// holds at least what FindLatents says; `gains` are the inverse ones.
Status Synthesise(const PreparedModel& model, const SliceLayout& layout, const TensorWindow& latents,
                  const GainField& gains, const Rect& region, Parallel& parallel, Memory& memory, const ValueRow& row);

}  // namespace nic
