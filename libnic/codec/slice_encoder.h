// From a slice of the analysis' output to its bytes.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/parallel.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"

namespace nic {

struct EncodedSlice {
  explicit EncodedSlice(std::pmr::memory_resource& memory) : stream(&memory) {}
  uint32_t check = 0;
  int lanes = 1;            // of the stream
  uint64_t hyper_size = 0;  // bytes of the stream that decoding the hyper-latents uses
  std::pmr::vector<uint8_t> stream;
};

struct SliceChoices {
  const GainField* gains = nullptr;  // of the whole picture
  int lanes = 1;                     // 0: those that suit the size
  bool optimise = false;             // rate-distortion optimised symbols instead of the nearest ones
};

// Encodes the rectangle `place` of the picture's latents, which lies in `analysed`. `decoded`, unless null, receives the latents that
// decoding will give in that rectangle.
Status EncodeSlice(const PreparedModel& model, const TensorWindow& analysed, const Rect& place,
                   const SliceChoices& choices, Parallel& parallel, Memory& memory, EncodedSlice* slice,
                   TensorWindow* decoded);

}  // namespace nic
