// Reads JPEG pictures, grey and colour.
#pragma once

#include "tools/input_file.h"
#include "tools/picture.h"

namespace nic::tools {

// Reads the JPEG that `file` stands at. Failures as ReadPicture; CMYK and 12-bit pictures are kExitUnsupported.
Outcome ReadJpeg(InputFile* file, const nic_limits& limits, const MetadataChoice& wanted, Picture* picture);

}  // namespace nic::tools
