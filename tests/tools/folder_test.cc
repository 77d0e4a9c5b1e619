#include "tools/folder.h"

#include <sys/stat.h>

#include <filesystem>

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

using Names = std::vector<std::string>;

Names List(const std::string& folder) {
  const auto fail = [](const std::string& path, const Outcome& outcome) { FAIL_CHECK(path + ": " + outcome.text()); };
  return ListFiles(folder, {"png", "jpg"}, fail);
}

}  // namespace

TEST_CASE("files are listed by extension, sorted, with their folders") {
  const TemporaryFolder folder;
  REQUIRE(MakeFolder(folder / "b/c").ok());
  REQUIRE(MakeFolder(folder / "d.png").ok());
  REQUIRE(MakeFolder(folder / ".hidden").ok());
  for (const char* name : {"z.png", "a.JPG", "a.txt", "png", ".e.png", "b/c/x.png", "d.png/y.jpg", ".hidden/f.png"}) {
    Store(folder / name, "");
  }
  CHECK(List(folder / "") == Names{"a.JPG", "b/c/x.png", "d.png/y.jpg", "z.png"});
  CHECK(List(folder / "b") == Names{"c/x.png"});
  CHECK(List(folder / "b/c/") == Names{"x.png"});
}

TEST_CASE("links to files count, links to folders do not, and nothing blocks") {
  const TemporaryFolder folder;
  REQUIRE(MakeFolder(folder / "b").ok());
  Store(folder / "b/x.png", "");
  std::filesystem::create_symlink("b/x.png", folder / "file.png");
  std::filesystem::create_symlink("nowhere", folder / "lost.png");
  std::filesystem::create_directory_symlink(".", folder / "loop.png");
  REQUIRE(mkfifo((folder / "pipe.png").c_str(), 0600) == 0);
  CHECK(List(folder / "") == Names{"b/x.png", "file.png", "lost.png"});
}

TEST_CASE("a folder that cannot be listed is told") {
  std::string told;
  const auto fail = [&](const std::string& path, const Outcome& outcome) { told = path + ": " + outcome.text(); };
  CHECK(ListFiles("/nowhere", {"png"}, fail).empty());
  CHECK(told == "/nowhere/: cannot list the folder: No such file or directory");
}

TEST_CASE("folders are made with those above them") {
  const TemporaryFolder folder;
  CHECK(MakeFolder(folder / "new").ok());
  CHECK(MakeFolder(folder / "new").ok());
  CHECK(MakeFolder("").ok());
  CHECK(MakeFolder(folder / "a/b/").ok());
  CHECK(IsFolder(folder / "a/b"));
  Store(folder / "file", "");
  CHECK(MakeFolder(folder / "file").text() == "cannot make the folder: Not a directory");
  CHECK(MakeFolder(folder / "file/a").text() == "cannot make the folder: Not a directory");
}

TEST_CASE("extensions are those of the last part, in lower case") {
  CHECK(ExtensionOfFile("a.PNG") == "png");
  CHECK(ExtensionOfFile("a.b/c") == "");
  CHECK(ExtensionOfFile("-") == "");
}
