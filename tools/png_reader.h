// Reads PNG pictures of every kind.
#pragma once

#include "tools/input_file.h"
#include "tools/picture.h"

namespace nic::tools {

// Reads the PNG that `file` stands at. Grey stays grey; palettes become RGB; transparency of any sort becomes alpha;
// 16-bit samples are rounded to 8 bits, with a note. Failures as ReadPicture.
Outcome ReadPng(InputFile* file, const nic_limits& limits, const MetadataChoice& wanted, Picture* picture);

}  // namespace nic::tools
