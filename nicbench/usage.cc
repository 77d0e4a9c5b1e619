#include "nicbench/usage.h"

#include <algorithm>
#include <cstdio>

#include "tools/report.h"

namespace nic::bench {
namespace {

// The lower one of the two in the middle of an even number.
double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[(values.size() - 1) / 2];
}

}  // namespace

int RunUsage(const UsageOptions& options, Launcher* launcher) {
  tools::Report report("nicbench", false, false);
  std::vector<double> seconds, cpu_seconds;
  uint64_t peak_memory = 0;
  for (int round = 0; round < options.rounds; ++round) {
    Usage usage;
    const tools::Outcome outcome = launcher->Run(options.command, &usage);
    report.Error("", outcome);
    if (!outcome.ok()) return outcome.exit_status();
    seconds.push_back(usage.seconds);
    cpu_seconds.push_back(usage.cpu_seconds);
    peak_memory = std::max(peak_memory, usage.peak_memory);
  }
  std::printf("%.3f %.3f %.1f\n", Median(seconds), Median(cpu_seconds), static_cast<double>(peak_memory) / (1 << 20));
  return tools::kExitOk;
}

}  // namespace nic::bench
