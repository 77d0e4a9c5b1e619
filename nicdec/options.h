// nicdec's options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/arguments.h"
#include "tools/metadata_file.h"

namespace nic::tools {

class CommandLine;

// Pixels of a picture.
struct Region {
  uint32_t x, y, width, height;
};

struct DecodeOptions : Arguments {
  std::string output_format;  // "png", "pnm", "pgm" or "ppm"; empty: by extension
  std::optional<Region> region;
  uint32_t depth = 0;  // 8 or 16; 0: the file's
  uint32_t scale = 1;  // how many times smaller; 0: as --fit allows
  bool keep_going = false;
  bool auto_orient = false;
  uint32_t fit = 0;      // pixels; 0: as large as it is
  MetadataFiles wanted;  // where metadata go, beside the picture
};

// Fills the options from the command line. A value comes back if the program is to end with it as its status.
std::optional<int> ParseOptions(CommandLine* line, int argc, char** argv, DecodeOptions* options);

// nicdec's command line, without options yet.
CommandLine NewCommandLine();

}  // namespace nic::tools
