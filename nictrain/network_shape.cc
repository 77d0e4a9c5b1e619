#include "network_shape.h"

namespace nic {

Status CheckShape(const NetworkShape& shape) {
  const auto wrong = [](const char* what) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "network: %s", what);
  };
  if (shape.passes != 2 && shape.passes != 4) return wrong("passes: neither 2 nor 4");
  if (shape.passes == 4 && shape.latents % 4 != 0) return wrong("latents: no multiple of 4, for four passes");
  if (!shape.linear && shape.latents != shape.inner_width)
    return wrong("latents: differ from inner_width without linear");
  if (shape.levels < 2 || shape.levels > 16) return wrong("levels: not in 2 .. 16");
  return {};
}

// Four passes: each quarter of the channels has its phases coded in the order: its own, the one diagonally opposite,
// and the two others. So a pass codes a different quarter at each phase.
ChannelSpan CodedSpan(const NetworkShape& shape, int64_t pass, int phase) {
  if (shape.passes == 2) {
    const bool even = phase == 0 || phase == 3;
    return even == (pass == 0) ? ChannelSpan{0, shape.latents} : ChannelSpan{0, 0};
  }
  constexpr int kTurns[] = {0, 3, 1, 2};
  const int64_t quarter = phase ^ kTurns[pass];
  return {shape.latents * quarter / 4, shape.latents * (quarter + 1) / 4};
}

}  // namespace nic
