#include "safetensors.h"

#include <cstring>
#include <filesystem>

#include "check.h"
#include "files.h"
#include "samples.h"

namespace nic::testing {
namespace {

StoredTensors Example() {
  StoredTensors stored;
  stored.notes["trained"] = "for a while";
  stored.tensors["half"] = {StoredType::kHalf, {2, 3}, std::vector<uint8_t>(12, 7)};
  stored.tensors["scalar"] = {StoredType::kSingle, {}, {0, 0, 128, 63}};
  stored.tensors["long"] = {StoredType::kInteger64, {1}, std::vector<uint8_t>(8, 1)};
  stored.tensors["none"] = {StoredType::kSingle, {0, 5}, {}};
  return stored;
}

std::vector<uint8_t> WithHeader(const std::string& header, size_t data) {
  std::vector<uint8_t> file(8);
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  file.insert(file.end(), header.begin(), header.end());
  file.resize(file.size() + data);
  return file;
}

TEST_CASE("safetensors: what is written is read back") {
  const StoredTensors example = Example();
  std::vector<uint8_t> file;
  REQUIRE(FormatSafetensors(example, &file).ok());
  StoredTensors read;
  REQUIRE(ParseSafetensors(file, &read).ok());
  CHECK(read.notes == example.notes);
  REQUIRE(read.tensors.size() == example.tensors.size());
  for (const auto& [name, tensor] : example.tensors) {
    CHECK(read.tensors[name].type == tensor.type);
    CHECK(read.tensors[name].shape == tensor.shape);
    CHECK(read.tensors[name].bytes == tensor.bytes);
  }
}

TEST_CASE("safetensors: a file cut anywhere is refused and changes nothing") {
  std::vector<uint8_t> file;
  REQUIRE(FormatSafetensors(Example(), &file).ok());
  for (size_t size = 0; size < file.size(); ++size) {
    StoredTensors read;
    read.notes["before"] = "kept";
    CHECK(!ParseSafetensors({file.begin(), file.begin() + static_cast<ptrdiff_t>(size)}, &read).ok());
    CHECK(read.notes.size() == 1);
    CHECK(read.tensors.empty());
  }
}

TEST_CASE("safetensors: a damaged byte never does more than fail") {
  std::vector<uint8_t> file;
  REQUIRE(FormatSafetensors(Example(), &file).ok());
  for (size_t i = 0; i < file.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = file;
      damaged[i] ^= static_cast<uint8_t>(1 << bit);
      StoredTensors read;
      const Status status = ParseSafetensors(damaged, &read);
      if (!status.ok()) CHECK(read.tensors.empty());
    }
  }
}

TEST_CASE("safetensors: malformed headers are refused with the tensor's name") {
  const char* bad[] = {
      R"({"t":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})",
      R"({"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})",
      R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})",
      R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
      R"({"t":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})",
      R"({"t":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}})",
      R"({"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})",
      R"({"t":{"dtype":"F32","shape":[2]}})",
      R"({"t":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})",
      R"({"t":7})",
  };
  for (const char* header : bad) {
    StoredTensors read;
    const Status status = ParseSafetensors(WithHeader(header, 8), &read);
    INFO(header);
    CHECK(status.code() == NIC_MALFORMED);
    CHECK(std::string(status.message()).find("tensor t") != std::string::npos);
  }
}

TEST_CASE("safetensors: no header, a list, unused bytes, a header beyond the file") {
  StoredTensors read;
  CHECK(ParseSafetensors(WithHeader("[]", 0), &read).code() == NIC_MALFORMED);
  CHECK(ParseSafetensors(WithHeader("{\"t\"", 0), &read).code() == NIC_MALFORMED);
  CHECK(ParseSafetensors(WithHeader("{}", 1), &read).code() == NIC_MALFORMED);
  std::vector<uint8_t> file = WithHeader("{}", 0);
  file[0] = 200;
  CHECK(ParseSafetensors(file, &read).code() == NIC_TRUNCATED);
  file[7] = 0xff;
  CHECK(ParseSafetensors(file, &read).code() == NIC_MALFORMED);
}

TEST_CASE("safetensors: files are replaced whole or not at all") {
  Folder folder;
  const std::string path = folder / "t.safetensors";
  REQUIRE(WriteSafetensors(path, Example()).ok());
  // A folder where the fresh file would go: writing fails, the old file stays.
  std::filesystem::create_directory(path + ".new");
  StoredTensors other;
  CHECK(WriteSafetensors(path, other).code() == NIC_IO);
  StoredTensors read;
  REQUIRE(ReadSafetensors(path, &read).ok());
  CHECK(read.tensors.size() == 4);
  CHECK(ReadSafetensors(folder / "absent", &read).code() == NIC_IO);
  CHECK(ReadSafetensors(folder.path(), &read).code() == NIC_IO);
}

TEST_CASE("safetensors: a set in several files is read back whole") {
  Folder folder;
  StoredTensors stored;
  for (int i = 0; i < 5; ++i) {
    StoredTensor& tensor = stored.tensors["t" + std::to_string(i)];
    tensor.shape = {100};
    tensor.bytes.assign(400, static_cast<uint8_t>(i));
  }
  for (const auto& [most, files] : {std::pair<size_t, size_t>{10000, 1}, {900, 3}, {1, 5}}) {
    const std::string stem = folder / ("set" + std::to_string(most));
    REQUIRE(WriteSafetensorsParts(stem, stored, most).ok());
    size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      found += entry.path().string().starts_with(stem + ".") || entry.path().string().starts_with(stem + "-");
    }
    CHECK(found == files);
    StoredTensors read;
    REQUIRE(ReadSafetensorsParts(stem, &read).ok());
    REQUIRE(read.tensors.size() == 5);
    CHECK(read.tensors.at("t3").bytes == stored.tensors.at("t3").bytes);
  }
  StoredTensors read;
  CHECK(ReadSafetensorsParts(folder / "absent", &read).code() == NIC_IO);
}

}  // namespace
}  // namespace nic::testing
