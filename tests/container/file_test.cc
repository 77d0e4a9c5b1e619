#include "container/file.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "container/bytes.h"

namespace nic {
namespace {

using Bytes = std::pmr::vector<uint8_t>;
using Payload = std::vector<uint8_t>;

FileHeader HeaderOf(uint32_t width, uint32_t height) {
  FileHeader header;
  header.width = width;
  header.height = height;
  header.model_id = 1;
  header.slice_side_code = 0;  // 64 pixels
  return header;
}

struct SampleSlice {
  uint32_t check;
  uint64_t hyper_size;
  Payload stream;
};

std::vector<SampleSlice> SampleSlices(size_t count, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::vector<SampleSlice> slices;
  for (size_t i = 0; i < count; ++i) {
    SampleSlice slice{static_cast<uint32_t>(random()), 4 + random() % 20, Payload(24 + random() % 300)};
    for (uint8_t& byte : slice.stream) byte = static_cast<uint8_t>(random());
    slices.push_back(slice);
  }
  return slices;
}

Status AppendLatents(FileWriter& writer, const std::vector<SampleSlice>& slices) {
  std::vector<SliceBytes> views;
  for (const SampleSlice& slice : slices) views.push_back({slice.check, slice.hyper_size, slice.stream});
  return writer.Latents(views);
}

Bytes FileOf(const FileHeader& header, const std::vector<SampleSlice>& slices) {
  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(header).ok());
  REQUIRE(AppendLatents(writer, slices).ok());
  return bytes;
}

// A header and then whatever a test wants.
struct RawFile {
  Bytes bytes;
  ByteWriter writer{&bytes};
  size_t header_size;

  explicit RawFile(const FileHeader& header = HeaderOf(64, 64)) {
    REQUIRE(WriteHeader(header, &bytes).ok());
    header_size = bytes.size();
  }
  RawFile& Element(uint8_t type, const Payload& payload) {
    writer.U8(type);
    writer.Varint(payload.size());
    writer.Bytes(payload);
    return *this;
  }
  // The least latents of one slice.
  RawFile& Latents() { return Element(0x01, {1, 2, 3, 4, 4, 0, 0, 0, 1}); }
};

// Opens a file and finds its slices.
Status ReadAll(FileReader& reader, std::span<const uint8_t> bytes, uint64_t limit = kDefaultMetadataLimit) {
  NIC_RETURN_IF_ERROR(reader.Open(bytes, limit));
  const FileHeader& header = reader.header();
  return reader.FindSlices(SliceGrid::Of(header.width, header.height, header.slice_side()));
}

void RequireRefused(std::span<const uint8_t> bytes, nic_status code, uint64_t offset, const char* field,
                    uint64_t limit = kDefaultMetadataLimit) {
  Memory memory;
  FileReader reader(memory);
  const Status status = ReadAll(reader, bytes, limit);
  CAPTURE(status.message());
  CHECK(status.code() == code);
  CHECK(status.offset() == offset);
  CHECK(std::string(status.message()).find(field) == 0);
}

void RequireSlices(const FileReader& reader, const std::vector<SampleSlice>& slices, size_t available) {
  REQUIRE(reader.slices_available() == available);
  for (size_t i = 0; i < available; ++i) {
    const CodedSlice& read = reader.slices()[i];
    REQUIRE(read.check == slices[i].check);
    REQUIRE(read.hyper_size == slices[i].hyper_size);
    REQUIRE(std::vector<uint8_t>(read.stream.begin(), read.stream.end()) == slices[i].stream);
    REQUIRE(read.stream_offset + read.stream.size() == read.offset + read.size);
  }
}

TEST_CASE("Files of one and of many slices come back") {
  const std::pair<uint32_t, uint32_t> sizes[] = {{64, 64}, {65, 64}, {64, 129}, {1, 1}, {500, 400}};
  for (const auto& [width, height] : sizes) {
    const FileHeader header = HeaderOf(width, height);
    const size_t count = size_t{(width + 63) / 64} * ((height + 63) / 64);
    const std::vector<SampleSlice> slices = SampleSlices(count);
    const Bytes bytes = FileOf(header, slices);
    Memory memory;
    FileReader reader(memory);
    REQUIRE(ReadAll(reader, bytes).ok());
    REQUIRE(reader.header().width == width);
    REQUIRE(reader.file_size() == bytes.size());
    REQUIRE(reader.metadata_size() == 0);
    REQUIRE(reader.slices().size() == count);
    RequireSlices(reader, slices, count);
  }
}

TEST_CASE("A plain picture costs at most 32 bytes beyond its coded latents") {
  for (size_t coded : {8, 100, 16000, 16400, (1 << 21) - 7}) {
    std::vector<SampleSlice> slices = {{0, 4, Payload(coded)}};
    slices[0].hyper_size = std::min<uint64_t>(coded, 16383);
    FileHeader header = HeaderOf(16383, 16383);
    header.model_id = 127;
    header.slice_side_code = 15;
    CHECK(FileOf(header, slices).size() - coded <= 32);
  }
}

TEST_CASE("Metadata comes back, and unknown skippable elements are skipped") {
  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(HeaderOf(64, 64)).ok());
  REQUIRE(writer.Metadata(0x81, Payload{1, 2, 3}).ok());
  REQUIRE(writer.Metadata(0x85, Payload{}).ok());
  REQUIRE(writer.Metadata(0x85, Payload(200, 9)).ok());
  REQUIRE(writer.Metadata(0xF0, Payload{7}).ok());
  REQUIRE(writer.Metadata(0xF0, Payload{8}).ok());
  REQUIRE(writer.Metadata(0x80, Payload{8}).ok());
  REQUIRE(AppendLatents(writer, SampleSlices(1)).ok());

