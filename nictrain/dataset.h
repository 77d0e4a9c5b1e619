// Training pictures, held in memory as 8-bit samples.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "picture.h"

namespace nic {

class Dataset {
 public:
  // Reads every picture of a folder, or a pack (see WritePack). Pictures with a side below `smallest_side` are an error
  // that names the file, and so are a folder without pictures and a file that cannot be read.
  static Status Load(const std::string& path, int smallest_side, Dataset* dataset);

  // A pack: "NICPACK1", the number of pictures, then width, height and samples of each; all integers 32-bit
  // little-endian.
  Status WritePack(const std::string& path) const;

  // Drops all but the first `count` pictures.
  void Keep(size_t count) {
    if (count < pictures_.size()) pictures_.resize(count);
  }

  // Cuts one to seven columns and rows off each picture's left and top, differently many: what pictures that were JPEG
  // files have every eight pixels then lies elsewhere. Those that are smaller than 16 pixels stay.
  void Unalign();

  // Adds the pictures of another.
  void Append(Dataset&& other) {
    for (Picture& picture : other.pictures_) pictures_.push_back(std::move(picture));
  }

  size_t size() const { return pictures_.size(); }
  const Picture& picture(size_t index) const { return pictures_[index]; }
  uint64_t pixels() const;

 private:
  Status LoadFolder(const std::string& folder);
  Status LoadPack(const std::string& path);

  std::vector<Picture> pictures_;
};

}  // namespace nic
