// Random valid files for a model: symbols drawn at random instead of taken from a picture, so that every table, escape
// and clamp comes up.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "codec/prepared_model.h"
#include "container/header.h"

namespace nic::conformance {

struct RandomFile {
  std::vector<uint8_t> bytes;
  // For each slice the hyper-latents and the latents, both in raster order: what the slice's check is made of.
  std::vector<std::vector<int16_t>> slices;
};

// What symbols are like.
enum class Symbols { kTypical, kZero, kEscapes, kExtremes };

struct MetadataElement {
  uint8_t type = 0;
  std::vector<uint8_t> payload;
};

struct FileChoices {
  FileHeader header;
  Symbols symbols = Symbols::kTypical;
  std::vector<MetadataElement> metadata;
  std::vector<uint8_t> alpha;     // the payload of an alpha element; empty: none
  std::vector<uint8_t> gain_map;  // of a gain map
};

Status MakeRandomFile(std::mt19937& random, const PreparedModel& model, const FileChoices& choices, Memory& memory,
                      RandomFile* file);

// Draws all fields of a header but its size, channels and model.
void DrawHeader(std::mt19937& random, const DecoderModel& model, FileHeader* header);
std::vector<MetadataElement> DrawMetadata(std::mt19937& random);
// The payload of a gain map for a picture of a model: noise, a slope, or one value.
std::vector<uint8_t> DrawGainMap(std::mt19937& random, const FileHeader& header, const DecoderModel& model,
                                 Memory& memory);
// The payload of an alpha element: noise, a slope, or one value.
std::vector<uint8_t> DrawAlpha(std::mt19937& random, uint32_t width, uint32_t height, int depth, Memory& memory);

}  // namespace nic::conformance