  Memory memory;
  FileReader reader(memory);
  REQUIRE(ReadAll(reader, bytes).ok());
  REQUIRE(reader.elements().size() == 7);
  CHECK(reader.elements()[0].type == 0x81);
  CHECK(reader.elements()[0].offset == reader.header_size());
  CHECK(reader.Payload(reader.elements()[0]).size() == 3);
  CHECK(reader.Payload(reader.elements()[0])[2] == 3);
  CHECK(reader.elements()[1].payload_size == 0);
  CHECK(reader.elements()[2].payload_size == 200);
  CHECK(reader.metadata_size() == 5 + 2 + 203 + 3 + 3 + 3);
  CHECK(reader.latents().type == 0x01);
}

TEST_CASE("Alpha is an element of its own: once, not metadata, refused when repeated") {
  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(HeaderOf(64, 64)).ok());
  REQUIRE(writer.Metadata(0x85, Payload{1}).ok());
  REQUIRE(writer.Alpha(Payload{5, 6, 7}).ok());
  CHECK(writer.Alpha(Payload{5}).code() == NIC_INVALID_ARGUMENT);
  REQUIRE(AppendLatents(writer, SampleSlices(1)).ok());
  Memory memory;
  FileReader reader(memory);
  REQUIRE(ReadAll(reader, bytes, 3).ok());
  CHECK(reader.metadata_size() == 3);
  CHECK(reader.alpha_size() == 5);
  const Element* alpha = reader.Find(ElementType::kAlpha);
  REQUIRE(alpha);
  CHECK(reader.Payload(*alpha).size() == 3);
  CHECK(reader.Payload(*alpha)[0] == 5);
  CHECK(reader.Find(ElementType::kIcc) == nullptr);
  // Not found unless it is whole.
  const size_t end = static_cast<size_t>(alpha->payload_offset) + 3;
  CHECK(reader.Open(std::span(bytes).first(end - 1)).code() == NIC_TRUNCATED);
  CHECK(reader.Find(ElementType::kAlpha) == nullptr);
  CHECK(reader.Open(std::span(bytes).first(end)).code() == NIC_TRUNCATED);
  CHECK(reader.Find(ElementType::kAlpha) != nullptr);

  RawFile twice;
  twice.Element(0x02, {1}).Element(0x02, {1}).Latents();
  RequireRefused(twice.bytes, NIC_MALFORMED, twice.header_size + 3, "element_type");
}

