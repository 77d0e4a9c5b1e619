// write_small_model SEED ID FILE [unsafe]: a package of a few kilobytes for the command-line tests of foreign models;
// "unsafe" gives it weights whose sums may overflow.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/small_model.h"

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) return 2;
  const bool safe = argc == 4;
  if (!safe && std::strcmp(argv[4], "unsafe") != 0) return 2;
  const auto seed = static_cast<uint32_t>(std::atoi(argv[1]));
  const auto id = static_cast<uint32_t>(std::atoi(argv[2]));
  const std::vector<uint8_t> package =
      safe ? nic::testing::MakeSmallPackage(seed, id) : nic::testing::MakeUnsafePackage(seed, id);
  std::FILE* file = std::fopen(argv[3], "wb");
  if (!file || std::fwrite(package.data(), 1, package.size(), file) != package.size()) return 1;
  return std::fclose(file) != 0;
}
