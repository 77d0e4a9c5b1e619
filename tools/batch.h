// Which input becomes which output, and the loop over them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/outcome.h"
#include "tools/report.h"

namespace nic::tools {

struct Job {
  std::string input;
  std::string output;
};

// Pairs the files of a command line: INPUT OUTPUT, or with a folder every file as an input whose output has the same
// name in the folder with `extension` (without dot) for its own. A failure of kExitUsage says which rule the files
// break; no output may be one of the inputs, or another's output.
Outcome PairFiles(const std::vector<std::string>& files, const std::string& output_dir, const std::string& extension,
                  std::vector<Job>* jobs);

// Makes the folder unless it is there or the path is empty.
Outcome MakeFolder(const std::string& path);

// Runs every job, whatever becomes of the others, and reports failures. Returns the highest exit status of all.
int RunJobs(const std::vector<Job>& jobs, Report* report, const std::function<Outcome(const Job&)>& run);

// The extension of a file name in lower case, without dot; empty if it has none.
std::string ExtensionOfFile(const std::string& path);

}  // namespace nic::tools
