// From the slices of a file to the latents of the picture, or of a part of it.
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "codec/prepared_model.h"
#include "codec/progress.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "container/file.h"

namespace nic {

// What decoding the latents of `wanted` and synthesis from them takes, in units of one multiply-accumulate.
double CountDecodeWork(const PreparedModel& model, const SliceLayout& layout, const Rect& wanted);

struct DecodedLatents {
  TensorWindow latents;
  uint64_t damaged = 0;  // wanted slices that are missing or do not decode: their latents are 0
  Status first_damage;   // of the first of these
};

// Decodes the latents of `wanted`, a rectangle of latent positions, and no slices but those that it touches. A damaged
// or missing slice ends the call with its status, unless `keep_going`: then it is only counted. The result depends on
// nothing but file and model.
Status DecodeLatents(const FileReader& file, const PreparedModel& model, const SliceLayout& layout, const Rect& wanted,
                     bool keep_going, const Progress& progress, Parallel& parallel, Memory& memory,
                     DecodedLatents* decoded);

}  // namespace nic
