// What stands behind nic_encoder.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "api/context.h"
#include "api/encoder_parameters.h"
#include "api/metadata_kind.h"
#include "image/region_mask.h"
#include "nic/encode.h"

namespace nic {

class EncodeCall;

constexpr int kStepsInLevel = 8;  // of a mask

}  // namespace nic

// Not in a namespace: the public header declares it.
struct nic_encoder {
  explicit nic_encoder(nic_context& own_context);
  ~nic_encoder();

  nic_context& context;
  nic::EncoderParameters parameters;
  std::pmr::vector<std::pmr::vector<uint8_t>> metadata;  // packed payloads by kind; empty for none
  nic::RegionMask mask;  // of the pictures to come; empty for none
  int mask_steps = 0;    // by which white is better, in 1/8 of a level
  std::pmr::vector<uint8_t> bytes;
  std::unique_ptr<nic::EncodeCall> call;  // the picture that is begun
  std::atomic<bool> finish_early = false;
  static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers set it");
  nic_error error = {};
};