TEST_CASE("Elements that must not repeat are refused, by reader and writer") {
  for (uint8_t type : {0x81, 0x82, 0x83, 0x84}) {
    RawFile file;
    file.Element(type, {1}).Element(type, {1}).Latents();
    RequireRefused(file.bytes, NIC_MALFORMED, file.header_size + 3, "element_type");
    Bytes bytes;
    FileWriter writer(&bytes);
    REQUIRE(writer.Begin(HeaderOf(64, 64)).ok());
    REQUIRE(writer.Metadata(type, Payload{1}).ok());
    CHECK(writer.Metadata(type, Payload{1}).code() == NIC_INVALID_ARGUMENT);
  }
}

TEST_CASE("Elements that cannot be skipped are refused unless known") {
  for (int type : {0x00, 0x04, 0x7F}) {
    RawFile file;
    file.Element(0x85, {1, 2}).Element(static_cast<uint8_t>(type), {1}).Latents();
    RequireRefused(file.bytes, NIC_UNSUPPORTED_FEATURE, file.header_size + 4, "element_type");
  }
  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(HeaderOf(64, 64)).ok());
  CHECK(writer.Metadata(0x01, Payload{1}).code() == NIC_INVALID_ARGUMENT);
  CHECK(writer.Metadata(0x7F, Payload{1}).code() == NIC_INVALID_ARGUMENT);
}

TEST_CASE("Alpha and gain map stand there once each, and are counted apart from metadata") {
  for (uint8_t type : {0x02, 0x03}) {
    RawFile file;
    file.Element(0x85, {1, 2}).Element(type, {1, 2, 3}).Latents();
    FileReader reader(*std::pmr::get_default_resource());
    REQUIRE(reader.Open(file.bytes).ok());
    CHECK(reader.metadata_size() == 4);
    CHECK(reader.alpha_size() == (type == 0x02 ? 5 : 0));
    CHECK(reader.gain_map_size() == (type == 0x03 ? 5 : 0));
    RawFile twice;
    twice.Element(type, {1}).Element(type, {1}).Latents();
    RequireRefused(twice.bytes, NIC_MALFORMED, twice.header_size + 3, "element_type");
  }
  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(HeaderOf(64, 64)).ok());
  REQUIRE(writer.Alpha(Payload{1}).ok());
  REQUIRE(writer.GainMap(Payload{1}).ok());
  CHECK(writer.Alpha(Payload{1}).code() == NIC_INVALID_ARGUMENT);
  CHECK(writer.GainMap(Payload{1}).code() == NIC_INVALID_ARGUMENT);
}

TEST_CASE("The latents are the last element") {
  RawFile file;
  file.Latents();
  const size_t end = file.bytes.size();
  file.bytes.push_back(0);
  RequireRefused(file.bytes, NIC_MALFORMED, end, "payload");
  RawFile again;
  again.Latents().Latents();
  RequireRefused(again.bytes, NIC_MALFORMED, end, "payload");
  RawFile without;
  without.Element(0x85, {1, 2, 3});
  RequireRefused(without.bytes, NIC_TRUNCATED, without.bytes.size(), "element_type");
}

TEST_CASE("Lengths that are longer than needed or reach beyond any file are refused") {
  RawFile padded;
  padded.writer.U8(0x85);
  padded.writer.U8(0x80);
  padded.writer.U8(0x00);
  RequireRefused(padded.bytes, NIC_MALFORMED, padded.header_size + 1, "payload_size");
  for (uint8_t type : {0x01, 0x85}) {
    RawFile huge;
    huge.writer.U8(type);
    huge.writer.Varint(UINT64_MAX);
    RequireRefused(huge.bytes, NIC_MALFORMED, huge.header_size + 1, "payload_size");
  }
}

