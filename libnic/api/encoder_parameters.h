// The parameters of nic_encoder and what each may be.
#pragma once

#include <cmath>

#include "base/status.h"
#include "nic/encode.h"

namespace nic {

constexpr double kDefaultQuality = 60;

// A value for each parameter, NaN where none is set.
class EncoderParameters {
 public:
  EncoderParameters() { Reset(); }

  // Every parameter at its preset.
  void Reset();
  // NIC_INVALID_ARGUMENT for an unknown parameter or a value out of bounds, NIC_WRONG_STATE for a second rate.
  // By the parameter's number, which may be any.
  Status Set(int parameter, double value);

  double Get(nic_encoder_parameter parameter) const { return values_[parameter - 1]; }
  bool Has(nic_encoder_parameter parameter) const { return !std::isnan(Get(parameter)); }
  // A rate that has to be searched for.
  bool IsSearch() const {
    return Has(NIC_ENCODER_TARGET_SIZE) || Has(NIC_ENCODER_TARGET_BPP) || Has(NIC_ENCODER_TARGET_PSNR);
  }

 private:
  static constexpr int kCount = NIC_ENCODER_PREMULTIPLIED;
  double values_[kCount];
};

// What a parameter may be; null for an unknown one.
const nic_bounds* BoundsOf(int parameter);

}  // namespace nic
