#include "tools/input_file.h"

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

std::string Bytes(size_t count) {
  std::string bytes(count, 0);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  return bytes;
}

}  // namespace

TEST_CASE("peeking takes nothing, reading and skipping do") {
  const TemporaryFolder folder;
  const std::string bytes = Bytes(200000);
  Store(folder / "a", bytes);
  InputFile file;
  REQUIRE(file.Open(folder / "a").ok());
  CHECK(file.Peek(8).size() >= 8);
  CHECK(file.Peek(InputFile::kWindow).size() == InputFile::kWindow);
  std::string part(100000, 0);
  REQUIRE(file.Read(part.data(), part.size()) == part.size());
  CHECK(part == bytes.substr(0, 100000));
  REQUIRE(file.Peek(5).size() >= 5);
  file.Skip(5);
  std::vector<uint8_t> rest;
  REQUIRE(file.ReadAll(1 << 20, &rest).ok());
  CHECK(std::string(rest.begin(), rest.end()) == bytes.substr(100005));
  CHECK(file.Read(part.data(), 1) == 0);
  CHECK(file.status().ok());
}

TEST_CASE("a file beyond the limit is refused") {
  const TemporaryFolder folder;
  Store(folder / "a", Bytes(1000));
  std::vector<uint8_t> bytes;
  InputFile exact;
  REQUIRE(exact.Open(folder / "a").ok());
  CHECK(exact.ReadAll(1000, &bytes).ok());
  InputFile larger;
  REQUIRE(larger.Open(folder / "a").ok());
  CHECK(larger.ReadAll(999, &bytes).exit_status() == kExitLimit);
}

TEST_CASE("what cannot be read says so") {
  const TemporaryFolder folder;
  InputFile absent;
  CHECK(absent.Open(folder / "absent").text() == "cannot open: No such file or directory");
  InputFile directory;
  REQUIRE(directory.Open(folder / "").ok());
  CHECK(directory.Peek(1).empty());
  CHECK(directory.status().text() == "cannot read: Is a directory");
}