TEST_CASE("Metadata beyond the limit is refused, by reader and writer") {
  RawFile file;
  file.Element(0x81, Payload(98)).Element(0x85, Payload(10)).Latents();
  const size_t second = file.header_size + 100;
  RequireRefused(file.bytes, NIC_LIMIT_METADATA, file.header_size, "payload_size", 99);
  RequireRefused(file.bytes, NIC_LIMIT_METADATA, second, "payload_size", 100);
  RequireRefused(file.bytes, NIC_LIMIT_METADATA, second, "payload_size", 111);
  Memory memory;
  FileReader reader(memory);
  CHECK(ReadAll(reader, file.bytes, 112).ok());
  // The limit speaks before the missing bytes do.
  RawFile claims;
  claims.writer.U8(0x85);
  claims.writer.Varint(uint64_t{1} << 40);
  RequireRefused(claims.bytes, NIC_LIMIT_METADATA, claims.header_size, "payload_size");

  RawFile many;
  for (size_t i = 0; i < kMaxElements; ++i) many.Element(0x85, {});
  Bytes enough = many.bytes;
  many.Latents();
  CHECK(ReadAll(reader, many.bytes).ok());
  RawFile more;
  for (size_t i = 0; i <= kMaxElements; ++i) more.Element(0x85, {});
  RequireRefused(more.bytes, NIC_LIMIT_METADATA, more.header_size + 2 * kMaxElements, "payload_size");

  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(HeaderOf(64, 64)).ok());
  CHECK(writer.Metadata(0x85, Payload(kDefaultMetadataLimit)).code() == NIC_LIMIT_METADATA);
  CHECK(writer.Metadata(0x85, Payload(kDefaultMetadataLimit - 5)).ok());
  CHECK(writer.Metadata(0x85, Payload{}).code() == NIC_LIMIT_METADATA);
}

TEST_CASE("A file cut at any byte gives what lies whole before the cut") {
  const FileHeader header = HeaderOf(150, 100);
  const std::vector<SampleSlice> slices = SampleSlices(6);
  Bytes bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(header).ok());
  REQUIRE(writer.Metadata(0x81, Payload(40, 1)).ok());
  REQUIRE(AppendLatents(writer, slices).ok());
  Memory memory;
  FileReader whole(memory);
  REQUIRE(ReadAll(whole, bytes).ok());

  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    FileReader reader(memory);
    const Status opened = reader.Open(cut);
    REQUIRE(opened.code() == NIC_TRUNCATED);
    REQUIRE(opened.offset() == size);
    REQUIRE(reader.has_header() == (size >= whole.header_size()));
    REQUIRE(reader.has_latents() == (size >= whole.latents().payload_offset));
    if (!reader.has_latents()) continue;
    REQUIRE(reader.file_size() == bytes.size());
    const Status found = reader.FindSlices({3, 2});
    REQUIRE(found.code() == NIC_TRUNCATED);
    REQUIRE(found.offset() == size);
    size_t available = 0;
    while (available < 6 && whole.slices()[available].offset + whole.slices()[available].size <= size) ++available;
    RequireSlices(reader, slices, available);
    for (size_t i = available; i < reader.slices().size(); ++i) {
      REQUIRE(reader.slices()[i].stream.empty());
      REQUIRE(reader.slices()[i].offset == whole.slices()[i].offset);
    }
  }
}

