#include "api/encoder_parameters.h"

#include <bit>
#include <iterator>
#include <limits>

#include "model/model.h"

namespace nic {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();

// By parameter number, from 1.
constexpr nic_bounds kBounds[] = {
    {0, 100, kUnset, 0},             // quality
    {0, kMaxLevels - 1, kUnset, 1},  // gain level
    {1, 9007199254740992.0, kUnset, 1},
    {1e-6, 1000, kUnset, 0},
    {1, 1000, kUnset, 0},
    {0, 255.0 / 256, 0, 0},
    {1, 9, 3, 1},
    {0, 4294967295.0, kUnset, 1},
    {64, 2097152, 1024, 1},
    {0, 1, 0, 1},
};

bool IsRate(int parameter) { return parameter >= NIC_ENCODER_QUALITY && parameter <= NIC_ENCODER_TARGET_PSNR; }

Status InvalidArgument(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

}  // namespace

const nic_bounds* BoundsOf(int parameter) {
  if (parameter < 1 || parameter > static_cast<int>(std::size(kBounds))) return nullptr;
  return &kBounds[parameter - 1];
}

void EncoderParameters::Reset() {
  static_assert(std::size(kBounds) == kCount);
  for (int i = 0; i < kCount; ++i) values_[i] = kBounds[i].preset;
}

Status EncoderParameters::Set(int parameter, double value) {
  const nic_bounds* bounds = BoundsOf(parameter);
  if (!bounds) return InvalidArgument("parameter: unknown");
  if (!(value >= bounds->lowest && value <= bounds->highest) || (bounds->whole && value != std::floor(value))) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "parameter %d: %g is not %s in %g .. %g", parameter,
                         value, bounds->whole ? "a whole number" : "a number", bounds->lowest, bounds->highest);
  }
  if (parameter == NIC_ENCODER_SLICE_SIDE && !std::has_single_bit(static_cast<uint64_t>(value))) {
    return InvalidArgument("NIC_ENCODER_SLICE_SIDE: not a power of two");
  }
  for (int other = NIC_ENCODER_QUALITY; IsRate(parameter) && other <= NIC_ENCODER_TARGET_PSNR; ++other) {
    if (other != parameter && Has(static_cast<nic_encoder_parameter>(other))) {
      return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "a rate is set already: two exclude one another");
    }
  }
  values_[parameter - 1] = value;
  return {};
}

}  // namespace nic
