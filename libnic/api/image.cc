// Reading a file's header: nic_read_info, nic_read_slice_info, nic_read_slices.
#include "nic/image.h"

#include <algorithm>
#include <cstring>

#include "api/context.h"
#include "api/file_info.h"
#include "api/guard.h"
#include "api/metadata_kind.h"
#include "api/number.h"
#include "api/pixel_format.h"
#include "container/file.h"
#include "image/metadata.h"

namespace nic {
namespace {

SliceGrid GridOf(const FileHeader& header) { return SliceGrid::Of(header.width, header.height, header.slice_side()); }

// How the bytes of the file are spent; of its slices, of those that are whole.
void FillSizes(const FileReader& file, nic_info* info) {
  info->metadata_size = file.metadata_size();
  info->alpha_size = file.alpha_size();
  info->gain_map_size = file.gain_map_size();
  info->header_size = file.header_size();
  if (!file.has_latents()) return;
  info->file_size = file.file_size();
  const uint64_t slices_begin = file.slices().empty() ? file.latents().payload_offset : file.slices()[0].offset;
  info->header_size = slices_begin - info->metadata_size - info->alpha_size - info->gain_map_size;
  for (const CodedSlice& slice : file.slices().first(static_cast<size_t>(file.slices_available()))) {
    info->header_size += slice.size - slice.stream.size();
    info->hyper_size += slice.hyper_size;
    info->latent_size += slice.stream.size() - slice.hyper_size;
  }
}

// Opens as much as there is. NIC_TRUNCATED with a header is a success here, told by *cut.
Status OpenFile(std::span<const uint8_t> bytes, const nic_limits& limits, FileReader* file, Status* cut) {
  *cut = {};
  Status status = file->Open(bytes, limits.max_metadata);
  if (status.code() == NIC_TRUNCATED && file->has_header()) {
    *cut = status;
    status = {};
  }
  NIC_RETURN_IF_ERROR(status);
  NIC_RETURN_IF_ERROR(CheckDimensions(file->header().width, file->header().height, limits, kWidthOffset));
  if (!file->has_latents()) return {};
  status = file->FindSlices(GridOf(file->header()));
  if (status.code() != NIC_TRUNCATED) return status;
  *cut = status;
  return {};
}

// Describes slice number `index`, which must be whole.
void FillSlice(const FileReader& file, uint64_t index, nic_slice_info* slice) {
  const FileHeader& header = file.header();
  const CodedSlice& coded = file.slices()[static_cast<size_t>(index)];
  const SliceGrid grid = GridOf(header);
  const uint64_t side = header.slice_side();
  const uint64_t x = index % grid.columns * side;
  const uint64_t y = index / grid.columns * side;
  slice->x = static_cast<uint32_t>(x);
  slice->y = static_cast<uint32_t>(y);
  slice->width = static_cast<uint32_t>(std::min<uint64_t>(side, header.width - x));
  slice->height = static_cast<uint32_t>(std::min<uint64_t>(side, header.height - y));
  slice->offset = coded.offset;
  slice->size = coded.size;
  slice->hyper_size = coded.hyper_size;
  slice->check = coded.check;
}

Status CheckArguments(const void* bytes, const void* result) {
  if (bytes && result) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "bytes, result: null");
}

// Unpacks the metadata of a kind; leaves *content empty where the file has none.
Status ReadMetadata(std::span<const uint8_t> bytes, const nic_limits& limits, int kind, Memory& memory,
                    Buffer<uint8_t>* content) {
  if (!IsMetadataKind(kind)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "kind: not a nic_metadata");
  }
  FileReader file(memory);
  Status cut;
  NIC_RETURN_IF_ERROR(OpenFile(bytes, limits, &file, &cut));
  const ElementType type = MetadataElementType(kind);
  const Element* element = file.Find(type);
  if (!element) return file.has_latents() ? Status() : cut;
  return UnpackMetadata(type, file.Payload(*element), limits.max_metadata, memory, content)
      .MovedBy(element->payload_offset);
}

}  // namespace

Status OpenWholeFile(std::span<const uint8_t> bytes, const nic_limits& limits, FileReader* file, Status* cut) {
  NIC_RETURN_IF_ERROR(OpenFile(bytes, limits, file, cut));
  return file->has_latents() ? Status() : *cut;
}

