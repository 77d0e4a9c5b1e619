// From a slice's bytes to its latents.
#pragma once

#include <cstdint>
#include <span>

#include "base/parallel.h"
#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"
#include "container/file.h"

namespace nic {

// Decodes a slice and writes its latents into the rectangle `place` of the picture's `latents`. Failure: the rectangle
// is left as it was, NIC_SLICE_DAMAGED with an offset in the file, or what the memory throws.
Status DecodeSlice(const PreparedModel& model, const CodedSlice& slice, int lanes, const Rect& place, Parallel& parallel,
                   Memory& memory, TensorBuffer* latents);

}  // namespace nic
