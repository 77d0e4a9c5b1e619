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
  uint64_t cost = 0;        // of the symbols under the tables, in 1 / TableSet::kBit bits
  std::pmr::vector<uint8_t> stream;
};

// How symbols learn from the last round of coding. Windows are of the whole picture.
struct Refinement {
  // The latents that the last round decoded to; null in the first round. In later rounds the latents to encode, gained,
  // are what that round's errors say they should have been, and the estimates are coded instead of them; the
  // hyper-latents are those of somewhat smaller latents.
  const TensorWindow* decoded = nullptr;
  // The best values known for the latents, before quantisation: begun in the first round, refined in later ones. null:
  // there are no rounds.
  TensorWindow* estimates = nullptr;
  int weight = 0;  // of the estimates against what the present round adds, in sixteenths, 0 .. 16; later rounds
};

struct SliceChoices {
  const GainField* gains = nullptr;  // of the whole picture; null: the latents are gained already
  int lanes = 1;                     // 0: those that suit the size
  bool optimise = false;             // rate-distortion optimised symbols instead of the nearest ones
  Refinement refinement = {};
  const int16_t* hyper = nullptr;  // symbols of the hyper-latents to code instead of those that the analysis finds
};

// What gained latents are clamped to before they are quantised.
Bounds TargetRange(const PreparedModel& model);
void GainPosition(const int16_t* analysed, const Gain* gains, size_t channels, const Bounds& range, int16_t* gained);

// Encodes the rectangle `place` of the picture's latents, which lies in `analysed`. `decoded`, unless null,
// receives the latents that decoding will give in that rectangle; `hyper`, unless null, the symbols of the slice's
// hyper-latents in raster order, channels innermost.
Status EncodeSlice(const PreparedModel& model, const TensorWindow& analysed, const Rect& place,
                   const SliceChoices& choices, Parallel& parallel, Memory& memory, EncodedSlice* slice,
                   TensorWindow* decoded, int16_t* hyper = nullptr);

}  // namespace nic
