// Artificial pictures: what screens, drawings and test charts hold and photographs do not.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "random.h"

namespace nic {

// (3, height, width) floats that are whole levels in [0, 255]: one of stripes, chequers, noise, thin lines, zone
// plates, writing, flat fields and ramps, between two colours that are often the most extreme ones. All that is random
// comes from `random`.
torch::Tensor DrawPattern(int64_t height, int64_t width, Random& random);

}  // namespace nic
