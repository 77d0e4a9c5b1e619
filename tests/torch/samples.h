// What the tests of nictrain share: folders of their own, small pictures, small networks with arbitrary weights.
#pragma once

#include <string>

#include "base/memory.h"
#include "dataset.h"
#include "model/model.h"
#include "network.h"
#include "picture.h"

namespace nic::testing {

// A fresh, empty folder, removed with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Smooth shapes and some texture, different for each seed.
Picture MakePicture(int width, int height, uint64_t seed);

// Writes `count` PNG files of width x height into a folder.
void WritePictures(const std::string& folder, int count, int width, int height);

// The numbers that the stored reference values were made with.
class Numbers {
 public:
  // Uniform in [-0.5, 0.5).
  double Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 40) / (1 << 24) - 0.5;
  }
  // Fills a tensor in row-major order.
  torch::Tensor Fill(const std::vector<int64_t>& shape, double scale);

 private:
  uint64_t state_ = 1;
};

// Sets all parameters in the order of their names, and raises the gains by e^3.
void FillNetwork(Network& network, Numbers& numbers);

constexpr NetworkShape kSmallShape = {8, 8, 12, 12, 4, 8, 16, 8, 1, 1, 1, 1};
// With every part that a network of the family may have, and no two sizes the same.
constexpr NetworkShape kFullShape = {10, 8, 14, 12, 4, 8, 16, 5, 1, 2, 2, 1, 4, true, 6};

struct Exported {
  Memory memory;
  DecoderModel decoder{memory};
  EncoderModel encoder{memory};
};

// With few crops of `side` pixels.
void Export(Network& network, const Dataset& dataset, Exported* exported, int64_t side = 64, int64_t crops = 4);

// A folder given by an environment variable; empty, with a message, where it is not set.
std::string FolderFromEnvironment(const char* variable);

}  // namespace nic::testing
