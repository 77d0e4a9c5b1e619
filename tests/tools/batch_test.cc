#include "tools/batch.h"

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

std::string Refusal(const std::vector<std::string>& files, const std::string& folder = "") {
  std::vector<Job> jobs;
  const Outcome outcome = PairFiles(files, folder, "nic", &jobs);
  CHECK((outcome.ok() || outcome.exit_status() == kExitUsage));
  return outcome.text();
}

}  // namespace

TEST_CASE("one input goes to one output") {
  std::vector<Job> jobs;
  REQUIRE(PairFiles({"a.png", "b"}, "", "nic", &jobs).ok());
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].input == "a.png");
  CHECK(jobs[0].output == "b");
}

TEST_CASE("many inputs go into a folder under their names") {
  std::vector<Job> jobs;
  REQUIRE(PairFiles({"x/a.b.png", "c", ".hidden", "y/d."}, "out/", "nic", &jobs).ok());
  REQUIRE(jobs.size() == 4);
  CHECK(jobs[0].output == "out/a.b.nic");
  CHECK(jobs[1].output == "out/c.nic");
  CHECK(jobs[2].output == "out/.hidden.nic");
  CHECK(jobs[3].output == "out/d.nic");
}

TEST_CASE("command lines that cannot be meant are refused") {
  CHECK(Refusal({}) == "no input given");
  CHECK(Refusal({"a"}) == "no output given for 'a'");
  CHECK(Refusal({"a", "b", "c"}) == "more than one input needs --output-dir");
  CHECK(Refusal({"a", "-"}, "out") == "standard input has no name to use in --output-dir");
  CHECK(Refusal({"x/"}, "out") == "'x/' has no name to use in --output-dir");
  CHECK(Refusal({"x/.."}, "out") == "'x/..' has no name to use in --output-dir");
  CHECK(Refusal({"x/a.png", "y/a.jpg"}, "out") == "'x/a.png' and 'y/a.jpg' would both become 'out/a.nic'");
}

TEST_CASE("no output is an input") {
  const TemporaryFolder folder;
  Store(folder / "a.png", "");
  Store(folder / "b.nic", "");
  std::filesystem::create_hard_link(folder / "a.png", folder / "same");
  CHECK(Refusal({folder / "a.png", folder / "a.png"}) != "");
  CHECK(Refusal({folder / "a.png", folder / "same"}) != "");
  CHECK(Refusal({folder / "b.nic"}, folder / "") != "");
  CHECK(Refusal({folder / "a.png"}, folder / "") == "");
  CHECK(Refusal({"/dev/null", "/dev/null"}) == "");
}

TEST_CASE("every job runs and the highest status is told") {
  Report report("test", true, false);
  std::vector<std::string> seen;
  const int status = RunJobs({{"a", "-"}, {"b", "-"}, {"c", "-"}}, &report, [&](const Job& job) -> Outcome {
    seen.push_back(job.input);
    if (job.input == "a") return Outcome::Failure(kExitTruncated, "");
    if (job.input == "b") throw std::bad_alloc();
    return {};
  });
  CHECK(status == kExitTruncated);
  CHECK(seen.size() == 3);
}

TEST_CASE("a folder is made once") {
  const TemporaryFolder folder;
  CHECK(MakeFolder(folder / "new").ok());
  CHECK(MakeFolder(folder / "new").ok());
  CHECK(MakeFolder("").ok());
  CHECK_FALSE(MakeFolder(folder / "a/b").ok());
  Store(folder / "file", "");
  CHECK(MakeFolder(folder / "file").text() == "cannot make the folder: Not a directory");
}

TEST_CASE("extensions are those of the last part, in lower case") {
  CHECK(ExtensionOfFile("a.PNG") == "png");
  CHECK(ExtensionOfFile("a.b/c") == "");
  CHECK(ExtensionOfFile("-") == "");
}
