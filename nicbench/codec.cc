#include "nicbench/codec.h"

#include <cmath>
#include <utility>

namespace nic::bench {

using tools::Outcome;

double Knob::At(int position) const {
  const double fraction = static_cast<double>(position) / (positions - 1);
  if (logarithmic) return worst * std::pow(best / worst, fraction);
  return worst + (best - worst) * fraction;
}

Outcome EncodeWithin(Codec* codec, const Source& source, uint64_t budget, Coded* coded, double* rate) {
  const Knob& knob = codec->knob();
  *rate = knob.At(0);
  NIC_TOOLS_RETURN_IF_FAILED(codec->Encode(source, *rate, coded));
  if (coded->bytes.size() > budget) return {};
  int fits = 0;
  int too_large = knob.positions;
  while (too_large - fits > 1) {
    const int middle = fits + (too_large - fits) / 2;
    Coded candidate;
    NIC_TOOLS_RETURN_IF_FAILED(codec->Encode(source, knob.At(middle), &candidate));
    if (candidate.bytes.size() > budget) {
      too_large = middle;
      continue;
    }
    fits = middle;
    *rate = knob.At(middle);
    *coded = std::move(candidate);
  }
  return {};
}

}  // namespace nic::bench
