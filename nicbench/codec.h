// What nicbench measures: something that turns pictures into bytes and back at a rate that one can choose.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "nicbench/source.h"
#include "tools/outcome.h"
#include "tools/picture.h"

namespace nic::bench {

// A coded picture.
struct Coded {
  std::vector<uint8_t> bytes;  // the whole file
  double seconds = 0;          // that encoding took
  // Bits of the file with the latents at their cost under the model's tables; NaN where the codec does not tell.
  double estimated_bits = std::numeric_limits<double>::quiet_NaN();
};

// The range of a codec's rate parameter, from the smallest files to the best pictures, in `positions` steps.
struct Knob {
  double worst = 0;
  double best = 0;
  int positions = 2;
  bool logarithmic = false;  // the steps are equal factors

  // The parameter at position 0 .. positions - 1.
  double At(int position) const;
};

class Codec {
 public:
  virtual ~Codec() = default;

  const std::string& name() const { return name_; }          // in tables and files, as in "webp"
  const std::string& settings() const { return settings_; }  // one line: the program, its version and options
  const Knob& knob() const { return knob_; }
  const std::vector<double>& rates() const { return rates_; }  // to measure by default, smallest files first

  // The parameter as people write it.
  virtual std::string Label(double rate) const = 0;
  virtual tools::Outcome Encode(const Source& source, double rate, Coded* coded) = 0;
  // `seconds` takes the time of decoding.
  virtual tools::Outcome Decode(const Coded& coded, tools::Picture* picture, double* seconds) = 0;

 protected:
  std::string name_;
  std::string settings_;
  Knob knob_;
  std::vector<double> rates_;
};

// The best encoding of `source` within `budget` bytes, by halving the knob's range; the smallest one if even that is
// larger. Takes it that size grows along the knob.
tools::Outcome EncodeWithin(Codec* codec, const Source& source, uint64_t budget, Coded* coded, double* rate);

}  // namespace nic::bench
