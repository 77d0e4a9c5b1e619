// nicbench mosaic: one large picture assembled of small ones, to measure memory and speed with.
#pragma once

#include <cstdint>
#include <string>

namespace nic::bench {

struct MosaicOptions {
  std::string pictures;  // a folder or a file
  std::string output;    // png, ppm
  uint32_t width = 6000;
  uint32_t height = 4000;
};

// Lays the pictures' upper left corners side by side, row by row and from the first again, until `width` x `height` is
// full. The tiles have the smallest width and the smallest height of all pictures. Returns the exit status.
int RunMosaic(const MosaicOptions& options);

}  // namespace nic::bench
