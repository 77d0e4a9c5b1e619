// A .nic file as header, elements and coded slices: bytes only (format-spec/container.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "container/header.h"

namespace nic {

// Types below 0x80 change the picture: a reader that does not know one refuses the file. It skips those from 0x80 on.
enum class ElementType : uint8_t {
  kLatents = 0x01,  // the last element
  kAlpha = 0x02,
  kGainMap = 0x03,
  kIcc = 0x81,
  kExif = 0x82,
  kXmp = 0x83,
  kCicp = 0x84,
  kApplication = 0x85,  // the only known type that may be repeated
};

constexpr uint64_t kDefaultMetadataLimit = uint64_t{64} << 20;
constexpr size_t kMaxElements = 4096;  // of metadata in one file
constexpr size_t kSliceCheckBytes = 4;
constexpr size_t kLaneStateBytes = 4;  // the shortest stream: a state for each lane

struct Element {
  uint8_t type = 0;
  uint64_t offset = 0;  // of the type byte in the file
  uint64_t payload_offset = 0;
  uint64_t payload_size = 0;  // as the file says: may reach beyond the bytes of a truncated file
};

// A grid of slices over a picture, in raster order; those at the right and the bottom may be smaller.
struct SliceGrid {
  uint32_t columns = 0;
  uint32_t rows = 0;
  uint64_t count() const { return uint64_t{columns} * rows; }
  // For a picture of width x height pixels, each at least 1, and slices of slice_side pixels.
  static SliceGrid Of(uint32_t width, uint32_t height, uint32_t slice_side);
};

// One coded slice.
struct CodedSlice {
  uint32_t check = 0;          // XXH32, seed 0, of the decoded latents
  uint64_t offset = 0;         // of the check in the file
  uint64_t size = 0;           // in the file, check and hyper_size included
  uint64_t hyper_size = 0;     // bytes of the stream that decoding the hyper-latents uses; 0 if the field is damaged
  uint64_t stream_offset = 0;  // in the file
  std::span<const uint8_t> stream;  // the entropy coder's bytes, behind check and hyper_size
};

// Reads a file that lies in memory, or as much of it as there is. Borrows the bytes.
//
//   FileReader reader(memory);
//   reader.Open(bytes, limit);       // header, elements
//   reader.FindSlices(grid);         // slices
//
// Both say NIC_TRUNCATED, at the offset where the bytes end, if they had to stop there; what was read whole before is
// there then. Any other failure is final. When more of the file has arrived, Continue and ContinueSlices go on from
// there, without reading anything twice.
class FileReader {
 public:
  explicit FileReader(std::pmr::memory_resource& memory) : elements_(&memory), slices_(&memory) {}

  // Reads the header and the list of elements. Failures: those of ReadHeader; NIC_MALFORMED for a forbidden length,
  // repetition, missing latents or bytes behind them; NIC_UNSUPPORTED_FEATURE for an unknown type below 0x80;
  // NIC_LIMIT_METADATA for more than `metadata_limit` bytes, types and lengths included, or kMaxElements elements.
  // If the file is cut inside the latents' payload, NIC_TRUNCATED comes with has_latents().
  Status Open(std::span<const uint8_t> bytes, uint64_t metadata_limit = kDefaultMetadataLimit);

  // The same file, of which more is there: `bytes` begin with all that were given before, though they may lie
  // elsewhere.
  Status Continue(std::span<const uint8_t> bytes);

  // Finds the slices in the latents. Needs has_latents(). Failures: NIC_MALFORMED where sizes do not add up or a slice
  // is too short for its lanes; NIC_TRUNCATED if not every slice is whole. Damage within a slice, its hyper_size
  // included, is no failure: it shows when that slice is decoded.
  // Allocates no more than the bytes that are there justify, however large `grid` is.
  Status FindSlices(const SliceGrid& grid);
  // The same after Continue; `grid` must not change.
  Status ContinueSlices(const SliceGrid& grid);

  uint64_t size() const { return bytes_.size(); }  // of what was given to Open

