// Reads PNM pictures: P1 to P6, plain and raw, and P7 (PAM), up to 16 bits a sample.
#pragma once

#include "tools/input_file.h"
#include "tools/picture.h"

namespace nic::tools {

// Reads the PNM that `file` stands at. Samples are scaled to 0..255 with rounding; more than 8 bits make a note.
// Failures as ReadPicture.
Outcome ReadPnm(InputFile* file, const nic_limits& limits, Picture* picture);

}  // namespace nic::tools
