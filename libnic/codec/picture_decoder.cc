#include "codec/picture_decoder.h"

#include <cstdio>
#include <mutex>

#include "codec/slice_decoder.h"
#include "codec/slice_runner.h"

namespace nic {

Status DecodeLatents(const FileReader& file, const PreparedModel& model, const SliceLayout& layout, bool keep_going,
                     const Progress& progress, Parallel& parallel, Memory& memory, DecodedLatents* decoded) {
  decoded->latents =
      TensorBuffer(memory, layout.latent_height(), layout.latent_width(), model.decoder().latent_channels);
  decoded->latents.Fill(0);
  decoded->first_damage = {};
  const auto available = static_cast<int64_t>(file.slices_available());
  decoded->damaged = static_cast<uint64_t>(layout.count() - available);

  std::mutex mutex;
  int64_t first_damaged = available;
  const auto decode = [&](int64_t index, Parallel& within) -> Status {
    const Status status = DecodeSlice(model, file.slices()[static_cast<size_t>(index)], file.header().lanes(),
                                      layout.Latents(index), within, memory, &decoded->latents);
    if (status.ok()) return {};
    char name[32];
    std::snprintf(name, sizeof name, "slice %lld", static_cast<long long>(index));
    if (!keep_going || status.code() != NIC_SLICE_DAMAGED) return status.Within(name);
    const std::lock_guard lock(mutex);
    ++decoded->damaged;
    if (index < first_damaged) {
      first_damaged = index;
      decoded->first_damage = status.Within(name);
    }
    return {};
  };
  return RunSlices(available, parallel, progress, decode);
}

}  // namespace nic
