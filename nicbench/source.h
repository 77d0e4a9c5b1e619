// A picture to encode, in memory and as files for programs that read those.
#pragma once

#include <string>

#include "tools/outcome.h"
#include "tools/picture.h"

namespace nic::bench {

struct Source {
  std::string name;
  tools::Picture picture;
  std::string pnm_path;
  std::string png_path;

  double pixels() const { return static_cast<double>(picture.width) * picture.height; }
  double BitsPerPixel(uint64_t bytes) const { return 8 * static_cast<double>(bytes) / pixels(); }
};

// Reads the picture at `path` and writes it as source.pnm and source.png into `folder`.
tools::Outcome LoadSource(const std::string& path, const std::string& folder, Source* source);

}  // namespace nic::bench
