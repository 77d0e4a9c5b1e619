#include "container/file.h"

#include "container/bytes.h"

namespace nic {
namespace {

constexpr uint8_t kFirstSkippable = 0x80;

bool MayRepeat(uint8_t type) { return type > static_cast<uint8_t>(ElementType::kCicp); }

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
    NIC_RETURN_IF_ERROR(reader.U8("element type", &element.type));
    NIC_RETURN_IF_ERROR(reader.Varint64("element length", &element.payload_size));
    element.payload_offset = reader.offset();
    if (seen[element.type] && !MayRepeat(element.type)) {
      return Status::Error(NIC_MALFORMED, position, "element type: 0x%02X is repeated", element.type);
    }
    seen[element.type] = true;
    NIC_RETURN_IF_ERROR(CheckElement(element, metadata_limit));
    elements_.push_back(element);
    has_latents_ = element.type == static_cast<uint8_t>(ElementType::kLatents);
    if (!has_latents_) metadata_size_ += element.payload_offset - element.offset + element.payload_size;
    if (element.payload_size > bytes_.size() - element.payload_offset) return CutAt("element payload");
    position = element.payload_offset + element.payload_size;
  }
  if (position == bytes_.size()) return {};
  return Status::Error(NIC_MALFORMED, position, "bytes follow the latents");
}

Status FileReader::CheckElement(const Element& element, uint64_t metadata_limit) const {
  if (element.payload_size > UINT64_MAX - element.payload_offset) {
    return Status::Error(NIC_MALFORMED, element.offset + 1, "element length: exceeds the largest file");
  }
  if (element.type == static_cast<uint8_t>(ElementType::kLatents)) return {};
  if (element.type < kFirstSkippable) {
    return Status::Error(NIC_UNSUPPORTED_FEATURE, element.offset,
                         "element type: 0x%02X is unknown and cannot be skipped", element.type);
  }
  const uint64_t fields = element.payload_offset - element.offset;
  const uint64_t left = metadata_limit - metadata_size_;
  if (fields > left || element.payload_size > left - fields || elements_.size() >= kMaxElements) {
    return Status::Error(NIC_LIMIT_METADATA, element.offset, "element length: metadata exceeds the limit");
  }
  return {};
}

std::span<const uint8_t> FileReader::Payload(const Element& element) const {
  const uint64_t there = bytes_.size() - element.payload_offset;
  return bytes_.subspan(static_cast<size_t>(element.payload_offset),
                        static_cast<size_t>(element.payload_size < there ? element.payload_size : there));
}

Status FileReader::TakeSlice(uint64_t offset, uint64_t size) {
  CodedSlice slice;
  slice.offset = offset;
  slice.size = size;
  const uint64_t there = offset < bytes_.size() ? bytes_.size() - offset : 0;
  if (there >= size) {
    ByteReader reader(bytes_.subspan(static_cast<size_t>(offset), static_cast<size_t>(size)), offset, NIC_MALFORMED);
    NIC_RETURN_IF_ERROR(reader.U32("slice check", &slice.check));
    NIC_RETURN_IF_ERROR(reader.Varint64("hyper_size", &slice.hyper_size));
    slice.stream_offset = reader.offset();
    NIC_RETURN_IF_ERROR(reader.Bytes("slice", reader.remaining(), &slice.stream));
    const uint64_t least = static_cast<uint64_t>(header_.lanes()) * kLaneStateBytes;
    if (slice.stream.size() < least || slice.hyper_size < least || slice.hyper_size > slice.stream.size()) {
      return Status::Error(NIC_MALFORMED, offset + kSliceCheckBytes, "hyper_size: does not fit the slice");
    }
    ++slices_available_;
  }
  slices_.push_back(slice);
  return {};
}

Status FileReader::FindSlices(const SliceGrid& grid) {
  slices_.clear();
  slices_available_ = 0;
  const Element& payload = latents();
  const uint64_t least = kSliceCheckBytes + 1 + static_cast<uint64_t>(header_.lanes()) * kLaneStateBytes;
  const uint64_t count = grid.count();
  const uint64_t index_least = count > 1 ? count : 0;
  // Every slice has a size of at least one byte in the index, so that a wrong count ends here at the latest.
  if (index_least > payload.payload_size || count > (payload.payload_size - index_least) / least) {
    return Status::Error(NIC_MALFORMED, payload.payload_offset, "latents: too short for %llu slices",
                         static_cast<unsigned long long>(count));
  }

  std::pmr::vector<uint64_t> sizes(slices_.get_allocator());
  ByteReader reader(Payload(payload), payload.payload_offset, NIC_TRUNCATED);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count && count > 1; ++i) {
    uint64_t size = 0;
    const uint64_t offset = reader.offset();
    NIC_RETURN_IF_ERROR(reader.Varint64("slice size", &size));
    if (size < least) return Status::Error(NIC_MALFORMED, offset, "slice size: shorter than its lanes");
    if (size > payload.payload_size - sum)
      return Status::Error(NIC_MALFORMED, offset, "slice size: exceeds the latents");
    sum += size;
    sizes.push_back(size);
  }
  if (count == 1) sizes.push_back(payload.payload_size);
  const uint64_t index_size = count > 1 ? reader.position() : 0;
  if (count > 1 && sum != payload.payload_size - index_size) {
    return Status::Error(NIC_MALFORMED, payload.payload_offset, "slice size: the sum is not that of the latents");
  }

  slices_.reserve(sizes.size());
  uint64_t offset = payload.payload_offset + index_size;
  for (const uint64_t size : sizes) {
    NIC_RETURN_IF_ERROR(TakeSlice(offset, size));
    offset += size;
  }
  return slices_available_ == count ? Status() : CutAt("slice");
}

Status FileWriter::Begin(const FileHeader& header) { return WriteHeader(header, bytes_); }

Status FileWriter::Metadata(uint8_t type, std::span<const uint8_t> payload) {
  if (type < kFirstSkippable || (seen_[type] && !MayRepeat(type))) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "element type: 0x%02X cannot be written here", type);
  }
  const uint64_t size = 1 + static_cast<uint64_t>(VarintSize(payload.size())) + payload.size();
  if (size > kDefaultMetadataLimit - metadata_size_ || elements_ == kMaxElements) {
    return Status::Error(NIC_LIMIT_METADATA, Status::kNoOffset, "metadata exceeds the limit");
  }
  seen_[type] = true;
  metadata_size_ += size;
  ++elements_;
  ByteWriter writer(bytes_);
  writer.U8(type);
  writer.Varint(payload.size());
  writer.Bytes(payload);
  return {};
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
