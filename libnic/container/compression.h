// zstd frames (RFC 8878), compressed and decompressed in the caller's memory alone.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"

namespace nic {

// Appends `content` as one frame that states its size. `checked`: with zstd's own check of the content, 4 bytes.
// Throws what the memory throws.
void CompressFrame(std::span<const uint8_t> content, int level, bool checked, std::pmr::memory_resource& memory,
                   std::pmr::vector<uint8_t>* bytes);

// Whether `bytes` are exactly one frame that states its content's size; *size receives it.
bool ReadFrameSize(std::span<const uint8_t> bytes, uint64_t* size);

// Decompresses a frame whose content is as large as *content. False if it is damaged; *content is undefined then.
// Throws what the memory throws.
bool DecompressFrame(std::span<const uint8_t> frame, std::pmr::memory_resource& memory, Buffer<uint8_t>* content);

}  // namespace nic
