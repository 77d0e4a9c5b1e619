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
  const bool single =
      type >= static_cast<uint8_t>(ElementType::kIcc) && type <= static_cast<uint8_t>(ElementType::kCicp);
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
  metadata_limit_ = metadata_limit;
  header_size_ = 0;
  elements_.clear();
  next_element_ = 0;
  std::fill(std::begin(seen_), std::end(seen_), false);
  metadata_size_ = 0;
  alpha_size_ = 0;
  gain_map_size_ = 0;
  has_latents_ = false;
  slices_.clear();
  slices_available_ = 0;
  index_position_ = 0;
  index_read_ = false;
  return Continue(bytes);
}

Status FileReader::Continue(std::span<const uint8_t> bytes) {
  const bool moved = bytes.data() != bytes_.data();
  bytes_ = bytes;
  for (uint64_t i = 0; moved && i < slices_available_; ++i) {
    CodedSlice& slice = slices_[static_cast<size_t>(i)];
    slice.stream = bytes_.subspan(static_cast<size_t>(slice.stream_offset), slice.stream.size());
  }
  if (!has_header()) {
    NIC_RETURN_IF_ERROR(ReadHeader(bytes, &header_, &header_size_));
    next_element_ = header_size_;
  }
  return ReadElements();
}

Status FileReader::ReadElements() {
  while (!has_latents_ && next_element_ <= bytes_.size()) NIC_RETURN_IF_ERROR(ReadElement());
  if (next_element_ > bytes_.size()) return CutAt("payload");
  if (next_element_ == bytes_.size()) return {};
  return Status::Error(NIC_MALFORMED, next_element_, "payload: bytes follow the latents");
}

// Reads type and length of the next element, whose payload need not be there.
Status FileReader::ReadElement() {
  ByteReader reader(bytes_.subspan(static_cast<size_t>(next_element_)), next_element_);
  Element element;
  element.offset = next_element_;
  NIC_RETURN_IF_ERROR(reader.U8("element_type", &element.type));
  NIC_RETURN_IF_ERROR(reader.Varint64("payload_size", &element.payload_size));
  element.payload_offset = reader.offset();
  if (seen_[element.type] && !MayRepeat(element.type)) {
    return Status::Error(NIC_MALFORMED, element.offset, "element_type: 0x%02X is repeated", element.type);
  }
  NIC_RETURN_IF_ERROR(CheckElement(element));
  seen_[element.type] = true;
  elements_.push_back(element);
  has_latents_ = element.type == static_cast<uint8_t>(ElementType::kLatents);
  CountElement(element);
  next_element_ = element.payload_offset + element.payload_size;
  return {};
}

void FileReader::CountElement(const Element& element) {
  const uint64_t size = element.payload_offset - element.offset + element.payload_size;
  if (element.type == static_cast<uint8_t>(ElementType::kAlpha)) alpha_size_ = size;
  if (element.type == static_cast<uint8_t>(ElementType::kGainMap)) gain_map_size_ = size;
  if (element.type >= kFirstSkippable) metadata_size_ += size;
}

Status FileReader::CheckElement(const Element& element) const {
  if (element.payload_size > UINT64_MAX - element.payload_offset) {
    return Status::Error(NIC_MALFORMED, element.offset + 1, "payload_size: exceeds the largest file");
  }
  if (element.type == static_cast<uint8_t>(ElementType::kLatents) || IsPicturePart(element.type)) return {};
  if (element.type < kFirstSkippable) {
    return Status::Error(NIC_UNSUPPORTED_FEATURE, element.offset,
                         "element_type: 0x%02X is unknown and cannot be skipped", element.type);
  }
  const uint64_t fields = element.payload_offset - element.offset;
  const uint64_t left = metadata_limit_ - metadata_size_;
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
  index_position_ = 0;
  index_read_ = false;
  return ContinueSlices(grid);
}

