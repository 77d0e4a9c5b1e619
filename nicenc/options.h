// nicenc's options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/arguments.h"
#include "tools/metadata.h"
#include "tools/metadata_file.h"

namespace nic::tools {

class CommandLine;

struct EncodeOptions : Arguments {
  // At most one of these is set; quality kDefaultQuality without any.
  std::optional<double> quality;
  std::optional<double> gain_level;
  std::optional<double> target_size;  // bytes
  std::optional<double> target_bpp;
  std::optional<double> target_psnr;  // dB

  std::optional<double> interpolation;  // 0..255, with gain_level
  uint32_t effort = 3;
  std::optional<uint32_t> slice_side;  // pixels
  std::string roi;                     // path of a mask; empty for none
  std::optional<double> roi_strength;
  MetadataChoice kept;
  MetadataFiles given;        // in place of the pictures' own
  std::vector<uint8_t> cicp;  // the same; empty for none
};

// Fills the options from the command line. A value comes back if the program is to end with it as its status.
std::optional<int> ParseOptions(CommandLine* line, int argc, char** argv, EncodeOptions* options);

// nicenc's command line, without options yet.
CommandLine NewCommandLine();

}  // namespace nic::tools
