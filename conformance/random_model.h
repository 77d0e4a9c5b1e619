// Random valid models over the whole space of the format: every operation, extreme weights, every layout of passes.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/memory.h"
#include "model/model.h"

namespace nic::conformance {

struct RandomModel {
  explicit RandomModel(Memory& memory) : decoder(memory), encoder(memory), preview(memory) {}
  DecoderModel decoder;
  EncoderModel encoder;
  PreviewModel preview;  // may be without any
  std::unique_ptr<DeblockingModel> deblocking;  // null: none
};

// What a model must be like; 0 and -1 leave it to chance.
struct ModelWishes {
  int latent_factor = 0;
  int hyper_factor = 0;
  int passes = 0;
  int levels = 0;
  int scales = 0;
  int first_coded_scale = -1;
  int latent_bits = -1;
  int output_bits = -1;
};

// The same state of `random` and the same wishes give the same model. Small: kilobytes as a package, a picture of 100 x
// 100 pixels decodes in well under a second with the scalar kernels.
void FillRandomModel(std::mt19937& random, const ModelWishes& wishes, Memory& memory, RandomModel* model);

// Adds to the model a preview for each of `scales`, which are of kPreviewScales and rise.
void AddRandomPreviews(std::mt19937& random, const std::vector<int>& scales, Memory& memory, RandomModel* model);

// What deblocking must be like; -1 leaves it to chance.
struct DeblockingWishes {
  int activities = -1;
  int steps = -1;
  int filter_bits = -1;
  bool extreme = false;  // the weights of each row are as large as they may be
};

// Adds filters to the model. Most are gentle where nothing else is wished for: pixels stay what they resemble.
void AddRandomDeblocking(std::mt19937& random, const DeblockingWishes& wishes, Memory& memory, RandomModel* model);

// A random table. Its alphabet lies within int16; often it is small, so that escapes are frequent.
ModelTable MakeRandomTable(std::mt19937& random, Memory& memory);

// The model as a package, with its previews and its deblocking; `notes` adds a section that nothing depends on,
// `with_encoder` the encoder's section.
struct PackageChoices {
  uint32_t id = 0;
  uint32_t version = 0;
  std::string name;  // empty: one made of the id
  bool with_encoder = true;
  bool notes = false;
  int zstd_level = 3;
};
std::vector<uint8_t> MakePackage(const RandomModel& model, const PackageChoices& choices, Memory& memory);

}  // namespace nic::conformance
