// Files that a model makes of pictures, and what it decodes them to: what parts of a model are fitted to afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "codec/prepared_model.h"
#include "container/file.h"
#include "dataset.h"
#include "model/gain.h"

namespace nic {

// Called with the number of pictures that are done, and of all; a fit in rounds counts each picture once a round.
using FitProgress = std::function<void(size_t, size_t)>;

// Whether a picture of `count` is kept for judging and not learnt from.
bool IsHeldOut(size_t index, size_t count);

// Calls `use` with the file of each picture that is held out, or of each that is not, at each of the rates. `model` has
// an encoder.
Status ForEachFile(const PreparedModel& model, const Dataset& pictures, bool held_out,
                   const std::vector<RateIndex>& rates, Memory& memory,
                   const std::function<Status(size_t index, const FileReader& file)>& use);

// A picture as the synthesis gives it: three values a position, in units of its fractional bits, around middle grey.
struct Values {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<int16_t> values;
};

Values AsValues(const Picture& picture, int output_bits);
// What a decoder gives, `scale` times smaller on a side.
Status DecodeAt(const PreparedModel& model, const FileReader& file, int scale, Memory& memory, Values* values);
// dB; values beyond black and white count as these.
double Psnr(const Values& a, const Values& b, int output_bits);

}  // namespace nic