Status FileReader::ContinueSlices(const SliceGrid& grid) {
  if (!has_latents_) return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "latents: not found yet");
  const uint64_t count = grid.count();
  if (!index_read_) NIC_RETURN_IF_ERROR(ReadIndex(count));
  while (slices_available_ < count && TakeSlice(&slices_[static_cast<size_t>(slices_available_)])) ++slices_available_;
  return slices_available_ == count ? Status() : CutAt("slice");
}

uint64_t FileReader::LeastSlice() const {
  constexpr uint64_t kLeastHyperSizeBytes = 1;
  return kSliceCheckBytes + kLeastHyperSizeBytes + kLaneStateBytes * static_cast<uint64_t>(header_.lanes());
}

// The sizes of all slices; a single one has none written.
Status FileReader::ReadIndex(uint64_t count) {
  const Element& payload = latents();
  if (count == 1) {
    if (payload.payload_size < LeastSlice()) {
      return Status::Error(NIC_MALFORMED, payload.offset + 1, "payload_size: too short for a slice");
    }
    slices_.emplace_back().size = payload.payload_size;
    PlaceSlices(payload.payload_offset);
    return {};
  }
  // A size takes at least one byte, so that even a truncated file cannot make the index outgrow its bytes.
  if (count == 0 || count > payload.payload_size / (LeastSlice() + 1)) {
    return Status::Error(NIC_MALFORMED, payload.offset + 1, "payload_size: too short for %llu slices",
                         static_cast<unsigned long long>(count));
  }
  if (index_position_ == 0) {
    index_position_ = payload.payload_offset;
    index_left_ = payload.payload_size;
  }
  const std::span<const uint8_t> there = Payload(payload);
  const bool cut = payload.payload_size > there.size();
  ByteReader reader(there.subspan(static_cast<size_t>(index_position_ - payload.payload_offset)), index_position_,
                    cut ? NIC_TRUNCATED : NIC_MALFORMED);
  while (slices_.size() < count) {
    uint64_t size = 0;
    index_position_ = reader.offset();
    NIC_RETURN_IF_ERROR(reader.Varint64("slice_size", &size));
    if (size < LeastSlice()) return Status::Error(NIC_MALFORMED, index_position_, "slice_size: too short for a slice");
    if (size > index_left_) return Status::Error(NIC_MALFORMED, index_position_, "slice_size: exceeds the latents");
    index_left_ -= size;
    slices_.emplace_back().size = size;
  }
  if (index_left_ != reader.offset() - payload.payload_offset) {
    return Status::Error(NIC_MALFORMED, payload.payload_offset, "slice_size: index and slices do not fill the payload");
  }
  PlaceSlices(reader.offset());
  return {};
}

// The slices' sizes are known: they lie one after the other from `position` on.
void FileReader::PlaceSlices(uint64_t position) {
  for (CodedSlice& slice : slices_) {
    slice.offset = position;
    position += slice.size;
  }
  index_read_ = true;
}

// Reads the fields of a slice as far as they are there; false unless all of it is.
bool FileReader::TakeSlice(CodedSlice* slice) {
  const uint64_t there = slice->offset < bytes_.size() ? std::min(bytes_.size() - slice->offset, slice->size) : 0;
  if (there == 0) return false;
  ByteReader reader(bytes_.subspan(static_cast<size_t>(slice->offset), static_cast<size_t>(there)), slice->offset);
  if (!reader.U32("check", &slice->check).ok() || there < slice->size) return false;
  const uint64_t least = kLaneStateBytes * static_cast<uint64_t>(header_.lanes());
  const bool reads = reader.Varint64("hyper_size", &slice->hyper_size).ok();
  if (!reads || slice->hyper_size < least || slice->hyper_size > reader.remaining()) slice->hyper_size = 0;
  slice->stream_offset = reader.offset();
  slice->stream = bytes_.subspan(static_cast<size_t>(slice->stream_offset), reader.remaining());
  return true;
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
