// A small random source whose whole state is one seed and a counter (SplitMix64): the same numbers everywhere, and
// cheap to start anew for every step of a training, so that a resumed one continues exactly.
#pragma once

#include <cstdint>

namespace nic {

class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : state_(seed * 0x9e3779b97f4a7c15u + Mix(stream)) {}

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15u); }
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // [0, 1)
  // [0, count), count in 1..2^31.
  int Below(int count) { return static_cast<int>(((Next() >> 32) * static_cast<uint64_t>(count)) >> 32); }

 private:
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace nic
