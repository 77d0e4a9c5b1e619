// Random valid files for a model: symbols drawn at random instead of taken from a picture, so that every table, escape
// and clamp comes up.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "codec/prepared_model.h"

namespace nic::conformance {

struct RandomFile {
  std::vector<uint8_t> bytes;
  // For each slice the hyper-latents and the latents, both in raster order: what the slice's check is made of.
  std::vector<std::vector<int16_t>> slices;
};

struct FileChoices {
  uint32_t width = 1;
  uint32_t height = 1;
  bool grey = false;
  uint32_t model_id = 0;
  uint32_t model_digest = 0;
  bool metadata = false;  // a few elements that readers skip
};

// The rest of the header, too, is drawn from `random`.
Status MakeRandomFile(std::mt19937& random, const PreparedModel& model, const FileChoices& choices, Memory& memory,
                      RandomFile* file);

}  // namespace nic::conformance
