#include "container/file.h"

#include <algorithm>

#include "container/bytes.h"

namespace nic {
namespace {

constexpr uint8_t kFirstSkippable = 0x80;

// Known types below 0x80 that stand before the latents.
bool IsPicturePart(uint8_t type) {
  return type == static_cast<uint8_t>(ElementType::kAlpha) || type == static_cast<uint8_t>(ElementType::kGainMap);
}

bool MayRepeat(uint8_t type) {
  const bool single = type >= static_cast<uint8_t>(ElementType::kIcc) && type <= static_cast<uint8_t>(ElementType::kCicp);
  return !single && !IsPicturePart(type);
}

uint32_t DividedUp(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }

}  // namespace

SliceGrid SliceGrid::Of(uint32_t width, uint32_t height, uint32_t slice_side) {
  return {DividedUp(width, slice_side), DividedUp(height, slice_side)};
}

Status FileReader::CutAt(const char* field) const {
  return Status::Error(NIC_TRUNCATED, bytes_.size(), "%s: the bytes end", field);
}

Status FileReader::Open(std::span<const uint8_t> bytes, uint64_t metadata_limit) {
  bytes_ = bytes;
  header_size_ = 0;
  elements_.clear();
  metadata_size_ = 0;
  alpha_size_ = 0;
  gain_map_size_ = 0;
  has_latents_ = false;
  slices_.clear();
  slices_available_ = 0;
  NIC_RETURN_IF_ERROR(ReadHeader(bytes, &header_, &header_size_));
  return ReadElements(metadata_limit);
}

Status FileReader::ReadElements(uint64_t metadata_limit) {
  uint64_t position = header_size_;
  bool seen[256] = {};
  while (!has_latents_) {
    ByteReader reader(bytes_.subspan(static_cast<size_t>(position)), position);
    Element element;
    element.offset = position;
    NIC_RETURN_IF_ERROR(reader.U8("element_type", &element.type));
    NIC_RETURN_IF_ERROR(reader.Varint64("payload_size", &element.payload_size));
    element.payload_offset = reader.offset();
    if (seen[element.type] && !MayRepeat(element.type)) {
      return Status::Error(NIC_MALFORMED, position, "element_type: 0x%02X is repeated", element.type);
    }
    seen[element.type] = true;
    NIC_RETURN_IF_ERROR(CheckElement(element, metadata_limit));
    elements_.push_back(element);
    has_latents_ = element.type == static_cast<uint8_t>(ElementType::kLatents);
    CountElement(element);
    if (element.payload_size > bytes_.size() - element.payload_offset) return CutAt("payload");
    position = element.payload_offset + element.payload_size;
  }
  if (position == bytes_.size()) return {};
  return Status::Error(NIC_MALFORMED, position, "payload: bytes follow the latents");
}

void FileReader::CountElement(const Element& element) {
  const uint64_t size = element.payload_offset - element.offset + element.payload_size;
  if (element.type == static_cast<uint8_t>(ElementType::kAlpha)) alpha_size_ = size;
  if (element.type == static_cast<uint8_t>(ElementType::kGainMap)) gain_map_size_ = size;
  if (element.type >= kFirstSkippable) metadata_size_ += size;
}

Status FileReader::CheckElement(const Element& element, uint64_t metadata_limit) const {
  if (element.payload_size > UINT64_MAX - element.payload_offset) {
    return Status::Error(NIC_MALFORMED, element.offset + 1, "payload_size: exceeds the largest file");
  }
  if (element.type == static_cast<uint8_t>(ElementType::kLatents) || IsPicturePart(element.type)) return {};
  if (element.type < kFirstSkippable) {
    return Status::Error(NIC_UNSUPPORTED_FEATURE, element.offset,
                         "element_type: 0x%02X is unknown and cannot be skipped", element.type);
  }
  const uint64_t fields = element.payload_offset - element.offset;
  const uint64_t left = metadata_limit - metadata_size_;
  if (fields > left || element.payload_size > left - fields || elements_.size() >= kMaxElements) {
    return Status::Error(NIC_LIMIT_METADATA, element.offset, "payload_size: metadata exceeds the limit");
  }
  return {};
}

const Element* FileReader::Find(ElementType type) const {
  for (const Element& element : elements_) {
    if (element.type != static_cast<uint8_t>(type)) continue;
    return element.payload_size <= bytes_.size() - element.payload_offset ? &element : nullptr;
  }
  return nullptr;
}

std::span<const uint8_t> FileReader::Payload(const Element& element) const {
  const uint64_t there = bytes_.size() - element.payload_offset;
  return bytes_.subspan(static_cast<size_t>(element.payload_offset),
                        static_cast<size_t>(element.payload_size < there ? element.payload_size : there));
}

Status FileReader::FindSlices(const SliceGrid& grid) {
  slices_.clear();
  slices_available_ = 0;
  if (!has_latents_) return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "latents: not found yet");
  const Element& payload = latents();
  const uint64_t count = grid.count();
  std::pmr::vector<uint64_t> sizes(slices_.get_allocator());
  uint64_t position = payload.payload_offset;
  if (count == 1) {
    sizes.push_back(payload.payload_size);
  } else {
    NIC_RETURN_IF_ERROR(ReadIndex(count, &sizes, &position));
  }
  if (count == 1 && payload.payload_size < LeastSlice()) {
    return Status::Error(NIC_MALFORMED, payload.offset + 1, "payload_size: too short for a slice");
  }
  slices_.reserve(sizes.size());
  for (const uint64_t size : sizes) {
    TakeSlice(position, size);
    position += size;
  }
  return slices_available_ == count ? Status() : CutAt("slice");
}