  bool has_header() const { return header_size_ != 0; }
  const FileHeader& header() const { return header_; }
  size_t header_size() const { return header_size_; }

  // Every element whose type and length were read, in order, the latents included.
  std::span<const Element> elements() const { return elements_; }
  // Of that type, with its whole payload there; null if there is none. The first, of those that may be repeated.
  const Element* Find(ElementType type) const;
  // Bytes of all metadata elements, types and lengths included.
  uint64_t metadata_size() const { return metadata_size_; }
  uint64_t alpha_size() const { return alpha_size_; }        // the same of the alpha element
  uint64_t gain_map_size() const { return gain_map_size_; }  // and of the gain map
  // The part of an element's payload that is there.
  std::span<const uint8_t> Payload(const Element& element) const;

  bool has_latents() const { return has_latents_; }
  const Element& latents() const { return elements_.back(); }
  // The size of the whole file as its fields say. Needs has_latents().
  uint64_t file_size() const { return latents().payload_offset + latents().payload_size; }

  // The slices, once the index is whole, of which the first slices_available() are whole. All others have an empty
  // stream, and a check of 0 if that is not there either.
  std::span<const CodedSlice> slices() const {
    return index_read_ ? std::span<const CodedSlice>(slices_) : std::span<const CodedSlice>();
  }
  uint64_t slices_available() const { return slices_available_; }

 private:
  Status ReadElements();
  Status ReadElement();
  Status CheckElement(const Element& element) const;
  void CountElement(const Element& element);
  Status ReadIndex(uint64_t count);
  void PlaceSlices(uint64_t position);
  bool TakeSlice(CodedSlice* slice);
  uint64_t LeastSlice() const;
  Status CutAt(const char* field) const;

  std::span<const uint8_t> bytes_;
  uint64_t metadata_limit_ = kDefaultMetadataLimit;
  FileHeader header_;
  size_t header_size_ = 0;
  std::pmr::vector<Element> elements_;
  uint64_t next_element_ = 0;  // where it begins: behind the header or the last element's payload
  bool seen_[256] = {};        // types
  uint64_t metadata_size_ = 0;
  uint64_t alpha_size_ = 0;
  uint64_t gain_map_size_ = 0;
  bool has_latents_ = false;
  uint64_t index_position_ = 0;  // of the index' first size not read, in the file; 0 before the first
  uint64_t index_left_ = 0;      // bytes of the payload that the sizes read so far leave
  bool index_read_ = false;
  std::pmr::vector<CodedSlice> slices_;
  uint64_t slices_available_ = 0;
};

// One slice to be written.
struct SliceBytes {
  uint32_t check = 0;
  uint64_t hyper_size = 0;
  std::span<const uint8_t> stream;  // at least kLaneStateBytes for each lane
};

// Writes a file to a vector, which it borrows: Begin, metadata, alpha and gain map if any, Latents. Each function
// appends; after a failure the file is not to be used.
class FileWriter {
 public:
  explicit FileWriter(std::pmr::vector<uint8_t>* bytes) : bytes_(bytes) {}

  // NIC_INVALID_ARGUMENT for a header that cannot be written.
  Status Begin(const FileHeader& header);
  // NIC_INVALID_ARGUMENT for a type below 0x80 or a repetition that the format forbids; NIC_LIMIT_METADATA beyond the
  // limit that a reader has by default.
  Status Metadata(uint8_t type, std::span<const uint8_t> payload);
  // The payload of the alpha element or of the gain map, each at most once.
  Status Alpha(std::span<const uint8_t> payload);
  Status GainMap(std::span<const uint8_t> payload);
  // The slices in raster order, at least one. NIC_INVALID_ARGUMENT for none.
  Status Latents(std::span<const SliceBytes> slices);

 private:
  Status WriteOnce(ElementType type, std::span<const uint8_t> payload);
  void WriteElement(uint8_t type, std::span<const uint8_t> payload);

  std::pmr::vector<uint8_t>* bytes_;
  uint64_t metadata_size_ = 0;
  size_t elements_ = 0;
  bool seen_[256] = {};
};

}  // namespace nic
