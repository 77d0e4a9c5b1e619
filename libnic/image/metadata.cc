#include "image/metadata.h"

#include <zstd.h>

#include <algorithm>

namespace nic {
namespace {

constexpr uint8_t kPlain = 0;
constexpr uint8_t kZstd = 1;
constexpr int kZstdLevel = 12;

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MALFORMED, offset, "metadata: %s", what);
}

Status CheckLimit(uint64_t size, uint64_t limit) {
  if (size <= limit) return {};
  return Status::Error(NIC_LIMIT_METADATA, 1, "metadata: %llu bytes, the limit is %llu",
                       static_cast<unsigned long long>(size), static_cast<unsigned long long>(limit));
}

}  // namespace

void PackMetadata(std::span<const uint8_t> content, Memory& memory, std::pmr::vector<uint8_t>* payload) {
  Buffer<uint8_t> frame(memory, ZSTD_compressBound(content.size()));
  const size_t size = ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), kZstdLevel);
  if (ZSTD_isError(size) || size >= content.size()) {
    payload->push_back(kPlain);
    payload->insert(payload->end(), content.begin(), content.end());
    return;
  }
  payload->push_back(kZstd);
  payload->insert(payload->end(), frame.begin(), frame.begin() + size);
}

Status UnpackMetadata(std::span<const uint8_t> payload, uint64_t limit, Memory& memory, Buffer<uint8_t>* content) {
  if (payload.empty()) return Malformed(0, "empty");
  const std::span<const uint8_t> rest = payload.subspan(1);
  if (payload[0] == kPlain) {
    NIC_RETURN_IF_ERROR(CheckLimit(rest.size(), limit));
    *content = Buffer<uint8_t>(memory, rest.size());
    std::copy(rest.begin(), rest.end(), content->begin());
    return {};
  }
  if (payload[0] != kZstd) return Malformed(0, "coding: neither 0 nor 1");
  const unsigned long long size = ZSTD_getFrameContentSize(rest.data(), rest.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      ZSTD_findFrameCompressedSize(rest.data(), rest.size()) != rest.size()) {
    return Malformed(1, "not one zstd frame that states its size");
  }
  NIC_RETURN_IF_ERROR(CheckLimit(size, limit));
  *content = Buffer<uint8_t>(memory, size);
  if (ZSTD_decompress(content->data(), size, rest.data(), rest.size()) != size) {
    return Malformed(1, "the zstd frame is damaged");
  }
  return {};
}

}  // namespace nic
