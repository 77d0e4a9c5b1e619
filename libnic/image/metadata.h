// Metadata elements: ICC, Exif and XMP as they came, compressed where that helps, and the colour description by code
// points, CICP (format-spec/elements.md, "Metadata" and "Colour description").
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "container/file.h"

namespace nic {

// Judges a colour description: colour primaries, transfer characteristics, matrix coefficients, full range, a byte
// each. NIC_MALFORMED, with an offset in it, unless it is one of RGB or grey samples.
Status CheckCicp(std::span<const uint8_t> content);

// Appends the payload of an element of the type kIcc, kExif, kXmp or kCicp; a kCicp one must pass CheckCicp.
void PackMetadata(ElementType type, std::span<const uint8_t> content, Memory& memory,
                  std::pmr::vector<uint8_t>* payload);

// Reads such a payload. NIC_MALFORMED, with an offset in the payload, for one that is not valid; NIC_LIMIT_METADATA for
// more than `limit` bytes.
Status UnpackMetadata(ElementType type, std::span<const uint8_t> payload, uint64_t limit, Memory& memory,
                      Buffer<uint8_t>* content);

}  // namespace nic
