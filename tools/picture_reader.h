// Reads a PNG, JPEG or PNM picture, told apart by its first bytes.
#pragma once

#include "tools/input_file.h"
#include "tools/picture.h"

namespace nic::tools {

// With picture->sink set, rows go there as they are read, but for an interlaced PNG: picture->in_strips tells. A
// failure may come after rows then. Of the picture's metadata that of `wanted` is taken, and a note made where its
// absence will show. Fails with kExitMalformed for what is none of these or is broken, kExitTruncated for what ends
// early, kExitUnsupported for a kind that nic cannot hold (CMYK), kExitLimit, kExitFailure if reading fails.
Outcome ReadPicture(InputFile* file, const nic_limits& limits, Picture* picture, const MetadataChoice& wanted = {});

}  // namespace nic::tools
