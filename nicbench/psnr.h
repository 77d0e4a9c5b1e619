// nicbench psnr: how far two pictures are from each other.
#pragma once

#include <string>

namespace nic::bench {

struct PsnrOptions {
  std::string a;
  std::string b;
  bool json = false;
};

// Prints PSNR and MS-SSIM. Returns the exit status.
int RunPsnr(const PsnrOptions& options);

}  // namespace nic::bench
