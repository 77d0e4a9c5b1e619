#include "dataset.h"

#include <algorithm>
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

void Dataset::Unalign() {
  constexpr int kSmallest = 16;
  for (size_t i = 0; i < pictures_.size(); ++i) {
    Picture& picture = pictures_[i];
    const int left = 1 + static_cast<int>(i % 7), top = 1 + static_cast<int>(i * 3 / 7 % 7);
    if (picture.width < kSmallest || picture.height < kSmallest) continue;
    Picture cut{picture.width - left, picture.height - top, {}};
    for (int y = top; y < picture.height; ++y) {
      const auto row = picture.samples.begin() + ptrdiff_t{3} * (ptrdiff_t{y} * picture.width + left);
      cut.samples.insert(cut.samples.end(), row, row + ptrdiff_t{3} * cut.width);
    }
    picture = std::move(cut);
  }
}

}  // namespace nic
