#include "codec/slice_runner.h"

#include <algorithm>
#include <exception>
#include <vector>

namespace nic {
namespace {

struct Outcome {
  Status status;
  std::exception_ptr thrown;
};

Status RunOneByOne(int64_t count, Parallel& parallel, const Progress& progress,
                   const std::function<Status(int64_t, Parallel&)>& function) {
  for (int64_t i = 0; i < count; ++i) {
    NIC_RETURN_IF_ERROR(progress.Report(static_cast<double>(i) / static_cast<double>(count)));
    NIC_RETURN_IF_ERROR(function(i, parallel));
  }
  return progress.Report(1);
}

Outcome RunOne(int64_t index, const std::function<Status(int64_t, Parallel&)>& function) {
  Serial serial;
  try {
    return {function(index, serial), nullptr};
  } catch (...) {
    return {Status(), std::current_exception()};
  }
}

}  // namespace

Status RunSlices(int64_t count, Parallel& parallel, const Progress& progress,
                 const std::function<Status(int64_t, Parallel&)>& function) {
  const auto width = static_cast<int64_t>(parallel.width());
  if (width == 1 || count < 2 * width) return RunOneByOne(count, parallel, progress, function);

  // In batches, so that the caller's thread can report between them.
  const int64_t batch = 4 * width;
  std::vector<Outcome> outcomes(static_cast<size_t>(batch));
  for (int64_t begin = 0; begin < count; begin += batch) {
    NIC_RETURN_IF_ERROR(progress.Report(static_cast<double>(begin) / static_cast<double>(count)));
    const auto size = static_cast<size_t>(std::min(batch, count - begin));
    parallel.ForEach(size, [&](size_t i) { outcomes[i] = RunOne(begin + static_cast<int64_t>(i), function); });
    for (size_t i = 0; i < size; ++i) {
      if (outcomes[i].thrown) std::rethrow_exception(outcomes[i].thrown);
      NIC_RETURN_IF_ERROR(outcomes[i].status);
    }
  }
  return progress.Report(1);
}

}  // namespace nic
