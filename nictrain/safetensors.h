// Named tensors in one file, as the safetensors format lays them out: an 8-byte little-endian length, a JSON header of
// that length, then the tensors' bytes. Half, single precision and 64-bit integers; little-endian machines.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace nic {

enum class StoredType { kHalf, kSingle, kInteger64 };
size_t StoredSize(StoredType type);  // bytes of one element

struct StoredTensor {
  StoredType type = StoredType::kSingle;
  std::vector<int64_t> shape;  // no entry for a scalar
  std::vector<uint8_t> bytes;  // row major
  int64_t elements() const;
};

struct StoredTensors {
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> notes;  // the header's "__metadata__"
};

// Parses a whole file. NIC_TRUNCATED where bytes are missing, NIC_MALFORMED with the tensor's name otherwise.
// `stored` is only changed on success.
Status ParseSafetensors(const std::vector<uint8_t>& file, StoredTensors* stored);
Status FormatSafetensors(const StoredTensors& stored, std::vector<uint8_t>* file);

Status ReadSafetensors(const std::string& path, StoredTensors* stored);
// Written beside `path` and renamed, so that an older file survives a failure.
Status WriteSafetensors(const std::string& path, const StoredTensors& stored);

// The same in as many files as it takes to keep each within `most` bytes: `stem`.safetensors where one suffices,
// otherwise `stem`-0.safetensors and so on. Only a single tensor can make a file larger. Reading takes what is there.
Status WriteSafetensorsParts(const std::string& stem, const StoredTensors& stored, size_t most = size_t{15} << 20);
Status ReadSafetensorsParts(const std::string& stem, StoredTensors* stored);

}  // namespace nic
