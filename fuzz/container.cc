// A file's elements and slices: places within the file, memory in proportion, and the same file again when written.
#include <algorithm>

#include "container/file.h"
#include "support.h"

using namespace nic;

namespace {

constexpr uint64_t kMetadataLimit = 1 << 16;

void CheckPlaces(const FileReader& file, size_t size) {
  uint64_t end = file.header_size();
  for (const Element& element : file.elements()) {
    NIC_FUZZ_CHECK(element.offset == end && element.payload_offset > element.offset);
    NIC_FUZZ_CHECK(file.Payload(element).size() <= element.payload_size);
    end = element.payload_offset + element.payload_size;
  }
  NIC_FUZZ_CHECK(file.metadata_size() <= kMetadataLimit);
  for (const CodedSlice& slice : file.slices().first(static_cast<size_t>(file.slices_available()))) {
    NIC_FUZZ_CHECK(slice.offset + slice.size <= size &&
                   slice.stream_offset + slice.stream.size() == slice.offset + slice.size);
    NIC_FUZZ_CHECK(slice.hyper_size <= slice.stream.size());
  }
}

void CheckWrittenAgain(const FileReader& file, std::span<const uint8_t> bytes, Memory& memory) {
  std::pmr::vector<uint8_t> written(&memory);
  FileWriter writer(&written);
  NIC_FUZZ_CHECK(writer.Begin(file.header()).ok());
  for (const Element& element : file.elements().first(file.elements().size() - 1)) {
    if (!writer.Metadata(element.type, file.Payload(element)).ok())
      return;  // an element that this writer does not know
  }
  std::vector<SliceBytes> slices;
  for (const CodedSlice& slice : file.slices()) {
    if (slice.hyper_size == 0) return;  // damaged there
    slices.push_back({slice.check, slice.hyper_size, slice.stream});
  }
  NIC_FUZZ_CHECK(writer.Latents(slices).ok());
  NIC_FUZZ_CHECK(std::equal(written.begin(), written.end(), bytes.begin(), bytes.end()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fuzz::ExactCopy copy(bytes, size);
  fuzz::MendHeader(copy.data(), size, false);
  Memory memory(64 * size + (1 << 20));  // elements and slices take tens of bytes each
  FileReader file(memory);
  Status status = file.Open(copy.span(), kMetadataLimit);
  NIC_FUZZ_CHECK(fuzz::IsOrderly(status.code()));
  NIC_FUZZ_CHECK(status.offset() == Status::kNoOffset || status.offset() <= size);
  if (file.has_header() && file.has_latents() && (status.ok() || status.code() == NIC_TRUNCATED)) {
    const FileHeader& header = file.header();
    const bool whole = status.ok();
    status = file.FindSlices(SliceGrid::Of(header.width, header.height, header.slice_side()));
    NIC_FUZZ_CHECK(fuzz::IsOrderly(status.code()));
    NIC_FUZZ_CHECK(!whole || status.code() != NIC_TRUNCATED);
    NIC_FUZZ_CHECK(status.offset() == Status::kNoOffset || status.offset() <= size);
    CheckPlaces(file, size);
    if (status.ok()) CheckWrittenAgain(file, copy.span(), memory);
  }
  return 0;
}
