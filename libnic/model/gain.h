// Gain units: per-channel factors in the log domain, interpolated between levels, applied in integers
// (format-spec/codec.md, "Gain"; after Cui et al., Asymmetric Gained Deep Image Compression, 2021).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nic {

// A logarithm to base 2 of a factor, in units of 2^-12 octaves.
using LogGain = int32_t;
constexpr int kLogGainBits = 12;
// The factors lie in [2^-17, 2^14]; a package with logarithms outside is refused.
constexpr LogGain kLogGainLowest = -17 * (1 << kLogGainBits);
constexpr LogGain kLogGainHighest = 14 * (1 << kLogGainBits);

// A rate between level s and level s + 1: `interpolation` / 256 of the way, linear in the logarithms. At the highest
// level the interpolation is 0.
struct RateIndex {
  int level = 0;
  int interpolation = 0;
};

// The level that is nearest to a rate.
inline int NearestLevel(const RateIndex& rate) { return (256 * rate.level + rate.interpolation + 128) >> 8; }

// A factor ready to apply: mantissa in [2^14, 2^15), shift in 0 .. 31, factor = mantissa * 2^-shift.
struct Gain {
  int16_t mantissa;
  uint8_t shift;
};

// 2^(log / 4096) to 15 bits: log in [kLogGainLowest, kLogGainHighest].
Gain ExponentiateGain(LogGain log);

// The logarithm at `rate` from the one at its level and the next: (a * (256 - l) + b * l + 128) >> 8.
LogGain InterpolateGain(LogGain at_level, LogGain at_next, int interpolation);

// The gains of all channels at `rate`, from the table of levels x channels logarithms (level outermost).
void ComputeGains(std::span<const LogGain> table, int channels, const RateIndex& rate, Gain* gains);

// x times the gain, rounded shift, clamped to int16.
inline int16_t ApplyGain(int16_t x, Gain gain) {
  const int32_t round = gain.shift ? int32_t{1} << (gain.shift - 1) : 0;
  const int32_t y = (int32_t{x} * gain.mantissa + round) >> gain.shift;
  return static_cast<int16_t>(y < -32768 ? -32768 : y > 32767 ? 32767 : y);
}

}  // namespace nic
