#include "model/gain.h"

namespace nic {
namespace {

// round(2^(14 + i / 256)) for i = 0 .. 256: the largest T with (2T - 1)^256 <= 2^(15 * 256 + i).
constexpr uint16_t kPowers[257] = {
    16384, 16428, 16473, 16518, 16562, 16607, 16652, 16697, 16743, 16788, 16834, 16879, 16925, 16971, 17017, 17063,
    17109, 17156, 17202, 17249, 17296, 17343, 17390, 17437, 17484, 17531, 17579, 17627, 17674, 17722, 17770, 17819,
    17867, 17915, 17964, 18013, 18061, 18110, 18160, 18209, 18258, 18308, 18357, 18407, 18457, 18507, 18557, 18607,
    18658, 18708, 18759, 18810, 18861, 18912, 18963, 19015, 19066, 19118, 19170, 19222, 19274, 19326, 19379, 19431,
    19484, 19537, 19590, 19643, 19696, 19750, 19803, 19857, 19911, 19965, 20019, 20073, 20127, 20182, 20237, 20292,
    20347, 20402, 20457, 20513, 20568, 20624, 20680, 20736, 20792, 20849, 20905, 20962, 21019, 21076, 21133, 21190,
    21247, 21305, 21363, 21421, 21479, 21537, 21595, 21654, 21713, 21772, 21831, 21890, 21949, 22009, 22068, 22128,
    22188, 22248, 22309, 22369, 22430, 22491, 22552, 22613, 22674, 22735, 22797, 22859, 22921, 22983, 23045, 23108,
    23170, 23233, 23296, 23359, 23423, 23486, 23550, 23614, 23678, 23742, 23806, 23871, 23936, 24001, 24066, 24131,
    24196, 24262, 24328, 24394, 24460, 24526, 24593, 24659, 24726, 24793, 24860, 24928, 24995, 25063, 25131, 25199,
    25268, 25336, 25405, 25474, 25543, 25612, 25681, 25751, 25821, 25891, 25961, 26031, 26102, 26173, 26244, 26315,
    26386, 26458, 26530, 26601, 26674, 26746, 26818, 26891, 26964, 27037, 27110, 27184, 27258, 27332, 27406, 27480,
    27554, 27629, 27704, 27779, 27855, 27930, 28006, 28082, 28158, 28234, 28311, 28388, 28464, 28542, 28619, 28697,
    28774, 28852, 28931, 29009, 29088, 29167, 29246, 29325, 29405, 29484, 29564, 29644, 29725, 29805, 29886, 29967,
    30048, 30130, 30212, 30293, 30376, 30458, 30541, 30623, 30706, 30790, 30873, 30957, 31041, 31125, 31209, 31294,
    31379, 31464, 31549, 31635, 31720, 31806, 31893, 31979, 32066, 32153, 32240, 32327, 32415, 32503, 32591, 32679,
    32768,
};
constexpr int kIndexBits = 8;
constexpr int kFractionBits = kLogGainBits - kIndexBits;

}  // namespace

Gain ExponentiateGain(LogGain log) {
  const int octave = log >> kLogGainBits;
  const int index = (log >> kFractionBits) & ((1 << kIndexBits) - 1);
  const int fraction = log & ((1 << kFractionBits) - 1);
  const int mantissa = (kPowers[index] * ((1 << kFractionBits) - fraction) + kPowers[index + 1] * fraction +
                        (1 << (kFractionBits - 1))) >>
                       kFractionBits;
  return {static_cast<int16_t>(mantissa), static_cast<uint8_t>(14 - octave)};
}

LogGain InterpolateGain(LogGain at_level, LogGain at_next, int interpolation) {
  return (at_level * (256 - interpolation) + at_next * interpolation + 128) >> 8;
}

void ComputeGains(std::span<const LogGain> table, int channels, const RateIndex& rate, Gain* gains) {
  const LogGain* at_level = table.data() + static_cast<size_t>(rate.level) * channels;
  const LogGain* at_next = rate.interpolation ? at_level + channels : at_level;
  for (int c = 0; c < channels; ++c) {
    gains[c] = ExponentiateGain(InterpolateGain(at_level[c], at_next[c], rate.interpolation));
  }
}

}  // namespace nic
