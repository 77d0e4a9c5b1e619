// The alpha channel: lossless, one byte a pixel, predicted row by row as in PNG and compressed by zstd
// (format-spec/elements.md, "Alpha").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"

namespace nic {

// Samples of one channel, `step` bytes apart in rows `stride` bytes apart. Borrowed.
struct ChannelView {
  uint32_t width = 0;
  uint32_t height = 0;
  size_t step = 1;
  size_t stride = 0;
  const uint8_t* samples = nullptr;
};

// Appends the payload of an alpha element.
void EncodeAlpha(const ChannelView& alpha, bool premultiplied, Memory& memory, std::pmr::vector<uint8_t>* payload);

// NIC_MALFORMED for a payload that is empty or has reserved flags. The first byte is 1 for premultiplied colours, else 0.
Status CheckAlphaFlags(std::span<const uint8_t> payload);

struct Alpha {
  bool premultiplied = false;
  Buffer<uint8_t> samples;  // width x height
};

// Reads a payload for a picture of width x height. NIC_MALFORMED, with an offset in the payload, for one that is not
// valid. Allocates little more than the picture's samples.
Status DecodeAlpha(std::span<const uint8_t> payload, uint32_t width, uint32_t height, Memory& memory, Alpha* alpha);

// Colour under an alpha of 0 is never seen: gives such pixels (of `channels` bytes, no gaps) the mean of what is visible
// around them, so that they cost next to nothing.
void SmoothInvisible(const ChannelView& alpha, int channels, Memory& memory, uint8_t* pixels);

}  // namespace nic
