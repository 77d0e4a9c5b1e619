#include "codec/picture_decoder.h"

#include <cstdio>
#include <mutex>

#include "codec/slice_decoder.h"
#include "codec/slice_runner.h"

namespace nic {
namespace {

Status MissingSlice(const FileReader& file, int64_t index) {
  return Status::Error(NIC_TRUNCATED, file.size(), "slice %lld: the bytes end before it does",
                       static_cast<long long>(index));
}

Status DecodeOneSlice(const FileReader& file, const PreparedModel& model, const SliceLayout& layout, int64_t index,
                      Parallel& parallel, Memory& memory, TensorWindow* latents) {
  if (static_cast<uint64_t>(index) >= file.slices_available()) return MissingSlice(file, index);
  char name[32];
  std::snprintf(name, sizeof name, "slice %lld", static_cast<long long>(index));
  return DecodeSlice(model, file.slices()[static_cast<size_t>(index)], file.header().lanes(), layout.Latents(index),
                     parallel, memory, latents)
      .Within(name);
}

}  // namespace

double CountDecodeWork(const PreparedModel& model, const SliceLayout& layout, const Rect& wanted) {
  const SliceRange touched = layout.Touching(wanted);
  const Rect first = layout.Latents(touched.Slice(0, layout.columns()));
  const Rect last = layout.Latents(touched.Slice(touched.count() - 1, layout.columns()));
  const double slices = static_cast<double>(last.x1 - first.x0) * static_cast<double>(last.y1 - first.y0);
  const double synthesised = static_cast<double>(wanted.width()) * static_cast<double>(wanted.height());
  return slices * model.decode_work().slice + synthesised * model.decode_work().synthesis;
}

Status DecodeLatents(const FileReader& file, const PreparedModel& model, const SliceLayout& layout, const Rect& wanted,
                     bool keep_going, const Progress& progress, Parallel& parallel, Memory& memory,
                     DecodedLatents* decoded) {
  decoded->latents = TensorWindow(memory, wanted, model.decoder().latent_channels);
  decoded->latents.Fill(0);
  decoded->damaged = 0;
  decoded->first_damage = {};
  const SliceRange touched = layout.Touching(wanted);
  const int64_t last = touched.Slice(touched.count() - 1, layout.columns());
  if (!keep_going && static_cast<uint64_t>(last) >= file.slices_available()) {
    return MissingSlice(file, static_cast<int64_t>(file.slices_available()));
  }

  std::mutex mutex;
  int64_t first_damaged = layout.count();
  const auto note_damage = [&](int64_t index, const Status& status) -> Status {
    if (!keep_going || (status.code() != NIC_SLICE_DAMAGED && status.code() != NIC_TRUNCATED)) return status;
    const std::lock_guard lock(mutex);
    ++decoded->damaged;
    if (index < first_damaged) {
      first_damaged = index;
      decoded->first_damage = status;
    }
    return {};
  };
  const auto decode = [&](int64_t number, Parallel& within) -> Status {
    const int64_t index = touched.Slice(number, layout.columns());
    const Status status = DecodeOneSlice(file, model, layout, index, within, memory, &decoded->latents);
    return status.ok() ? status : note_damage(index, status);
  };
  return RunSlices(touched.count(), parallel, progress, decode);
}

}  // namespace nic
