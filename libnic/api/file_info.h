// What image.cc and decode.cc share: opening a file under limits, and describing it.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "container/file.h"
#include "nic/image.h"

namespace nic {

// Opens a file of which at least the header, the metadata and the beginning of the latents are there; *cut is
// NIC_TRUNCATED if not every slice is.
Status OpenWholeFile(std::span<const uint8_t> bytes, const nic_limits& limits, FileReader* file, Status* cut);

// Fills all fields from a file that was opened.
void FillInfo(const FileReader& file, nic_info* info);

}  // namespace nic
