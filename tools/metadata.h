// Metadata that travels with a picture: bytes that never change its pixels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nic/nic.h"

namespace nic::tools {

struct Metadata {
  std::vector<uint8_t> icc;   // a profile
  std::vector<uint8_t> exif;  // beginning with the TIFF header
  std::vector<uint8_t> xmp;   // a packet

  bool empty() const { return icc.empty() && exif.empty() && xmp.empty(); }
};

// Which of it is wanted.
struct MetadataChoice {
  bool icc = true;
  bool exif = true;
  bool xmp = true;
};

// The kinds with their names in options and messages.
struct MetadataKind {
  nic_metadata kind;
  const char* option;
  const char* name;
  std::vector<uint8_t> Metadata::*content;
  bool MetadataChoice::*wanted;
};
inline constexpr MetadataKind kMetadataKinds[] = {
    {NIC_METADATA_ICC, "icc", "ICC profile", &Metadata::icc, &MetadataChoice::icc},
    {NIC_METADATA_EXIF, "exif", "Exif data", &Metadata::exif, &MetadataChoice::exif},
    {NIC_METADATA_XMP, "xmp", "XMP data", &Metadata::xmp, &MetadataChoice::xmp},
};

// True if the Exif data ask for the picture to be turned or mirrored. Reads the first directory only.
bool IsTurned(std::span<const uint8_t> exif);

}  // namespace nic::tools