TEST_CASE("A file that goes on byte by byte, moving in memory, says at every point what one opened there says") {
  const std::vector<SampleSlice> slices = SampleSlices(6);
  std::pmr::vector<uint8_t> bytes;
  FileWriter writer(&bytes);
  REQUIRE(writer.Begin(HeaderOf(192, 128)).ok());
  REQUIRE(writer.Metadata(0x81, Payload(40, 1)).ok());
  REQUIRE(AppendLatents(writer, slices).ok());
  bytes.push_back(0);  // one too many
  Memory memory;
  FileReader going_on(memory);
  std::vector<uint8_t> before;
  static_cast<void>(going_on.Open(before).ok());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    CAPTURE(size);
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    FileReader reader(memory);
    const Status expected = reader.Open(cut);
    const Status status = going_on.Continue(cut);
    before = std::vector<uint8_t>(3000, uint8_t{0xEE});  // where the bytes were is gone
    REQUIRE(status.code() == expected.code());
    REQUIRE(status.offset() == expected.offset());
    REQUIRE(going_on.has_latents() == reader.has_latents());
    REQUIRE(going_on.elements().size() == reader.elements().size());
    REQUIRE(going_on.metadata_size() == reader.metadata_size());
    if (reader.has_latents()) {
      const Status found = reader.FindSlices({3, 2});
      REQUIRE(going_on.ContinueSlices({3, 2}).code() == found.code());
      REQUIRE(going_on.slices().size() == reader.slices().size());
      RequireSlices(going_on, slices, static_cast<size_t>(reader.slices_available()));
    }
    before = cut;
    static_cast<void>(going_on.Continue(before).ok());
  }
}

TEST_CASE("An index that does not fit the payload is refused") {
  // Two slices of 9 and 10 bytes, as they should be.
  const Payload slice9 = {1, 2, 3, 4, 4, 0, 0, 0, 1};
  const Payload slice10 = {1, 2, 3, 4, 4, 0, 0, 0, 1, 5};
  const auto file = [&](const Payload& index, bool both = true) {
    Payload payload = index;
    payload.insert(payload.end(), slice9.begin(), slice9.end());
    if (both) payload.insert(payload.end(), slice10.begin(), slice10.end());
    RawFile raw(HeaderOf(100, 60));
    raw.Element(0x01, payload);
    return raw;
  };
  const size_t payload_at = file({9, 10}).header_size + 2;
  Memory memory;
  FileReader reader(memory);
  REQUIRE(ReadAll(reader, file({9, 10}).bytes).ok());
  CHECK(reader.slices_available() == 2);
  RequireRefused(file({9, 9}).bytes, NIC_MALFORMED, payload_at, "slice_size");
  RequireRefused(file({9, 11}).bytes, NIC_MALFORMED, payload_at, "slice_size");
  RequireRefused(file({8, 11}).bytes, NIC_MALFORMED, payload_at, "slice_size");
  RequireRefused(file({11, 8}).bytes, NIC_MALFORMED, payload_at + 1, "slice_size");
  RequireRefused(file({9, 127}).bytes, NIC_MALFORMED, payload_at + 1, "slice_size");
  RequireRefused(file({0x89, 0x00, 10}).bytes, NIC_MALFORMED, payload_at, "slice_size");
  RequireRefused(file({9}, false).bytes, NIC_MALFORMED, payload_at - 1, "payload_size");
}

TEST_CASE("Latents too short for one slice are refused") {
  for (size_t size = 0; size < 9; ++size) {
    RawFile raw;
    raw.Element(0x01, Payload(size, 4));
    RequireRefused(raw.bytes, NIC_MALFORMED, raw.header_size + 1, "payload_size");
  }
  FileHeader lanes = HeaderOf(64, 64);
  lanes.lanes_log2 = 2;
  RawFile raw(lanes);
  raw.Element(0x01, Payload(20, 4));
  RequireRefused(raw.bytes, NIC_MALFORMED, raw.header_size + 1, "payload_size");
}

TEST_CASE("Damage within a slice leaves the other slices") {
  const std::vector<SampleSlice> slices = SampleSlices(3);
  const Bytes bytes = FileOf(HeaderOf(150, 60), slices);
  Memory memory;
  FileReader reader(memory);
  REQUIRE(ReadAll(reader, bytes).ok());
  const size_t hyper_at = static_cast<size_t>(reader.slices()[1].offset) + kSliceCheckBytes;
  for (uint8_t hyper_size : {0, 3, 127, 255}) {
    Bytes damaged = bytes;
    damaged[hyper_at] = hyper_size;
    if (hyper_size == 127) REQUIRE(slices[1].stream.size() > 127);
    if (hyper_size == 255) damaged[hyper_at + 1] = damaged[hyper_at + 2] = 0xFF;
    REQUIRE(ReadAll(reader, damaged).ok());
    CHECK(reader.slices()[1].hyper_size == (hyper_size == 127 ? 127u : 0u));
    CHECK(reader.slices()[2].check == slices[2].check);
    CHECK(reader.slices()[2].hyper_size == slices[2].hyper_size);
  }
}

