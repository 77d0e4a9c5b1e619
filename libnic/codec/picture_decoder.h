// From the slices of a file to the latents of the whole picture.
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "codec/prepared_model.h"
#include "codec/progress.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "container/file.h"

namespace nic {

struct DecodedLatents {
  TensorBuffer latents;
  uint64_t damaged = 0;  // slices that are missing or do not decode: their latents are 0
  Status first_damage;   // of the first of these
};

// Decodes every slice that `file` has whole. A damaged slice ends the call with its status, unless `keep_going`: then it
// is only counted. Missing slices are counted, never an error here. The result depends on nothing but file and model.
Status DecodeLatents(const FileReader& file, const PreparedModel& model, const SliceLayout& layout, bool keep_going,
                     const Progress& progress, Parallel& parallel, Memory& memory, DecodedLatents* decoded);

}  // namespace nic
