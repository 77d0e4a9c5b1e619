// The numbers that tell one network of the family from another.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace nic {

// Channel counts and depths; the defaults are those of the first nic-fast.
struct NetworkShape {
  int64_t analysis_width = 128;   // at 1/8 resolution
  int64_t synthesis_width = 128;  // at 1/8 resolution
  int64_t inner_width = 192;      // of the blocks at 1/16 resolution
  int64_t latents = 192;
  int64_t hyper_latents = 64;  // at 1/64 resolution
  int64_t hyper_width = 128;
  int64_t features = 256;  // of the hyper-synthesis and the context
  int64_t levels = 8;      // of the gain table
  int64_t analysis_blocks8 = 3;
  int64_t analysis_blocks16 = 2;
  int64_t synthesis_blocks8 = 3;
  int64_t synthesis_blocks16 = 2;
  int64_t passes = 2;   // 2: checkerboard; 4: quarters of positions, turned by a position for each quarter of channels
  bool linear = false;  // latents are a linear transform of the features at 1/8, which the blocks at 1/16 add to;
                        // otherwise they come from those blocks alone, and `latents` equals `inner_width`
  int64_t overlap = 0;  // rank of the 3x3 convolutions beside the first and the last layer; 0: none
};

// NIC_INVALID_ARGUMENT for numbers that do not go together.
Status CheckShape(const NetworkShape& shape);

// The channels [begin, end) that a pass codes at positions of a phase, 2 * (row & 1) + (column & 1).
struct ChannelSpan {
  int64_t begin, end;
};
ChannelSpan CodedSpan(const NetworkShape& shape, int64_t pass, int phase);

}  // namespace nic
