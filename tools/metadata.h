// Metadata that travels with a picture: bytes that never change its pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "nic/nic.h"

namespace nic::tools {

struct Metadata {
  std::vector<uint8_t> icc;   // a profile
  std::vector<uint8_t> exif;  // beginning with the TIFF header
  std::vector<uint8_t> xmp;   // a packet
  std::vector<uint8_t> cicp;  // colours by code points: none or four bytes (tools/cicp.h)

  bool empty() const { return icc.empty() && exif.empty() && xmp.empty() && cicp.empty(); }
};

// Which of it is wanted.
struct MetadataChoice {
  bool icc = true;
  bool exif = true;
  bool xmp = true;
  bool cicp = true;
};

// The kinds with their names in options and messages.
struct MetadataKind {
  nic_metadata kind;
  const char* option;
  const char* name;
  const char* article_name;  // the same with its article, if it has one
  std::vector<uint8_t> Metadata::*content;
  bool MetadataChoice::*wanted;
};
inline constexpr size_t kFileKinds = 3;  // the first so many may lie in files of their own
inline constexpr MetadataKind kMetadataKinds[] = {
    {NIC_METADATA_ICC, "icc", "ICC profile", "an ICC profile", &Metadata::icc, &MetadataChoice::icc},
    {NIC_METADATA_EXIF, "exif", "Exif data", "Exif data", &Metadata::exif, &MetadataChoice::exif},
    {NIC_METADATA_XMP, "xmp", "XMP data", "an XMP packet", &Metadata::xmp, &MetadataChoice::xmp},
    {NIC_METADATA_CICP, "cicp", "colour (CICP)", "colours by code points", &Metadata::cicp, &MetadataChoice::cicp},
};

}  // namespace nic::tools
