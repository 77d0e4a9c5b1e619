// Reads PNG pictures of every kind but those with transparency.
#pragma once

#include "tools/input_file.h"
#include "tools/picture.h"

namespace nic::tools {

// Reads the PNG that `file` stands at. Grey stays grey; palettes become RGB; 16-bit samples are rounded to 8 bits, with
// a note. Failures as ReadPicture.
Outcome ReadPng(InputFile* file, const nic_limits& limits, Picture* picture);

}  // namespace nic::tools
