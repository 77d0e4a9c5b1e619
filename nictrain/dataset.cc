#include "dataset.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "files.h"

namespace nic {
namespace {

constexpr char kPackSignature[] = "NICPACK1";
constexpr size_t kSignatureBytes = 8;

void AppendInteger(uint32_t value, std::string* bytes) {
  for (int shift = 0; shift < 32; shift += 8) bytes->push_back(static_cast<char>(value >> shift));
}

uint32_t ReadInteger(const uint8_t* bytes) {
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

// The filter weights of one output sample along one axis: a triangle as wide as the scale asks.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> MakeTaps(double source, int count, int begin, int limit) {
  const double ratio = source / count;
  std::vector<Taps> taps(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const double centre = begin + (i + 0.5) * ratio - 0.5;
    const int first = std::max(0, static_cast<int>(std::ceil(centre - ratio)));
    const int last = std::min(limit - 1, static_cast<int>(std::floor(centre + ratio)));
    double sum = 0;
    Taps& tap = taps[static_cast<size_t>(i)];
    tap.first = first;
    for (int j = first; j <= last; ++j) {
      tap.weights.push_back(static_cast<float>(std::max(0.0, 1 - std::abs(j - centre) / ratio)));
      sum += tap.weights.back();
    }
    for (float& weight : tap.weights) weight /= static_cast<float>(sum);
  }
  return taps;
}

// Scales the area of `source` pixels a side at (x, y) down to side x side.
std::vector<uint8_t> Shrink(const Picture& picture, double source, int x, int y, int side) {
  const std::vector<Taps> across = MakeTaps(source, side, x, picture.width);
  const std::vector<Taps> down = MakeTaps(source, side, y, picture.height);
  const int first_row = down.front().first;
  const int rows = down.back().first + static_cast<int>(down.back().weights.size()) - first_row;
  std::vector<float> narrow(static_cast<size_t>(rows) * side * 3);
  for (int row = 0; row < rows; ++row) {
    const uint8_t* from = picture.samples.data() + size_t(row + first_row) * picture.width * 3;
    float* to = narrow.data() + size_t(row) * side * 3;
    for (int i = 0; i < side; ++i) {
      const Taps& tap = across[static_cast<size_t>(i)];
      for (size_t j = 0; j < tap.weights.size(); ++j) {
        const uint8_t* pixel = from + (tap.first + j) * 3;
        for (int c = 0; c < 3; ++c) to[i * 3 + c] += tap.weights[j] * pixel[c];
      }
    }
  }
  std::vector<uint8_t> small(size_t(side) * side * 3);
  std::vector<float> sums(size_t(side) * 3);
  for (int i = 0; i < side; ++i) {
    const Taps& tap = down[static_cast<size_t>(i)];
    std::fill(sums.begin(), sums.end(), 0.5f);
    for (size_t j = 0; j < tap.weights.size(); ++j) {
      const float* row = narrow.data() + (size_t(tap.first - first_row) + j) * side * 3;
      for (size_t k = 0; k < sums.size(); ++k) sums[k] += tap.weights[j] * row[k];
    }
    for (size_t k = 0; k < sums.size(); ++k) {
      small[size_t(i) * sums.size() + k] = static_cast<uint8_t>(std::clamp(sums[k], 0.0f, 255.0f));
    }
  }
  return small;
}

// Copies side x side pixels with the orientation `turn`: bit 0 mirrors, bit 1 turns upside down, bit 2 transposes.
void CopyTurned(const uint8_t* from, int row_pixels, int side, int turn, uint8_t* to) {
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      int u = turn & 1 ? side - 1 - x : x;
      int v = turn & 2 ? side - 1 - y : y;
      if (turn & 4) std::swap(u, v);
      std::memcpy(to, from + (size_t(v) * row_pixels + u) * 3, 3);
      to += 3;
    }
  }
}

}  // namespace

Status Dataset::LoadFolder(const std::string& folder) {
  std::vector<std::string> paths;
  NIC_RETURN_IF_ERROR(ListFolder(folder, {".png", ".jpg", ".jpeg"}, &paths));
  for (const std::string& path : paths) {
    pictures_.emplace_back();
    NIC_RETURN_IF_ERROR(ReadPicture(path, &pictures_.back()));
  }
  return {};
}

