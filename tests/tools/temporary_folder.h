// A folder that lives as long as a test, and files in it.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tools/picture_reader.h"

namespace nic::tools::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nic-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()));
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  size_t count() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {})); }

 private:
  std::string path_;
};

inline void Store(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Reads a picture from bytes by way of a file.
inline Outcome ReadBytes(const std::string& bytes, Picture* picture, const nic_limits& limits = {}) {
  const TemporaryFolder folder;
  Store(folder / "picture", bytes);
  InputFile file;
  REQUIRE(file.Open(folder / "picture").ok());
  return ReadPicture(&file, limits, picture);
}

// A picture of smooth and noisy parts.
inline Picture SamplePicture(uint32_t width, uint32_t height, nic_pixel_format format) {
  Picture picture;
  REQUIRE(picture.Allocate(width, height, format, {}).ok());
  uint32_t state = 1;
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    state = state * 1664525 + 1013904223;
    picture.pixels[i] = static_cast<uint8_t>(i % 3 == 0 ? state >> 24 : i / 7);
  }
  return picture;
}

}  // namespace nic::tools::testing
