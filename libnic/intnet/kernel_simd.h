// The kernels of the vector units that this build has and this processor runs.
#pragma once

#include <vector>

#include "intnet/kernel.h"

namespace nic {

// The slowest first.
std::vector<const Kernels*> SimdKernels();

}  // namespace nic
