#include "codec/slice_runner.h"

#include <algorithm>
#include <exception>
#include <vector>

namespace nic {
namespace {

// With fewer slices than this for each thread they run one by one, the threads inside.
constexpr int64_t kSlicesForThread = 2;
constexpr int64_t kBandBytes = int64_t{64} << 20;

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
  if (width == 1 || count < kSlicesForThread * width) return RunOneByOne(count, parallel, progress, function);

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

int64_t RowsOfBand(int64_t columns, int64_t row_bytes, const Parallel& parallel) {
  const auto width = static_cast<int64_t>(parallel.width());
  if (width == 1) return 1;
  const int64_t wanted = (kSlicesForThread * width + columns - 1) / columns;
  return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(kBandBytes / std::max<int64_t>(row_bytes, 1), 1));
}

}  // namespace nic
