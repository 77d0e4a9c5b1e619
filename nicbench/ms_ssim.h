// Multi-scale structural similarity (Wang, Simoncelli, Bovik 2003).
#pragma once

#include <cstdint>
#include <optional>

#include "tools/picture.h"

namespace nic::bench {

// The smallest side for which the measure is defined: the window of 11 samples must fit on the fifth scale.
constexpr uint32_t kMsSsimSide = 176;

// MS-SSIM of 8-bit pictures that agree in size and format: five scales, Gaussian window of 11 x 11 samples with
// sigma 1.5 inside the picture only, the weights of the paper, the mean over the channels. This is the figure that
// pytorch-msssim gives. Nothing for pictures with a side below kMsSsimSide. In 0..1; 1 for equal pictures.
std::optional<double> MsSsim(const tools::Picture& a, const tools::Picture& b);

}  // namespace nic::bench
