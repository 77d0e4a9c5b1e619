#include "codec/picture_decoder.h"

#include <algorithm>
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

RateIndex RateOf(const FileHeader& header) { return {header.gain_level, header.interpolation}; }

// A smaller picture comes out of the model's preview, where it has one, otherwise out of the whole one's pixels.
int ReaderScale(const PreparedModel& model, int scale) { return model.has_preview(scale) ? scale : 1; }

Rect ReaderRegion(const PreparedModel& model, const FileHeader& header, const Rect& region, int scale) {
  if (ReaderScale(model, scale) == scale) return region;
  return {0, 0, header.width, header.height};
}

double CountWork(const PreparedModel& model, const SliceLayout& layout, const Rect& wanted, double reader_work) {
  const SliceRange touched = layout.Touching(wanted);
  const Rect first = layout.Latents(touched.Slice(0, layout.columns()));
  const Rect last = layout.Latents(touched.Slice(touched.count() - 1, layout.columns()));
  const double slices = static_cast<double>(last.x1 - first.x0) * static_cast<double>(last.y1 - first.y0);
  const double synthesised = static_cast<double>(wanted.width()) * static_cast<double>(wanted.height());
  return slices * model.decode_work().slice + synthesised * reader_work;
}

}  // namespace

double CountDecodeWork(const PreparedModel& model, const SliceLayout& layout, const Rect& wanted) {
  return CountWork(model, layout, wanted, model.decode_work().synthesis);
}

Status CountDecodeWork(const PreparedModel& model, const SliceLayout& layout, const DecodeTask& task, Memory& memory,
                       double* work) {
  const PreparedModel::Reader reader = model.reader(ReaderScale(model, task.scale));
  Rect wanted{0, 0, layout.latent_width(), layout.latent_height()};
  if (ReaderScale(model, task.scale) == task.scale) {
    const Rect region = SynthesisedRegion(model, layout, task.region, task.scale);
    NIC_RETURN_IF_ERROR(
        reader.program.FindInputRect(layout.latent_height(), layout.latent_width(), region, memory, &wanted));
  }
  *work = CountWork(model, layout, wanted, reader.work);
  return {};
}

PictureDecoder::PictureDecoder(const FileReader& file, const PreparedModel& model, const Rect& region,
                               const DecoderChoices& choices, Parallel& parallel, Memory& memory)
    : file_(file),
      model_(model),
      layout_(file.header().width, file.header().height, file.header().slice_side(), model.decoder()),
      region_(ReaderRegion(model, file.header(), region, choices.scale)),
      keep_going_(choices.keep_going),
      parallel_(parallel),
      memory_(memory),
      gains_(model.decoder().inverse_gain, model.decoder().latent_channels, RateOf(file.header()), choices.gain_map,
             memory),
      mean_scale_(ReaderScale(model, choices.scale) == choices.scale ? 1 : choices.scale),
      synthesis_(model, layout_, gains_, region_, choices.strip_rows, parallel, memory,
                 ReaderScale(model, choices.scale)),
      slices_(&memory) {}

Status PictureDecoder::Begin() {
  NIC_RETURN_IF_ERROR(synthesis_.Begin());
  touched_ = layout_.Touching(synthesis_.wanted());
  if (mean_scale_ > 1) {
    const int32_t half = 128 << model_.decoder().output_bits;  // what lies beyond is black or white
    mean_.emplace(region_.width(), 3, mean_scale_, -half, half, memory_);
  }
  return {};
}

Status PictureDecoder::Run(const Progress& progress, const ValueRow& row) {
  // A file that is cut is refused before the first row, as long as it is to be refused at all.
  if (!keep_going_) NIC_RETURN_IF_ERROR(FindMissing());
  DecoderStep step = DecoderStep::kRows;
  while (step != DecoderStep::kDone) NIC_RETURN_IF_ERROR(Advance(true, progress, row, &step));
  return progress.Report(1);
}

Status PictureDecoder::Advance(bool complete, const Progress& progress, const ValueRow& row, DecoderStep* step) {
  slices_.clear();
  *step = DecoderStep::kDone;
  if (synthesis_.done()) return {};
  if (synthesis_.latents_needed() <= RowsReady()) {
    *step = DecoderStep::kRows;
    NIC_RETURN_IF_ERROR(progress.Report(fraction()));
    return synthesis_.Advance([&](int64_t y, const int16_t* values) { return TakeRow(y, values, row); });
  }
  const int64_t count = CountReady(complete);
  *step = count > 0 ? DecoderStep::kSlices : DecoderStep::kStarved;
  return count > 0 ? DecodeBatch(count, progress) : Status();
}

// A row of the synthesis.
Status PictureDecoder::TakeRow(int64_t y, const int16_t* values, const ValueRow& row) {
  rows_out_ = y + 1 - region_.y0;
  if (!mean_) return row(y, values);
  mean_->Add(values);
  if (mean_->rows() < mean_scale_ && rows_out_ < region_.height()) return {};
  return row(y / mean_scale_, mean_->Take());
}

