// write_small_model SEED ID FILE: a package of a few kilobytes for the command-line tests of foreign models.
#include <cstdio>
#include <cstdlib>

#include "support/small_model.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto seed = static_cast<uint32_t>(std::atoi(argv[1]));
  const auto id = static_cast<uint32_t>(std::atoi(argv[2]));
  const std::vector<uint8_t> package = nic::testing::MakeSmallPackage(seed, id);
  std::FILE* file = std::fopen(argv[3], "wb");
  if (!file || std::fwrite(package.data(), 1, package.size(), file) != package.size()) return 1;
  return std::fclose(file) != 0;
}
