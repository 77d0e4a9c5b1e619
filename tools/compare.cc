// nic_compare A B: prints the PSNR of two pictures in dB. For scripts/demo and the tests.
#include <cstdio>

#include "tools/picture_reader.h"
#include "tools/report.h"

namespace {

using nic::tools::InputFile;
using nic::tools::Outcome;
using nic::tools::Picture;

bool Load(const char* path, Picture* picture) {
  InputFile file;
  Outcome outcome = file.Open(path);
  if (outcome.ok()) outcome = nic::tools::ReadPicture(&file, {}, picture);
  nic::tools::Report("nic_compare", true, false).Error(path, outcome);
  return outcome.ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: nic_compare A B\n", stderr);
    return nic::tools::kExitUsage;
  }
  Picture a;
  Picture b;
  if (!Load(argv[1], &a) || !Load(argv[2], &b)) return nic::tools::kExitFailure;
  if (a.width != b.width || a.height != b.height || a.format != b.format) {
    std::fputs("nic_compare: the pictures differ in size or channels\n", stderr);
    return nic::tools::kExitFailure;
  }
  std::printf("%.2f\n", nic::tools::Psnr(a, b));
  return nic::tools::kExitOk;
}
