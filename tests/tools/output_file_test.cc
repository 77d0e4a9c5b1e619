#include "tools/output_file.h"

#include <sys/stat.h>

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

Outcome WriteWhole(const std::string& path, const std::string& bytes) {
  OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(file.Write(bytes.data(), bytes.size()));
  CHECK(file.size() == bytes.size());
  return file.Commit();
}

unsigned Permissions(const std::string& path) {
  struct stat present;
  REQUIRE(stat(path.c_str(), &present) == 0);
  return present.st_mode & 0777;
}

}  // namespace

TEST_CASE("a file appears whole, under its name alone") {
  const TemporaryFolder folder;
  const std::string bytes(300000, 'x');
  REQUIRE(WriteWhole(folder / "a", bytes).ok());
  CHECK(Load(folder / "a") == bytes);
  CHECK(folder.count() == 1);
}

TEST_CASE("what is not committed leaves the old file and no other") {
  const TemporaryFolder folder;
  Store(folder / "a", "old");
  {
    OutputFile file;
    REQUIRE(file.Open(folder / "a").ok());
    REQUIRE(file.Write("new", 3).ok());
    CHECK(folder.count() == 2);
  }
  CHECK(Load(folder / "a") == "old");
  CHECK(folder.count() == 1);
}

TEST_CASE("a link stays one and its target is written") {
  const TemporaryFolder folder;
  Store(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  REQUIRE(WriteWhole(folder / "link", "new").ok());
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(Load(folder / "target") == "new");
}

TEST_CASE("the permissions of a file that is replaced stay") {
  const TemporaryFolder folder;
  Store(folder / "a", "old");
  std::filesystem::permissions(folder / "a", std::filesystem::perms(0640));
  REQUIRE(WriteWhole(folder / "a", "new").ok());
  CHECK(Permissions(folder / "a") == 0640);
  const mode_t mask = umask(027);
  REQUIRE(WriteWhole(folder / "b", "new").ok());
  umask(mask);
  CHECK(Permissions(folder / "b") == 0640);
}

TEST_CASE("devices are written to in place") {
  CHECK(WriteWhole("/dev/null", "x").ok());
  CHECK(WriteWhole("/dev/full", "x").text() == "cannot write '/dev/full': No space left on device");
  CHECK(WriteWhole("/dev/full", std::string(100000, 'x')).exit_status() == kExitFailure);
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("folders cannot be written, nor files in what is none") {
  const TemporaryFolder folder;
  CHECK(WriteWhole(folder / "", "x").exit_status() == kExitFailure);
  CHECK(WriteWhole(folder / "absent/a", "x").exit_status() == kExitFailure);
  Store(folder / "file", "");
  CHECK(WriteWhole(folder / "file/a", "x").exit_status() == kExitFailure);
  CHECK(folder.count() == 1);
}

TEST_CASE("an existing file stays on demand, even one that came meanwhile") {
  const TemporaryFolder folder;
  OutputFile file;
  REQUIRE(file.Open(folder / "a", true).ok());
  REQUIRE(file.Write("new", 3).ok());
  Store(folder / "a", "other");
  const Outcome outcome = file.Commit();
  CHECK(outcome.text() == "cannot write '" + folder / "a" + "': File exists");
  CHECK(Load(folder / "a") == "other");
  CHECK(folder.count() == 1);
  OutputFile second;
  REQUIRE(second.Open(folder / "b", true).ok());
  REQUIRE(second.Write("new", 3).ok());
  REQUIRE(second.Commit().ok());
  CHECK(Load(folder / "b") == "new");
  CHECK(folder.count() == 2);
}
