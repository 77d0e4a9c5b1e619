#include "tools/batch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include "tools/folder.h"

namespace nic::tools {
namespace {

std::string NameWithout(const std::string& path, bool* empty) {
  const size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  *empty = name.empty() || name == "." || name == "..";
  return name;
}

Outcome Usage(const std::string& text) { return Outcome::Failure(kExitUsage, text); }

// The number that a regular file has whatever its name; nothing for pipes, devices and files that do not exist.
using FileIdentity = std::pair<dev_t, ino_t>;
std::optional<FileIdentity> Identify(const std::string& path) {
  struct stat present;
  if (path == "-" || stat(path.c_str(), &present) != 0 || !S_ISREG(present.st_mode)) return std::nullopt;
  return FileIdentity(present.st_dev, present.st_ino);
}

Outcome CheckOutputs(const std::vector<Job>& jobs) {
  std::map<std::string, const std::string*> makers;
  for (const Job& job : jobs) {
    const auto [maker, fresh] = makers.emplace(job.output, &job.input);
    if (!fresh)
      return Usage("'" + *maker->second + "' and '" + job.input + "' would both become '" + job.output +
                   "'; convert them apart, into different folders");
  }
  std::map<FileIdentity, const std::string*> inputs;
  for (const Job& job : jobs) {
    if (const auto identity = Identify(job.input)) inputs.emplace(*identity, &job.input);
  }
  for (const Job& job : jobs) {
    const auto identity = Identify(job.output);
    const auto input = identity ? inputs.find(*identity) : inputs.end();
    if (input != inputs.end()) return Usage("the output '" + job.output + "' is the input '" + *input->second + "'");
  }
  return {};
}

// Timestamps of a file, to be given to another.
class Timestamps {
 public:
  // Of `path`; none for standard input or what is no file.
  void Take(const std::string& path) {
    struct stat present;
    if (path == "-" || stat(path.c_str(), &present) != 0 || !S_ISREG(present.st_mode)) return;
    known_ = true;
    times_[0] = present.st_atim;
    times_[1] = present.st_mtim;
  }
  Outcome Give(const std::string& path) const {
    if (!known_ || !Identify(path)) return {};
    if (utimensat(AT_FDCWD, path.c_str(), times_, 0) == 0) return {};
    return Outcome::System("cannot set the timestamps of '" + path + "'", errno);
  }

 private:
  bool known_ = false;
  struct timespec times_[2] = {};
};

enum class Result { kWritten, kSkipped, kPlanned, kFailed };

const char* NameOf(Result result) {
  switch (result) {
    case Result::kWritten:
      return "written";
    case Result::kSkipped:
      return "skipped";
    case Result::kPlanned:
      return "planned";
    case Result::kFailed:
      return "failed";
  }
  return "";
}

// One run over the jobs.
class Runner {
 public:
  Runner(const Arguments& arguments, Report* report, const std::function<Outcome(const Job&, Summary*)>& run)
      : arguments_(arguments), report_(report), run_(run) {}

  // Returns the exit status.
  int Run(const Job& job) {
    Summary summary;
    summary.Set("input", job.input);
    summary.Set("output", job.output);
    Result result = Result::kFailed;
    const Outcome outcome = Try(job, &result, &summary);
    report_->EndFile();
    report_->Error(job.input, outcome);
    if (!outcome.ok()) result = Result::kFailed;
    if (arguments_.json) {
      summary.Set("result", NameOf(result));
      summary.Set("exit_status", static_cast<uint64_t>(outcome.exit_status()));
      if (!outcome.ok()) summary.Set("error", outcome.text());
      Print(summary.Line());
    } else if (result == Result::kPlanned) {
      Print(OneLine(job.input + " -> " + job.output) + "\n");
    }
    return std::max(outcome.exit_status(), print_status_);
  }

 private:
  Outcome Try(const Job& job, Result* result, Summary* summary) {
    try {
      return RunOne(job, result, summary);
    } catch (const std::bad_alloc&) {
      return Outcome::Failure(kExitFailure, "out of memory");
    } catch (const std::exception& error) {
      return Outcome::Failure(kExitFailure, "internal error", error.what());
    }
  }

