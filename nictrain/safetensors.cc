#include "safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "files.h"

namespace nic {
namespace {

static_assert(std::endian::native == std::endian::little);

using Json = nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeader = 64 << 20;
constexpr size_t kMaxRank = 8;
constexpr int64_t kMaxElements = int64_t{1} << 40;

const char* TypeName(StoredType type) {
  switch (type) {
    case StoredType::kHalf:
      return "F16";
    case StoredType::kSingle:
      return "F32";
    case StoredType::kInteger64:
      return "I64";
  }
  return "";
}

bool ParseType(const std::string& name, StoredType* type) {
  for (StoredType candidate : {StoredType::kHalf, StoredType::kSingle, StoredType::kInteger64}) {
    if (name != TypeName(candidate)) continue;
    *type = candidate;
    return true;
  }
  return false;
}

Status Malformed(const std::string& name, const char* what) {
  return Status::Error(NIC_MALFORMED, Status::kNoOffset, "safetensors: tensor %s: %s", name.c_str(), what);
}

bool ParseShape(const Json& json, std::vector<int64_t>* shape) {
  if (!json.is_array() || json.size() > kMaxRank) return false;
  int64_t elements = 1;
  for (const Json& side : json) {
    if (!side.is_number_unsigned() || side.get<uint64_t>() > static_cast<uint64_t>(kMaxElements)) return false;
    shape->push_back(side.get<int64_t>());
    if (shape->back() != 0 && elements > kMaxElements / shape->back()) return false;
    elements *= shape->back();
  }
  return true;
}

bool ParseOffsets(const Json& json, uint64_t limit, uint64_t* begin, uint64_t* end) {
  if (!json.is_array() || json.size() != 2) return false;
  if (!json[0].is_number_unsigned() || !json[1].is_number_unsigned()) return false;
  *begin = json[0].get<uint64_t>();
  *end = json[1].get<uint64_t>();
  return *begin <= *end && *end <= limit;
}

Status ParseTensor(const std::string& name, const Json& json, const uint8_t* data, uint64_t limit,
                   StoredTensor* tensor) {
  if (!json.is_object()) return Malformed(name, "not an object");
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!json.contains(key)) return Malformed(name, "dtype, shape or data_offsets is missing");
  }
  if (!json["dtype"].is_string() || !ParseType(json["dtype"].get<std::string>(), &tensor->type)) {
    return Malformed(name, "its type is none of F16, F32 and I64");
  }
  if (!ParseShape(json["shape"], &tensor->shape)) return Malformed(name, "bad shape");
  uint64_t begin = 0;
  uint64_t end = 0;
  if (!ParseOffsets(json["data_offsets"], limit, &begin, &end))
    return Malformed(name, "its bytes lie outside the file");
  if (end - begin != static_cast<uint64_t>(tensor->elements()) * StoredSize(tensor->type)) {
    return Malformed(name, "its bytes do not match its shape");
  }
  tensor->bytes.assign(data + begin, data + end);
  return {};
}

Status ParseNotes(const Json& json, StoredTensors* stored) {
  if (!json.is_object()) return Malformed("__metadata__", "not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return Malformed("__metadata__", "a value is not a string");
    stored->notes[key] = value.get<std::string>();
  }
  return {};
}

}  // namespace

size_t StoredSize(StoredType type) { return type == StoredType::kHalf ? 2 : type == StoredType::kSingle ? 4 : 8; }

int64_t StoredTensor::elements() const {
  int64_t product = 1;
  for (int64_t side : shape) product *= side;
  return product;
}