Status Dataset::LoadPack(const std::string& path) {
  std::vector<uint8_t> file;
  NIC_RETURN_IF_ERROR(ReadFile(path, &file));
  if (file.size() < kSignatureBytes + 4 || std::memcmp(file.data(), kPackSignature, kSignatureBytes) != 0) {
    return Status::Error(NIC_MALFORMED, 0, "%s is neither a folder nor a pack of pictures", path.c_str());
  }
  size_t offset = kSignatureBytes + 4;
  for (uint32_t left = ReadInteger(&file[kSignatureBytes]); left > 0; --left) {
    if (file.size() - offset < 8) return Status::Error(NIC_TRUNCATED, offset, "%s: the pack is cut", path.c_str());
    const uint64_t width = ReadInteger(&file[offset]);
    const uint64_t height = ReadInteger(&file[offset + 4]);
    offset += 8;
    if (width == 0 || height == 0 || width > 65535 || height > 65535) {
      return Status::Error(NIC_MALFORMED, offset - 8, "%s: a picture's size is out of range", path.c_str());
    }
    if ((file.size() - offset) / 3 < width * height) {
      return Status::Error(NIC_TRUNCATED, offset, "%s: the pack is cut", path.c_str());
    }
    const auto begin = file.begin() + static_cast<ptrdiff_t>(offset);
    const auto bytes = static_cast<ptrdiff_t>(width * height * 3);
    pictures_.push_back({static_cast<int>(width), static_cast<int>(height), {begin, begin + bytes}});
    offset += static_cast<size_t>(bytes);
  }
  return {};
}

Status Dataset::Load(const std::string& path, int smallest_side, Dataset* dataset) {
  Dataset loaded;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    NIC_RETURN_IF_ERROR(loaded.LoadFolder(path));
  } else {
    NIC_RETURN_IF_ERROR(loaded.LoadPack(path));
  }
  if (loaded.pictures_.empty()) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s holds no PNG or JPEG picture", path.c_str());
  }
  for (size_t i = 0; i < loaded.size(); ++i) {
    const Picture& picture = loaded.picture(i);
    if (std::min(picture.width, picture.height) >= smallest_side) continue;
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset,
                         "%s: picture %zu is %d x %d, smaller than a crop of %d", path.c_str(), i, picture.width,
                         picture.height, smallest_side);
  }
  *dataset = std::move(loaded);
  return {};
}

Status Dataset::WritePack(const std::string& path) const {
  std::string bytes(kPackSignature, kSignatureBytes);
  AppendInteger(static_cast<uint32_t>(size()), &bytes);
  for (const Picture& picture : pictures_) {
    AppendInteger(static_cast<uint32_t>(picture.width), &bytes);
    AppendInteger(static_cast<uint32_t>(picture.height), &bytes);
    bytes.append(picture.samples.begin(), picture.samples.end());
  }
  return WriteFile(path, bytes);
}

uint64_t Dataset::pixels() const {
  uint64_t sum = 0;
  for (const Picture& picture : pictures_) sum += uint64_t(picture.width) * picture.height;
  return sum;
}

void Dataset::Sample(const CropOptions& options, Random& random, uint8_t* crop) const {
  const Picture& picture = pictures_[static_cast<size_t>(random.Below(static_cast<int>(size())))];
  const int smaller = std::min(picture.width, picture.height);
  const double widest = std::min<double>(smaller, options.side / options.smallest_scale);
  const bool shrink = random.Uniform() < options.downscale && widest > options.side + 1;
  const double source = shrink ? options.side + random.Uniform() * (widest - options.side) : options.side;
  const int area = static_cast<int>(std::ceil(source));
  const int x = random.Below(picture.width - area + 1);
  const int y = random.Below(picture.height - area + 1);
  const int turn = random.Below(8);
  if (!shrink) {
    const uint8_t* from = picture.samples.data() + (size_t(y) * picture.width + x) * 3;
    CopyTurned(from, picture.width, options.side, turn, crop);
    return;
  }
  CopyTurned(Shrink(picture, source, x, y, options.side).data(), options.side, options.side, turn, crop);
}

}  // namespace nic