uint64_t FileReader::LeastSlice() const {
  constexpr uint64_t kLeastHyperSizeBytes = 1;
  return kSliceCheckBytes + kLeastHyperSizeBytes + kLaneStateBytes * static_cast<uint64_t>(header_.lanes());
}

Status FileReader::ReadIndex(uint64_t count, std::pmr::vector<uint64_t>* sizes, uint64_t* end) const {
  const Element& payload = latents();
  // A size takes at least one byte, so that even a truncated file cannot make the index outgrow its bytes.
  if (count == 0 || count > payload.payload_size / (LeastSlice() + 1)) {
    return Status::Error(NIC_MALFORMED, payload.offset + 1, "payload_size: too short for %llu slices",
                         static_cast<unsigned long long>(count));
  }
  const bool cut = payload.payload_size > Payload(payload).size();
  ByteReader reader(Payload(payload), payload.payload_offset, cut ? NIC_TRUNCATED : NIC_MALFORMED);
  uint64_t left = payload.payload_size;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t size = 0;
    const uint64_t offset = reader.offset();
    NIC_RETURN_IF_ERROR(reader.Varint64("slice_size", &size));
    if (size < LeastSlice()) return Status::Error(NIC_MALFORMED, offset, "slice_size: too short for a slice");
    if (size > left) return Status::Error(NIC_MALFORMED, offset, "slice_size: exceeds the latents");
    left -= size;
    sizes->push_back(size);
  }
  if (left != reader.position()) {
    return Status::Error(NIC_MALFORMED, payload.payload_offset, "slice_size: index and slices do not fill the payload");
  }
  *end = reader.offset();
  return {};
}

void FileReader::TakeSlice(uint64_t offset, uint64_t size) {
  CodedSlice slice;
  slice.offset = offset;
  slice.size = size;
  const uint64_t there = offset < bytes_.size() ? std::min(bytes_.size() - offset, size) : 0;
  ByteReader reader(there ? bytes_.subspan(static_cast<size_t>(offset), static_cast<size_t>(there)) : bytes_.first(0),
                    offset);
  const bool has_check = reader.U32("check", &slice.check).ok();
  if (has_check && there == size) {
    const uint64_t least = kLaneStateBytes * static_cast<uint64_t>(header_.lanes());
    const bool reads = reader.Varint64("hyper_size", &slice.hyper_size).ok();
    if (!reads || slice.hyper_size < least || slice.hyper_size > reader.remaining()) slice.hyper_size = 0;
    slice.stream_offset = reader.offset();
    slice.stream = bytes_.subspan(static_cast<size_t>(slice.stream_offset), reader.remaining());
    ++slices_available_;
  }
  slices_.push_back(slice);
}

Status FileWriter::Begin(const FileHeader& header) { return WriteHeader(header, bytes_); }

Status FileWriter::Metadata(uint8_t type, std::span<const uint8_t> payload) {
  if (type < kFirstSkippable || (seen_[type] && !MayRepeat(type))) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "element_type: 0x%02X cannot be written here", type);
  }
  const uint64_t size = 1 + static_cast<uint64_t>(VarintSize(payload.size())) + payload.size();
  if (size > kDefaultMetadataLimit - metadata_size_ || elements_ == kMaxElements) {
    return Status::Error(NIC_LIMIT_METADATA, Status::kNoOffset, "metadata exceeds the limit");
  }
  metadata_size_ += size;
  ++elements_;
  WriteElement(type, payload);
  return {};
}

Status FileWriter::Alpha(std::span<const uint8_t> payload) { return WriteOnce(ElementType::kAlpha, payload); }

Status FileWriter::GainMap(std::span<const uint8_t> payload) { return WriteOnce(ElementType::kGainMap, payload); }

Status FileWriter::WriteOnce(ElementType type, std::span<const uint8_t> payload) {
  const auto number = static_cast<uint8_t>(type);
  if (seen_[number]) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "element_type: 0x%02X is written twice", number);
  }
  WriteElement(number, payload);
  return {};
}

void FileWriter::WriteElement(uint8_t type, std::span<const uint8_t> payload) {
  seen_[type] = true;
  ByteWriter writer(bytes_);
  writer.U8(type);
  writer.Varint(payload.size());
  writer.Bytes(payload);
}

namespace {

uint64_t SizeOf(const SliceBytes& slice) {
  return kSliceCheckBytes + static_cast<uint64_t>(VarintSize(slice.hyper_size)) + slice.stream.size();
}

}  // namespace

Status FileWriter::Latents(std::span<const SliceBytes> slices) {
  if (slices.empty()) return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "latents: no slices");
  const bool indexed = slices.size() > 1;
  uint64_t payload = 0;
  for (const SliceBytes& slice : slices) {
    payload += SizeOf(slice) + (indexed ? static_cast<uint64_t>(VarintSize(SizeOf(slice))) : 0);
  }
  ByteWriter writer(bytes_);
  writer.U8(static_cast<uint8_t>(ElementType::kLatents));
  writer.Varint(payload);
  if (indexed) {
    for (const SliceBytes& slice : slices) writer.Varint(SizeOf(slice));
  }
  for (const SliceBytes& slice : slices) {
    writer.U32(slice.check);
    writer.Varint(slice.hyper_size);
    writer.Bytes(slice.stream);
  }
  return {};
}

}  // namespace nic
