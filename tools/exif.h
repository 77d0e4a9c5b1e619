// The one thing that the tools read in Exif and XMP data: how the picture is to be turned.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nic::tools {

// The orientation of the first directory, 1 to 8; 1, which is as stored, if there is none.
uint32_t ExifOrientation(std::span<const uint8_t> exif);

// Makes the orientation 1 wherever one is told.
void ResetExifOrientation(std::vector<uint8_t>* exif);
void ResetXmpOrientation(std::vector<uint8_t>* xmp);

}  // namespace nic::tools