  Outcome RunOne(const Job& job, Result* result, Summary* summary) {
    if (IsFolder(job.input)) {
      return Outcome::Failure(kExitFailure, "is a folder", "give --recursive and --output-dir to take the files in it");
    }
    if (arguments_.output_dir.empty() && IsFolder(job.output)) {
      return Outcome::System("cannot write '" + job.output + "'", EISDIR)
          .Advising("give --output-dir to write into it");
    }
    if (arguments_.keep_existing && Identify(job.output)) {
      *result = Result::kSkipped;
      report_->Note(job.input, "skipped, '" + job.output + "' exists");
      return {};
    }
    if (arguments_.dry_run) {
      *result = Result::kPlanned;
      if (job.input == "-" || access(job.input.c_str(), R_OK) == 0) return {};
      return Outcome::System("cannot open", errno);
    }
    Timestamps timestamps;
    if (arguments_.preserve) timestamps.Take(job.input);
    NIC_TOOLS_RETURN_IF_FAILED(MakeFolderOf(job.output));
    NIC_TOOLS_RETURN_IF_FAILED(run_(job, summary));
    *result = Result::kWritten;
    return timestamps.Give(job.output);
  }

  Outcome MakeFolderOf(const std::string& path) {
    if (arguments_.output_dir.empty()) return {};
    const std::string folder = path.substr(0, path.rfind('/'));
    if (folder == made_) return {};
    const Outcome outcome = MakeFolder(folder);
    if (!outcome.ok()) return Outcome::Failure(outcome.exit_status(), "'" + folder + "'", outcome.text());
    made_ = folder;
    return {};
  }

  // Lines of several processes in one pipe stay whole: each is written at once.
  void Print(const std::string& line) {
    if (print_status_ != kExitOk) return;
    if (std::fputs(line.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return;
    const Outcome outcome = Outcome::System("cannot write to standard output", errno);
    report_->Error("", outcome);
    print_status_ = outcome.exit_status();
  }

  const Arguments& arguments_;
  Report* report_;
  const std::function<Outcome(const Job&, Summary*)>& run_;
  std::string made_;  // the folder that was made last
  int print_status_ = kExitOk;
};

}  // namespace

Outcome PrepareOutputFolder(const Arguments& arguments) {
  if (arguments.output_dir.empty() || arguments.dry_run) return {};
  NIC_TOOLS_RETURN_IF_FAILED(MakeFolder(arguments.output_dir));
  if (access(arguments.output_dir.c_str(), W_OK | X_OK) == 0) return {};
  return Outcome::System("cannot write into the folder", errno);
}

int FindInputs(const Arguments& arguments, const std::vector<std::string>& extensions, Report* report,
               std::vector<Input>* inputs) {
  int worst = kExitOk;
  const auto fail = [&](const std::string& path, const Outcome& outcome) {
    report->Error(path, outcome);
    worst = std::max(worst, outcome.exit_status());
  };
  for (const std::string& file : arguments.files) {
    if (!arguments.recursive || !IsFolder(file)) {
      inputs->push_back({file, ""});
      continue;
    }
    const int before = worst;
    const std::vector<std::string> found = ListFiles(file, extensions, fail);
    if (found.empty() && worst == before) report->Warn(file, "no file in it has an extension to take");
    for (const std::string& path : found) {
      const size_t slash = path.rfind('/');
      inputs->push_back(
          {file + (file.back() == '/' ? "" : "/") + path, slash == std::string::npos ? "" : path.substr(0, slash + 1)});
    }
  }
  return worst;
}

Outcome PairFiles(const std::vector<Input>& inputs, const std::string& output_dir, const std::string& extension,
                  std::vector<Job>* jobs) {
  jobs->clear();
  if (output_dir.empty()) {
    if (inputs.empty()) return Usage("no input given");
    if (inputs.size() == 1) return Usage("no output given for '" + inputs[0].path + "'");
    if (inputs.size() > 2) return Usage("more than one input needs --output-dir");
    jobs->push_back({inputs[0].path, inputs[1].path});
    return CheckOutputs(*jobs);
  }
  for (const auto& [file, place] : inputs) {
    if (file == "-") return Usage("standard input has no name to use in --output-dir");
    bool empty = false;
    const std::string name = NameWithout(file, &empty);
    if (empty) return Usage("'" + file + "' has no name to use in --output-dir");
    jobs->push_back({file, output_dir + (output_dir.back() == '/' ? "" : "/") + place + name + "." + extension});
  }
  return CheckOutputs(*jobs);
}

int RunJobs(const std::vector<Job>& jobs, const Arguments& arguments, Report* report,
            const std::function<Outcome(const Job&, Summary*)>& run) {
  Runner runner(arguments, report, run);
  int worst = kExitOk;
  for (size_t i = 0; i < jobs.size(); ++i) {
    report->BeginFile(jobs[i].input, i, jobs.size());
    worst = std::max(worst, runner.Run(jobs[i]));
  }
  return worst;
}

}  // namespace nic::tools
