// What a nic_pixel_format consists of.
#pragma once

#include <cstddef>

#include "nic/image.h"

namespace nic {

inline bool IsPixelFormat(int format) { return (format & ~16) >= NIC_GREY8 && (format & ~16) <= NIC_RGBA8; }
inline bool HasAlpha(nic_pixel_format format) { return nic_format_channels(format) % 2 == 0; }
// 1 or 3.
inline int ColourChannels(nic_pixel_format format) {
  return static_cast<int>(nic_format_channels(format)) - (HasAlpha(format) ? 1 : 0);
}
inline nic_pixel_format MakePixelFormat(int colours, bool alpha, int depth) {
  return static_cast<nic_pixel_format>(colours + (alpha ? 1 : 0) + (depth == 16 ? 16 : 0));
}
// Whether 16-bit samples lie as they must.
inline bool IsAligned(const void* pixels, size_t stride, nic_pixel_format format) {
  return nic_format_depth(format) == 8 || (reinterpret_cast<uintptr_t>(pixels) % 2 == 0 && stride % 2 == 0);
}

}  // namespace nic