Status ParseSafetensors(const std::vector<uint8_t>& file, StoredTensors* stored) {
  if (file.size() < kLengthBytes) {
    return Status::Error(NIC_TRUNCATED, file.size(), "safetensors: %zu bytes, no header", file.size());
  }
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kMaxHeader)
    return Status::Error(NIC_MALFORMED, 0, "safetensors: header length %llu", static_cast<unsigned long long>(length));
  if (length > file.size() - kLengthBytes) return Status::Error(NIC_TRUNCATED, file.size(), "safetensors: header cut");
  const uint8_t* text = file.data() + kLengthBytes;
  const Json header = Json::parse(text, text + length, nullptr, false);
  if (!header.is_object()) return Status::Error(NIC_MALFORMED, kLengthBytes, "safetensors: the header is not JSON");

  StoredTensors parsed;
  uint64_t used = 0;
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") {
      NIC_RETURN_IF_ERROR(ParseNotes(json, &parsed));
      continue;
    }
    StoredTensor& tensor = parsed.tensors[name];
    NIC_RETURN_IF_ERROR(ParseTensor(name, json, text + length, file.size() - kLengthBytes - length, &tensor));
    used += tensor.bytes.size();
  }
  if (used != file.size() - kLengthBytes - length) {
    return Status::Error(NIC_MALFORMED, kLengthBytes + length, "safetensors: the tensors do not fill the file");
  }
  *stored = std::move(parsed);
  return {};
}

Status FormatSafetensors(const StoredTensors& stored, std::vector<uint8_t>* file) {
  Json header = Json::object();
  if (!stored.notes.empty()) header["__metadata__"] = stored.notes;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : stored.tensors) {
    if (tensor.bytes.size() != static_cast<uint64_t>(tensor.elements()) * StoredSize(tensor.type)) {
      return Malformed(name, "its bytes do not match its shape");
    }
    header[name] = {{"dtype", TypeName(tensor.type)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  file->resize(kLengthBytes);
  std::memcpy(file->data(), &length, kLengthBytes);
  file->insert(file->end(), text.begin(), text.end());
  for (const auto& [name, tensor] : stored.tensors) {
    file->insert(file->end(), tensor.bytes.begin(), tensor.bytes.end());
  }
  return {};
}

Status ReadSafetensors(const std::string& path, StoredTensors* stored) {
  std::vector<uint8_t> file;
  NIC_RETURN_IF_ERROR(ReadFile(path, &file));
  return ParseSafetensors(file, stored).Within(path.c_str());
}

Status WriteSafetensors(const std::string& path, const StoredTensors& stored) {
  std::vector<uint8_t> file;
  NIC_RETURN_IF_ERROR(FormatSafetensors(stored, &file));
  return WriteFile(path, {reinterpret_cast<const char*>(file.data()), file.size()});
}

Status WriteSafetensorsParts(const std::string& stem, const StoredTensors& stored, size_t most) {
  std::vector<StoredTensors> parts(1);
  size_t bytes = 0;
  for (const auto& [name, tensor] : stored.tensors) {
    if (bytes > 0 && bytes + tensor.bytes.size() > most) {
      parts.emplace_back();
      bytes = 0;
    }
    parts.back().tensors[name] = tensor;
    bytes += tensor.bytes.size();
  }
  parts.front().notes = stored.notes;
  if (parts.size() == 1) return WriteSafetensors(stem + ".safetensors", stored);
  for (size_t i = 0; i < parts.size(); ++i) {
    NIC_RETURN_IF_ERROR(WriteSafetensors(stem + "-" + std::to_string(i) + ".safetensors", parts[i]));
  }
  return {};
}

Status ReadSafetensorsParts(const std::string& stem, StoredTensors* stored) {
  const std::string first = stem + "-0.safetensors";
  std::error_code error;
  if (!std::filesystem::exists(first, error)) return ReadSafetensors(stem + ".safetensors", stored);
  StoredTensors all;
  NIC_RETURN_IF_ERROR(ReadSafetensors(first, &all));
  for (int i = 1;; ++i) {
    const std::string path = stem + "-" + std::to_string(i) + ".safetensors";
    if (!std::filesystem::exists(path, error)) break;
    StoredTensors part;
    NIC_RETURN_IF_ERROR(ReadSafetensors(path, &part));
    all.tensors.merge(part.tensors);
  }
  *stored = std::move(all);
  return {};
}

}  // namespace nic
