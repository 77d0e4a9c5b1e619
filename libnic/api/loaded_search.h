// The search for latents of efforts 6 to 9, ready for one picture.
#pragma once

#include <atomic>
#include <memory>

#include "api/context.h"
#include "codec/picture_encoder.h"

namespace nic {

// The search plug-in with what it has to know of the model.
struct LoadedSearch {
  Buffer<uint8_t> decoder_section;
  Buffer<uint8_t> encoder_section;
  Buffer<uint8_t> deblocking_section;  // empty where the package has none
  SearchSettings settings;
};

// Loads the plug-in and unpacks the model for it. `stop`, which must outlive the search, ends it.
// NIC_UNSUPPORTED_FEATURE where the plug-in is absent.
Status LoadSearch(nic_context& context, const ModelStore::Model& model, int effort, const std::atomic<bool>& stop,
                  std::unique_ptr<LoadedSearch>* search);

}  // namespace nic
