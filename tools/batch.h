// Which input becomes which output, and the loop over them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/arguments.h"
#include "tools/outcome.h"
#include "tools/report.h"
#include "tools/summary.h"

namespace nic::tools {

// A file to read.
struct Input {
  std::string path;
  std::string place;  // folder below the output folder for its output: empty, or ending in a slash
};

struct Job {
  std::string input;
  std::string output;
};

// The files of a command line. With --recursive folders give way to the files below them that have one of
// `extensions`, and a folder without any makes a warning; what cannot be listed is reported, and the highest exit
// status of that comes back.
int FindInputs(const Arguments& arguments, const std::vector<std::string>& extensions, Report* report,
               std::vector<Input>* inputs);

// Makes the output folder, if one is given and it is absent, and sees that files can be made there.
Outcome PrepareOutputFolder(const Arguments& arguments);

// Pairs inputs and outputs: INPUT OUTPUT, or with a folder every file as an input whose output has the same name in the
// folder with `extension` (without dot) for its own. A failure of kExitUsage says which rule the files break; no output
// may be one of the inputs, or another's output.
Outcome PairFiles(const std::vector<Input>& inputs, const std::string& output_dir, const std::string& extension,
                  std::vector<Job>* jobs);

// Runs the jobs one after another as the arguments say (--no-overwrite, --dry-run, --preserve, --json), makes the
// folders that outputs in the output folder need, reports failures, goes on after them, and returns the highest exit
// status. `run` may throw, and adds to the summary what it knows of the file.
int RunJobs(const std::vector<Job>& jobs, const Arguments& arguments, Report* report,
            const std::function<Outcome(const Job&, Summary*)>& run);

}  // namespace nic::tools
