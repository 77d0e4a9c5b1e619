#include "tools/batch.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <utility>

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
    if (!fresh) return Usage("'" + *maker->second + "' and '" + job.input + "' would both become '" + job.output + "'");
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

Outcome RunJob(const Job& job, const std::function<Outcome(const Job&)>& run) {
  try {
    return run(job);
  } catch (const std::bad_alloc&) {
    return Outcome::Failure(kExitFailure, "out of memory");
  } catch (const std::exception& error) {
    return Outcome::Failure(kExitFailure, "internal error", error.what());
  }
}

}  // namespace

std::string ExtensionOfFile(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] == '/') return "";
  std::string extension = path.substr(dot + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

Outcome PairFiles(const std::vector<std::string>& files, const std::string& output_dir, const std::string& extension,
                  std::vector<Job>* jobs) {
  jobs->clear();
  if (files.empty()) return Usage("no input given");
  if (output_dir.empty()) {
    if (files.size() == 1) return Usage("no output given for '" + files[0] + "'");
    if (files.size() > 2) return Usage("more than one input needs --output-dir");
    jobs->push_back({files[0], files[1]});
    return CheckOutputs(*jobs);
  }
  for (const std::string& file : files) {
    if (file == "-") return Usage("standard input has no name to use in --output-dir");
    bool empty = false;
    const std::string name = NameWithout(file, &empty);
    if (empty) return Usage("'" + file + "' has no name to use in --output-dir");
    jobs->push_back({file, output_dir + (output_dir.back() == '/' ? "" : "/") + name + "." + extension});
  }
  return CheckOutputs(*jobs);
}

Outcome MakeFolder(const std::string& path) {
  if (path.empty() || mkdir(path.c_str(), 0777) == 0) return {};
  const int error_number = errno;
  struct stat present;
  if (error_number == EEXIST && stat(path.c_str(), &present) == 0 && S_ISDIR(present.st_mode)) return {};
  return Outcome::System("cannot make the folder", error_number == EEXIST ? ENOTDIR : error_number);
}

int RunJobs(const std::vector<Job>& jobs, Report* report, const std::function<Outcome(const Job&)>& run) {
  int worst = kExitOk;
  for (size_t i = 0; i < jobs.size(); ++i) {
    report->BeginFile(jobs[i].input, i, jobs.size());
    const Outcome outcome = RunJob(jobs[i], run);
    report->EndFile();
    report->Error(jobs[i].input, outcome);
    worst = std::max(worst, outcome.exit_status());
  }
  return worst;
}

}  // namespace nic::tools
