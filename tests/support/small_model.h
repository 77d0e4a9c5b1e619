// A small valid model of random weights, kilobytes in all, for tests that need a whole codec but no good pictures.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/memory.h"
#include "model/model.h"

namespace nic::testing {

struct SmallModel {
  explicit SmallModel(Memory& memory) : decoder(memory), encoder(memory) {}
  DecoderModel decoder;
  EncoderModel encoder;
};

// Checkerboard in two passes, 8 latent channels, 4 hyper channels, 3 levels. The same seed gives the same model.
void FillSmallModel(uint32_t seed, SmallModel* model);

// Random previews of 1/8 and 1/16 for that model.
void FillSmallPreview(uint32_t seed, PreviewModel* preview);

// Random filters for that model, with three classes of either sort.
void FillSmallDeblocking(uint32_t seed, DeblockingModel* deblocking);

// The model as a package of the given id, with the previews or without.
std::vector<uint8_t> MakeSmallPackage(uint32_t seed, uint32_t id, bool with_preview = false);

// The same with weights in the synthesis whose sums may overflow.
std::vector<uint8_t> MakeUnsafePackage(uint32_t seed, uint32_t id);

}  // namespace nic::testing
