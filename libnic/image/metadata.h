// Metadata elements: ICC, Exif and XMP as they came, compressed where that helps (format-spec/elements.md, "Metadata").
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"

namespace nic {

// Appends the payload of a metadata element.
void PackMetadata(std::span<const uint8_t> content, Memory& memory, std::pmr::vector<uint8_t>* payload);

// Reads a payload. NIC_MALFORMED, with an offset in the payload, for one that is not valid; NIC_LIMIT_METADATA for more
// than `limit` bytes.
Status UnpackMetadata(std::span<const uint8_t> payload, uint64_t limit, Memory& memory, Buffer<uint8_t>* content);

}  // namespace nic