void FillInfo(const FileReader& file, nic_info* info) {
  const FileHeader& header = file.header();
  *info = {};
  info->width = header.width;
  info->height = header.height;
  info->has_alpha = file.alpha_size() != 0;
  info->format = MakePixelFormat(header.channels(), info->has_alpha, header.bit_depth());
  info->bit_depth = static_cast<uint32_t>(header.bit_depth());
  info->container_major = header.version_major;
  info->container_minor = header.version_minor;
  info->model_id = header.model_id;
  info->model_digest = header.model_digest;
  info->gain_level = header.gain_level;
  info->interpolation = header.interpolation;
  info->lanes = static_cast<uint32_t>(header.lanes());
  info->slice_side = header.slice_side();
  const SliceGrid grid = GridOf(header);
  info->slice_columns = grid.columns;
  info->slice_rows = grid.rows;
  FillSizes(file, info);
}

}  // namespace nic

nic_status nic_read_info(const void* bytes, size_t size, const nic_limits* limits, nic_info* info, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckArguments(bytes, info));
    *info = {};
    nic_limits complete;
    NIC_RETURN_IF_ERROR(nic::CompleteLimits(limits, &complete));
    nic::Memory memory(complete.max_memory);
    nic::FileReader file(memory);
    nic::Status cut;
    NIC_RETURN_IF_ERROR(nic::OpenFile({static_cast<const uint8_t*>(bytes), size}, complete, &file, &cut));
    nic::FillInfo(file, info);
    return cut;
  });
}

nic_status nic_read_metadata_size(const void* bytes, size_t size, const nic_limits* limits, nic_metadata kind,
                                  uint64_t* content_size, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckArguments(bytes, content_size));
    nic_limits complete;
    NIC_RETURN_IF_ERROR(nic::CompleteLimits(limits, &complete));
    nic::Memory memory(complete.max_memory);
    nic::Buffer<uint8_t> content;
    const nic::Status status =
        nic::ReadMetadata({static_cast<const uint8_t*>(bytes), size}, complete, nic::NumberOf(kind), memory, &content);
    *content_size = status.ok() ? content.size() : 0;
    return status;
  });
}

nic_status nic_read_metadata(const void* bytes, size_t size, const nic_limits* limits, nic_metadata kind, void* content,
                             size_t capacity, uint64_t* content_size, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckArguments(bytes, content_size));
    *content_size = 0;
    nic_limits complete;
    NIC_RETURN_IF_ERROR(nic::CompleteLimits(limits, &complete));
    nic::Memory memory(complete.max_memory);
    nic::Buffer<uint8_t> unpacked;
    NIC_RETURN_IF_ERROR(nic::ReadMetadata({static_cast<const uint8_t*>(bytes), size}, complete, nic::NumberOf(kind),
                                          memory, &unpacked));
    *content_size = unpacked.size();
    if (unpacked.size() > capacity || (!content && capacity > 0)) {
      return nic::Status::Error(NIC_INVALID_ARGUMENT, nic::Status::kNoOffset, "capacity: %zu, %zu bytes are needed",
                                capacity, unpacked.size());
    }
    if (!unpacked.empty()) std::memcpy(content, unpacked.data(), unpacked.size());
    return {};
  });
}

nic_status nic_read_slice_info(const void* bytes, size_t size, const nic_limits* limits, uint64_t index,
                               nic_slice_info* slice, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckArguments(bytes, slice));
    *slice = {};
    nic_limits complete;
    NIC_RETURN_IF_ERROR(nic::CompleteLimits(limits, &complete));
    nic::Memory memory(complete.max_memory);
    nic::FileReader file(memory);
    nic::Status cut;
    NIC_RETURN_IF_ERROR(nic::OpenFile({static_cast<const uint8_t*>(bytes), size}, complete, &file, &cut));
    const nic::SliceGrid grid = nic::GridOf(file.header());
    if (index >= grid.count()) {
      return nic::Status::Error(NIC_INVALID_ARGUMENT, nic::Status::kNoOffset, "index: the file has %llu slices",
                                static_cast<unsigned long long>(grid.count()));
    }
    if (index >= file.slices_available()) return cut;
    nic::FillSlice(file, index, slice);
    return {};
  });
}

nic_status nic_read_slices(const void* bytes, size_t size, const nic_limits* limits, uint64_t first,
                           nic_slice_info* slices, size_t capacity, size_t* count, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckArguments(bytes, slices));
    NIC_RETURN_IF_ERROR(nic::CheckArguments(bytes, count));
    *count = 0;
    nic_limits complete;
    NIC_RETURN_IF_ERROR(nic::CompleteLimits(limits, &complete));
    nic::Memory memory(complete.max_memory);
    nic::FileReader file(memory);
    nic::Status cut;
    NIC_RETURN_IF_ERROR(nic::OpenFile({static_cast<const uint8_t*>(bytes), size}, complete, &file, &cut));
    const uint64_t whole = file.slices_available();
    for (; *count < capacity && first < whole - *count; ++*count) nic::FillSlice(file, first + *count, &slices[*count]);
    return *count < capacity ? cut : nic::Status();
  });
}