TEST_CASE("Hostile dimensions allocate nothing") {
  for (const uint32_t side : {uint32_t{1} << 31, UINT32_MAX}) {
    RawFile raw(HeaderOf(side, side));
    raw.writer.U8(0x01);
    raw.writer.Varint(uint64_t{1} << 60);  // as much as that many slices could need
    raw.writer.Bytes(Payload(100, 9));
    Memory memory(16384);
    FileReader reader(memory);
    REQUIRE(reader.Open(raw.bytes).code() == NIC_TRUNCATED);
    const Status status = reader.FindSlices(SliceGrid::Of(side, side, 64));
    CHECK(status.code() == NIC_TRUNCATED);
    CHECK(status.offset() == raw.bytes.size());
    CHECK(reader.slices().empty());

    RawFile complete(HeaderOf(side, side));
    complete.Element(0x01, Payload(100, 9));
    RequireRefused(complete.bytes, NIC_MALFORMED, complete.header_size + 1, "payload_size");
  }
}

TEST_CASE("Slices before the latents are known is a wrong order") {
  Memory memory;
  FileReader reader(memory);
  CHECK(reader.FindSlices({1, 1}).code() == NIC_WRONG_STATE);
  RawFile raw;
  REQUIRE(reader.Open(raw.bytes).code() == NIC_TRUNCATED);
  CHECK(reader.has_header());
  CHECK(reader.FindSlices({1, 1}).code() == NIC_WRONG_STATE);
}

TEST_CASE("A reader forgets the file before") {
  Memory memory;
  FileReader reader(memory);
  REQUIRE(ReadAll(reader, FileOf(HeaderOf(150, 100), SampleSlices(6))).ok());
  REQUIRE(reader.Open(Payload{1, 2, 3}).code() == NIC_NOT_NIC);
  CHECK_FALSE(reader.has_header());
  CHECK_FALSE(reader.has_latents());
  CHECK(reader.elements().empty());
  CHECK(reader.slices().empty());
}

TEST_CASE("Slice grids") {
  CHECK(SliceGrid::Of(1, 1, 64).count() == 1);
  CHECK(SliceGrid::Of(64, 65, 64).rows == 2);
  CHECK(SliceGrid::Of(64, 65, 64).columns == 1);
  CHECK(SliceGrid::Of(UINT32_MAX, UINT32_MAX, 64).count() == uint64_t{1} << 52);
}

TEST_CASE("Latents without a slice are not written") {
  Bytes bytes;
  FileWriter writer(&bytes);
  CHECK(writer.Latents({}).code() == NIC_INVALID_ARGUMENT);
  CHECK(bytes.empty());
}

TEST_CASE("Random changes never lead out of bounds") {
  const Bytes bytes = FileOf(HeaderOf(150, 100), SampleSlices(6));
  std::mt19937 random(5);
  for (int round = 0; round < 5000; ++round) {
    std::vector<uint8_t> damaged(bytes.begin(), bytes.end());
    for (uint32_t i = 0; i <= random() % 4; ++i) {
      damaged[22 + random() % (damaged.size() - 22)] = static_cast<uint8_t>(random());
      damaged[22 + random() % 20] = static_cast<uint8_t>(random());
    }
    damaged.resize(random() % 2 ? damaged.size() : 22 + random() % 60);
    Memory memory(1 << 20);
    FileReader reader(memory);
    const Status status = ReadAll(reader, damaged);
    if (!status.ok()) REQUIRE((status.offset() <= damaged.size() && status.message()[0] != 0));
    for (const CodedSlice& slice : reader.slices()) {
      if (!slice.stream.empty()) REQUIRE(slice.stream_offset + slice.stream.size() <= damaged.size());
    }
  }
}

}  // namespace
}  // namespace nic