// Latents are whole above the row of slices that is being decoded.
int64_t PictureDecoder::RowsReady() const {
  if (next_ == touched_.count()) return synthesis_.wanted().y1;
  return layout_.Latents(touched_.Slice(next_, layout_.columns())).y0;
}

double PictureDecoder::fraction() const {
  const double slices = static_cast<double>(next_) / static_cast<double>(touched_.count());
  return 0.5 * slices + 0.5 * static_cast<double>(rows_out_) / static_cast<double>(region_.height());
}

bool PictureDecoder::Available(int64_t number) const {
  return static_cast<uint64_t>(touched_.Slice(number, layout_.columns())) < file_.slices_available();
}

Status PictureDecoder::FindMissing() const {
  return Available(touched_.count() - 1) ? Status()
                                         : MissingSlice(file_, static_cast<int64_t>(file_.slices_available()));
}

// In rows of slices.
int64_t PictureDecoder::BandHeight() const {
  const int64_t row_bytes = synthesis_.wanted().width() * layout_.Latents(0).height() *
                            model_.decoder().latent_channels * int64_t{sizeof(int16_t)};
  return RowsOfBand(touched_.column1 - touched_.column0, row_bytes, parallel_);
}

// How many slices can be decoded at once: those of the present band, or else of the next.
int64_t PictureDecoder::CountReady(bool complete) const {
  const int64_t columns = touched_.column1 - touched_.column0;
  const int64_t end = band_end_ > next_ ? band_end_ : std::min(next_ + BandHeight() * columns, touched_.count());
  int64_t ready = next_;
  while (ready < end && Available(ready)) ++ready;
  if (ready == next_ && complete) return end - next_;  // all missing
  return ready - next_;
}

Status PictureDecoder::DecodeOne(int64_t index, Parallel& within) {
  if (static_cast<uint64_t>(index) >= file_.slices_available()) return MissingSlice(file_, index);
  char name[32];
  std::snprintf(name, sizeof name, "slice %lld", static_cast<long long>(index));
  return DecodeSlice(model_, file_.slices()[static_cast<size_t>(index)], file_.header().lanes(), layout_.Latents(index),
                     within, memory_, window_)
      .Within(name);
}

Status PictureDecoder::DecodeBatch(int64_t count, const Progress& progress) {
  const int64_t columns = touched_.column1 - touched_.column0;
  if (next_ == band_end_) {
    band_end_ = std::min(next_ + BandHeight() * columns, touched_.count());
    const int64_t end = layout_.Latents(touched_.Slice(band_end_ - 1, layout_.columns())).y1;
    window_ = &synthesis_.Extend(std::min(end, synthesis_.wanted().y1));
  }
  slices_.resize(static_cast<size_t>(count));
  std::mutex mutex;
  int64_t first_damaged = layout_.count();
  const auto decode = [&](int64_t number, Parallel& within) -> Status {
    Slice& slice = slices_[static_cast<size_t>(number)];
    slice = {touched_.Slice(next_ + number, layout_.columns()), false};
    const Status status = DecodeOne(slice.index, within);
    if (status.ok() || !keep_going_) return status;
    if (status.code() != NIC_SLICE_DAMAGED && status.code() != NIC_TRUNCATED) return status;
    slice.damaged = true;
    const std::lock_guard lock(mutex);
    if (damaged_++ == 0 || (first_damaged < layout_.count() && slice.index < first_damaged)) {
      first_damaged = slice.index;
      first_damage_ = status;
    }
    return {};
  };
  const double begin = fraction();
  const double end = begin + 0.5 * static_cast<double>(count) / static_cast<double>(touched_.count());
  NIC_RETURN_IF_ERROR(RunSlices(count, parallel_, progress.Part(begin, end), decode));
  next_ += count;
  return {};
}

uint64_t PictureDecoder::EstimateMemory() const {
  const int64_t columns = touched_.column1 - touched_.column0;
  const int64_t band_rows = std::min(BandHeight(), touched_.row1 - touched_.row0);
  const Rect& wanted = synthesis_.wanted();
  const Rect slice = layout_.Latents(0);
  const auto position = static_cast<uint64_t>(model_.decoder().latent_channels) * sizeof(int16_t);
  const uint64_t window = static_cast<uint64_t>(wanted.width()) *
                          static_cast<uint64_t>(std::min(band_rows * slice.height(), wanted.height())) * position;
  // Side by side, each slice with a thread of its own, or one by one with all of them (RunSlices).
  const auto threads = static_cast<int64_t>(parallel_.width());
  const bool one_by_one = threads == 1 || band_rows * columns < 2 * threads;
  const uint64_t slices = EstimateSliceMemory(model_, slice.height(), slice.width(),
                                              one_by_one ? static_cast<size_t>(threads) : 1) *
                          static_cast<uint64_t>(one_by_one ? 1 : threads);
  const uint64_t means = mean_ ? BoxMean<int16_t>::EstimateMemory(region_.width(), 3, mean_scale_) : 0;
  return window + slices + means + synthesis_.EstimateMemory();
}

}  // namespace nic
