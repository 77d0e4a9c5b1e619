#include "image/metadata.h"

#include <algorithm>

#include "container/compression.h"

namespace nic {
namespace {

constexpr uint8_t kPlain = 0;
constexpr uint8_t kZstd = 1;
constexpr int kZstdLevel = 12;
constexpr size_t kCicpBytes = 4;

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MALFORMED, offset, "metadata: %s", what);
}

Status CheckLimit(uint64_t size, uint64_t limit) {
  if (size <= limit) return {};
  return Status::Error(NIC_LIMIT_METADATA, 1, "metadata: %llu bytes, the limit is %llu",
                       static_cast<unsigned long long>(size), static_cast<unsigned long long>(limit));
}

Status Copy(std::span<const uint8_t> bytes, uint64_t limit, Memory& memory, Buffer<uint8_t>* content) {
  NIC_RETURN_IF_ERROR(CheckLimit(bytes.size(), limit));
  *content = Buffer<uint8_t>(memory, bytes.size());
  std::copy(bytes.begin(), bytes.end(), content->begin());
  return {};
}

}  // namespace

Status CheckCicp(std::span<const uint8_t> content) {
  if (content.size() != kCicpBytes) return Malformed(0, "cicp: not 4 bytes");
  if (content[2] != 0) return Malformed(2, "cicp: matrix is not 0");
  if (content[3] > 1) return Malformed(3, "cicp: full_range is neither 0 nor 1");
  return {};
}

void PackMetadata(ElementType type, std::span<const uint8_t> content, Memory& memory,
                  std::pmr::vector<uint8_t>* payload) {
  if (type == ElementType::kCicp) {
    payload->insert(payload->end(), content.begin(), content.end());
    return;
  }
  const size_t begin = payload->size();
  payload->push_back(kZstd);
  CompressFrame(content, kZstdLevel, false, memory, payload);
  if (payload->size() - begin - 1 < content.size()) return;
  payload->resize(begin);
  payload->push_back(kPlain);
  payload->insert(payload->end(), content.begin(), content.end());
}

Status UnpackMetadata(ElementType type, std::span<const uint8_t> payload, uint64_t limit, Memory& memory,
                      Buffer<uint8_t>* content) {
  if (type == ElementType::kCicp) {
    NIC_RETURN_IF_ERROR(CheckCicp(payload));
    return Copy(payload, limit, memory, content);
  }
  if (payload.empty()) return Malformed(0, "empty");
  const std::span<const uint8_t> rest = payload.subspan(1);
  if (payload[0] == kPlain) return Copy(rest, limit, memory, content);
  if (payload[0] != kZstd) return Malformed(0, "coding: neither 0 nor 1");
  uint64_t size = 0;
  if (!ReadFrameSize(rest, &size)) return Malformed(1, "not one zstd frame that states its size");
  NIC_RETURN_IF_ERROR(CheckLimit(size, limit));
  Buffer<uint8_t> unpacked(memory, size);
  if (!DecompressFrame(rest, memory, &unpacked)) return Malformed(1, "the zstd frame is damaged");
  *content = std::move(unpacked);
  return {};
}

}  // namespace nic
