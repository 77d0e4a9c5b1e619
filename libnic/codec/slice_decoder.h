// From a slice's bytes to its latents.
#pragma once

#include <cstdint>
#include <span>

#include "base/parallel.h"
#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"
#include "container/file.h"

namespace nic {

// Decodes a slice, whose latents stand in the rectangle `place` of the picture's, and writes those of them that lie in
// `latents`. Failure: nothing is written, NIC_SLICE_DAMAGED with an offset in the file, or what the memory throws.
Status DecodeSlice(const PreparedModel& model, const CodedSlice& slice, int lanes, const Rect& place,
                   Parallel& parallel, Memory& memory, TensorWindow* latents);

// About how many bytes DecodeSlice holds at once, at most, for a slice of height x width latents with `threads`
// threads.
uint64_t EstimateSliceMemory(const PreparedModel& model, int64_t height, int64_t width, size_t threads);

}  // namespace nic
