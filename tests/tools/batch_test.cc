#include "tools/batch.h"

#include "temporary_folder.h"
#include "tools/folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

std::vector<Input> Flat(const std::vector<std::string>& files) {
  std::vector<Input> inputs;
  for (const std::string& file : files) inputs.push_back({file, ""});
  return inputs;
}

std::string Refusal(const std::vector<std::string>& files, const std::string& folder = "") {
  std::vector<Job> jobs;
  const Outcome outcome = PairFiles(Flat(files), folder, "nic", &jobs);
  CHECK((outcome.ok() || outcome.exit_status() == kExitUsage));
  return outcome.text();
}

}  // namespace

TEST_CASE("one input goes to one output") {
  std::vector<Job> jobs;
  REQUIRE(PairFiles(Flat({"a.png", "b"}), "", "nic", &jobs).ok());
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].input == "a.png");
  CHECK(jobs[0].output == "b");
}

TEST_CASE("many inputs go into a folder under their names") {
  std::vector<Job> jobs;
  REQUIRE(PairFiles(Flat({"x/a.b.png", "c", ".hidden", "y/d."}), "out/", "nic", &jobs).ok());
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
  CHECK(Refusal({"x/a.png", "y/a.jpg"}, "out") ==
        "'x/a.png' and 'y/a.jpg' would both become 'out/a.nic'; convert them apart, into "
        "different folders");
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

TEST_CASE("a place below the output folder is kept") {
  std::vector<Job> jobs;
  REQUIRE(PairFiles({{"in/x/a.png", "x/"}, {"in/a.png", ""}}, "out", "nic", &jobs).ok());
  CHECK(jobs[0].output == "out/x/a.nic");
  CHECK(jobs[1].output == "out/a.nic");
}

TEST_CASE("every job runs and the highest status is told") {
  Report report("test", true, false);
  std::vector<std::string> seen;
  const auto run = [&](const Job& job, Summary*) -> Outcome {
    seen.push_back(job.input);
    if (job.input == "a") return Outcome::Failure(kExitTruncated, "");
    if (job.input == "b") throw std::bad_alloc();
    return {};
  };
  CHECK(RunJobs({{"a", "-"}, {"b", "-"}, {"c", "-"}}, {}, &report, run) == kExitTruncated);
  CHECK(seen.size() == 3);
}

TEST_CASE("what exists is skipped on demand") {
  const TemporaryFolder folder;
  Store(folder / "there.nic", "");
  Report report("test", true, false);
  Arguments arguments;
  arguments.keep_existing = true;
  std::vector<std::string> seen;
  const auto run = [&](const Job& job, Summary*) {
    seen.push_back(job.input);
    return Outcome();
  };
  CHECK(RunJobs({{"a", folder / "there.nic"}, {"b", folder / "new.nic"}}, arguments, &report, run) == kExitOk);
  CHECK(seen == std::vector<std::string>{"b"});
}

TEST_CASE("timestamps go from input to output") {
  const TemporaryFolder folder;
  Store(folder / "a", "");
  const auto then = std::filesystem::last_write_time(folder / "a") - std::chrono::hours(1000);
  std::filesystem::last_write_time(folder / "a", then);
  Report report("test", true, false);
  Arguments arguments;
  const auto run = [&](const Job& job, Summary*) {
    Store(job.output, "");
    return Outcome();
  };
  CHECK(RunJobs({{folder / "a", folder / "b"}}, arguments, &report, run) == kExitOk);
  CHECK(std::filesystem::last_write_time(folder / "b") != then);
  arguments.preserve = true;
  CHECK(RunJobs({{folder / "a", folder / "b"}}, arguments, &report, run) == kExitOk);
  CHECK(std::filesystem::last_write_time(folder / "b") == then);
}

TEST_CASE("folders give way to their files with --recursive") {
  const TemporaryFolder folder;
  REQUIRE(MakeFolder(folder / "x/y").ok());
  Store(folder / "x/y/b.nic", "");
  Store(folder / "x/a.nic", "");
  Report report("test", true, false);
  Arguments arguments;
  arguments.files = {folder / "x", "other"};
  std::vector<Input> inputs;
  CHECK(FindInputs(arguments, {"nic"}, &report, &inputs) == kExitOk);
  CHECK(inputs.size() == 2);
  arguments.recursive = true;
  inputs.clear();
  CHECK(FindInputs(arguments, {"nic"}, &report, &inputs) == kExitOk);
  REQUIRE(inputs.size() == 3);
  CHECK(inputs[0].path == folder / "x/a.nic");
  CHECK(inputs[0].place.empty());
  CHECK(inputs[1].path == folder / "x/y/b.nic");
  CHECK(inputs[1].place == "y/");
  CHECK(inputs[2].path == "other");
}
