#include "codec/picture_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "codec/picture_decoder.h"
#include "codec/rate_search.h"
#include "codec/slice_runner.h"
#include "codec/synthesis.h"
#include "container/file.h"
#include "entropy/rans.h"

namespace nic {
namespace {

template <typename Sample>
uint64_t SumSquares(const Sample* a, const Sample* b, size_t samples) {
  uint64_t sum = 0;
  for (size_t i = 0; i < samples; ++i) {
    const int64_t difference = a[i] - b[i];
    sum += static_cast<uint64_t>(difference * difference);
  }
  return sum;
}

// Rounds of correction of effort 4, and of efforts from 5 on.
constexpr int kFewCorrections = 2;
constexpr int kCorrections = 6;
// So many rounds in a row that are no better end the search for better ones.
constexpr int kVainCorrections = 2;
// How much of the latents' estimates stays in a round of correction, in sixteenths. Without that the rounds swing
// between two states, of too many symbols and of too few.
constexpr int kFirstWeight = 4;
constexpr int kLaterWeight = 8;
// How many percent of its bits a photograph's coding saves for a percent more of squared error, on average: measured
// from 1.3 at low rates to 0.7 at high ones (docs/decisions.md).
constexpr int kUsualSlopeTenths = 10;

// Squared differences of decoded samples, inside and outside a mask.
class ErrorSums {
 public:
  // `mask` may be null: then all is outside.
  ErrorSums(const PixelView& shape, int output_bits, const RegionMask* mask, Memory& memory)
      : shape_(shape),
        channels_(static_cast<size_t>(shape.channels)),
        output_bits_(output_bits),
        mask_(mask),
        rounded_(memory, shape.width * channels_) {}

  // `row`: of the picture's depth.
  void AddRow(uint32_t y, const int16_t* values, const uint8_t* row) {
    if (shape_.depth == 16) {
      AddSamples(y, values, reinterpret_cast<const uint16_t*>(row));
    } else {
      AddSamples(y, values, row);
    }
  }

  uint64_t squares() const { return inside_.squares + outside_.squares; }
  Quality Compute() const {
    const Sum all{inside_.squares + outside_.squares, inside_.samples + outside_.samples};
    return {Psnr(all), Psnr(inside_), Psnr(outside_)};
  }

 private:
  struct Sum {
    uint64_t squares = 0;
    uint64_t samples = 0;
  };

  template <typename Sample>
  void AddSamples(uint32_t y, const int16_t* values, const Sample* row) {
    auto* rounded = reinterpret_cast<Sample*>(rounded_.data());
    if (channels_ == 1) {
      RoundToGrey(values, shape_.width, output_bits_, rounded);
    } else {
      RoundToRgb(values, shape_.width, output_bits_, rounded);
    }
    const uint32_t step = mask_ ? RegionMask::kBlockSide : shape_.width;
    for (uint32_t x = 0; x < shape_.width; x += std::min(step, shape_.width - x)) {
      const size_t samples = std::min(step, shape_.width - x) * channels_;
      Sum& sum = mask_ && mask_->IsInside(x, y) ? inside_ : outside_;
      sum.squares += SumSquares(rounded + x * channels_, row + x * channels_, samples);
      sum.samples += samples;
    }
  }

  double Psnr(const Sum& sum) const {
    const double peak = shape_.depth == 16 ? 65535.0 : 255.0;
    if (sum.samples == 0) return std::numeric_limits<double>::quiet_NaN();
    if (sum.squares == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(peak * peak * static_cast<double>(sum.samples) / static_cast<double>(sum.squares));
  }

  const PixelView shape_;
  size_t channels_;
  int output_bits_;
  const RegionMask* mask_;
  Buffer<uint16_t> rounded_;  // a row of either depth
  Sum inside_;
  Sum outside_;
};

Status WriteExtra(const ExtraElement& extra, FileWriter& writer) {
  if (extra.type == static_cast<uint8_t>(ElementType::kAlpha)) return writer.Alpha(extra.payload);
  if (extra.type == static_cast<uint8_t>(ElementType::kGainMap)) return writer.GainMap(extra.payload);
  return writer.Metadata(extra.type, extra.payload);
}

Rect Whole(const PixelView& shape) { return {0, 0, shape.width, shape.height}; }

}  // namespace

// Decodes what was encoded, band by band, and compares it with the picture.
class PictureEncoder::Meter {
 public:
  // `drops`: rows of `pixels` are not needed once they are compared.
  Meter(const PictureEncoder& encoder, const RateIndex& rate, PixelRows* pixels, bool drops)
      : pixels_(pixels),
        drops_(drops),
        gains_(encoder.model_.decoder().inverse_gain, encoder.model_.decoder().latent_channels, rate,
               encoder.settings_.gain_map, encoder.memory_),
        synthesis_(encoder.model_, encoder.layout_, gains_, Whole(encoder.shape_), 0, encoder.parallel_,
                   encoder.memory_),
        errors_(encoder.shape_, encoder.model_.decoder().output_bits, encoder.settings_.mask, encoder.memory_) {}

  Status Begin() { return synthesis_.Begin(); }

  // Room for the decoded latents down to row `end`.
  TensorWindow* Extend(int64_t end) {
    ready_ = end;
    return &synthesis_.Extend(end);
  }
  // Compares the rows that are decoded by now.
  Status Compare() {
    const auto add_row = [this](int64_t y, const int16_t* values) -> Status {
      const auto row = static_cast<uint32_t>(y);
      errors_.AddRow(row, values, pixels_->row(row));
      if (drops_) pixels_->DropBefore(row + 1);
      return {};
    };
    while (!synthesis_.done() && synthesis_.latents_needed() <= ready_) {
      NIC_RETURN_IF_ERROR(synthesis_.Advance(add_row));
    }
    return {};
  }
  Quality quality() const { return errors_.Compute(); }
  uint64_t squares() const { return errors_.squares(); }

 private:
  PixelRows* pixels_;
  const bool drops_;
  const GainField gains_;
  SynthesisRun synthesis_;
  ErrorSums errors_;
  int64_t ready_ = 0;
};

PictureEncoder::PictureEncoder(const PreparedModel& model, const EncoderSettings& settings, const PixelView& shape,
                               Parallel& parallel, Memory& memory)
    : model_(model),
      settings_(settings),
      shape_(shape),
      layout_(shape.width, shape.height, uint32_t{64} << settings.slice_side_code, model.decoder()),
      parallel_(parallel),
      memory_(memory),
      analysis_(model.analysis(), model.decoder().latent_factor, shape, parallel, memory),
      slices_(&memory) {}

PictureEncoder::~PictureEncoder() = default;

Status PictureEncoder::BeginAt(const RateIndex& rate, bool measure) {
  if (settings_.effort >= kOptimisingEffort) {
    deferred_ = rate;
    return BeginAnyRate(true);
  }
  if (measure) {
    pixels_ = std::make_unique<PixelRows>(shape_, memory_);
    meter_ = std::make_unique<Meter>(*this, rate, pixels_.get(), true);
    NIC_RETURN_IF_ERROR(meter_->Begin());
  }
  BeginRate(rate);
  OpenBand(0);
  return analysis_.Begin();
}

Status PictureEncoder::BeginAnyRate(bool measure) {
  keeps_ = true;
  if (measure || settings_.effort >= kOptimisingEffort) pixels_ = std::make_unique<PixelRows>(shape_, memory_);
  OpenBand(0);
  return analysis_.Begin();
}

void PictureEncoder::BeginRate(const RateIndex& rate) {
  rate_ = rate;
  gains_.emplace(model_.encoder().gain, model_.decoder().latent_channels, rate, settings_.gain_map, memory_);
  slices_.clear();
}

// Makes the band that begins with a row of slices.
void PictureEncoder::OpenBand(int64_t row) {
  int64_t rows = layout_.rows();
  if (!keeps_) {
    const int64_t row_bytes = layout_.latent_width() * layout_.Latents(0).height() *
                              model_.decoder().latent_channels * int64_t{sizeof(int16_t)};
    rows = std::min(RowsOfBand(layout_.columns(), row_bytes, parallel_), rows - row);
  }
  const Rect first = layout_.Latents(row * layout_.columns());
  const Rect last = layout_.Latents((row + rows) * layout_.columns() - 1);
  band_ = {};
  band_ = TensorWindow(memory_, {first.x0, first.y0, last.x1, last.y1}, model_.decoder().latent_channels);
}

Status PictureEncoder::Push(const PixelView& rows, bool lasting, const Progress& progress) {
  if (pixels_) {
    if (keeps_ && !lasting && rows_pushed() == 0) pixels_->Reserve(shape_.height);
    pixels_->Show(rows);
    if (!lasting) pixels_->Keep();
  }
  return analysis_.Push(rows, progress, [&](const ConstTensorView& view) { return TakeLatents(view, progress); });
}

Status PictureEncoder::TakeLatents(const ConstTensorView& rows, const Progress& progress) {
  for (int64_t y = rows.rect.y0; y < rows.rect.y1; ++y) {
    CopyRow(rows.at(y, 0), rows.pixel_stride, band_.at(y, 0), rows.channels, rows);
    if (keeps_ || y + 1 < band_.rect().y1) continue;
    const double fraction = static_cast<double>(y + 1) / static_cast<double>(layout_.latent_height());
    NIC_RETURN_IF_ERROR(EncodeBand(progress.Part(fraction, fraction)));
    if (y + 1 < layout_.latent_height()) OpenBand(layout_.Touching(band_.rect()).row1);
  }
  return {};
}

// Encodes the slices of the present band.
Status PictureEncoder::EncodeBand(const Progress& progress) {
  SliceChoices choices;
  choices.gains = &*gains_;
  choices.lanes = layout_.count() > 1 ? kMaxLanes : 0;
  const SliceRange range = layout_.Touching(band_.rect());
  const int64_t begin = range.row0 * layout_.columns();
  const int64_t end = range.row1 * layout_.columns();
  slices_.reserve(static_cast<size_t>(layout_.count()));
  while (static_cast<int64_t>(slices_.size()) < end) slices_.emplace_back(memory_);
  TensorWindow* decoded = meter_ ? meter_->Extend(band_.rect().y1) : nullptr;
  const auto encode = [&](int64_t number, Parallel& within) {
    const int64_t index = begin + number;
    return EncodeSlice(model_, band_, layout_.Latents(index), choices, within, memory_,
                       &slices_[static_cast<size_t>(index)], decoded);
  };
  NIC_RETURN_IF_ERROR(RunSlices(end - begin, parallel_, progress, encode));
  return meter_ ? meter_->Compare() : Status();
}

double PictureEncoder::DecodeWork() const {
  return CountDecodeWork(model_, layout_, {0, 0, layout_.latent_width(), layout_.latent_height()});
}

Status PictureEncoder::Finish(std::span<const ExtraElement> extras, std::pmr::vector<uint8_t>* bytes,
                              Quality* quality) {
  return deferred_ ? Encode(*deferred_, extras, Progress(), bytes, quality) : Conclude(extras, bytes, quality);
}

Status PictureEncoder::Conclude(std::span<const ExtraElement> extras, std::pmr::vector<uint8_t>* bytes,
                                Quality* quality) {
  NIC_RETURN_IF_ERROR(Write(extras, bytes));
  if (quality) *quality = meter_->quality();
  return {};
}

Status PictureEncoder::EncodePlainly(const RateIndex& rate, std::span<const ExtraElement> extras,
                                     const Progress& progress, std::pmr::vector<uint8_t>* bytes, Quality* quality) {
  if (settings_.effort >= kOptimisingEffort) {
    Version version(memory_);
    NIC_RETURN_IF_ERROR(CodeCorrected(rate, progress, &version, nullptr));
    return FinishVersion(rate, &version, extras, bytes, quality);
  }
  BeginRate(rate);
  meter_.reset();
  if (quality) {
    meter_ = std::make_unique<Meter>(*this, rate, pixels_.get(), false);
    NIC_RETURN_IF_ERROR(meter_->Begin());
  }
  NIC_RETURN_IF_ERROR(EncodeBand(progress));
  return Conclude(extras, bytes, quality);
}

Status PictureEncoder::Encode(const RateIndex& rate, std::span<const ExtraElement> extras, const Progress& progress,
                              std::pmr::vector<uint8_t>* bytes, Quality* quality) {
  if (!settings_.search) return EncodePlainly(rate, extras, progress, bytes, quality);
  Version version(memory_);
  NIC_RETURN_IF_ERROR(CodeSearched(rate, progress, &version));
  return FinishVersion(rate, &version, extras, bytes, quality);
}

uint64_t PictureEncoder::Version::StreamBytes() const {
  uint64_t bytes = 0;
  for (const EncodedSlice& slice : slices) bytes += slice.stream.size();
  return bytes;
}

bool PictureEncoder::Version::IsBetterThan(const Version& other) const {
  using Wide = __int128;
  const Wide bytes = static_cast<Wide>(StreamBytes()), other_bytes = static_cast<Wide>(other.StreamBytes());
  return (bytes - other_bytes) * static_cast<Wide>(other.squares) * 10 <
         (static_cast<Wide>(other.squares) - static_cast<Wide>(squares)) * other_bytes * kUsualSlopeTenths;
}

size_t PictureEncoder::HyperOffset(int64_t index) const {
  int64_t positions = 0;
  for (int64_t i = 0; i < index; ++i) {
    const Rect latents = layout_.Latents(i);
    positions += layout_.HyperWidth(latents) * layout_.HyperHeight(latents);
  }
  return static_cast<size_t>(positions) * static_cast<size_t>(model_.decoder().hyper_channels);
}

TensorWindow PictureEncoder::MakeLatents() const {
  return TensorWindow(memory_, band_.rect(), model_.decoder().latent_channels);
}

Status PictureEncoder::Code(const Chosen& chosen, const Progress& progress, Version* version) {
  const auto count = static_cast<size_t>(layout_.count());
  if (version->decoded.rect().width() == 0) version->decoded = MakeLatents();
  version->hyper.resize(HyperOffset(layout_.count()));
  version->slices.clear();
  version->slices.reserve(count);
  while (version->slices.size() < count) version->slices.emplace_back(memory_);
  const auto encode = [&](int64_t index, Parallel& within) {
    SliceChoices choices;
    choices.gains = chosen.gains;
    choices.lanes = count > 1 ? kMaxLanes : 0;
    choices.optimise = chosen.optimise;
    choices.refinement = chosen.refinement;
    const size_t hyper = HyperOffset(index);
    choices.hyper = chosen.hyper ? chosen.hyper + hyper : nullptr;
    return EncodeSlice(model_, chosen.latents, layout_.Latents(index), choices, within, memory_,
                       &version->slices[static_cast<size_t>(index)], &version->decoded, version->hyper.data() + hyper);
  };
  return RunSlices(layout_.count(), parallel_, progress, encode);
}

Status PictureEncoder::MeasureSquares(const RateIndex& rate, Version* version) {
  Meter meter(*this, rate, pixels_.get(), false);
  NIC_RETURN_IF_ERROR(meter.Begin());
  meter.Extend(layout_.latent_height())->Take(version->decoded);
  NIC_RETURN_IF_ERROR(meter.Compare());
  version->squares = meter.squares();
  return {};
}

Status PictureEncoder::CodeCorrected(const RateIndex& rate, const Progress& progress, Version* version,
                                     TensorWindow* start) {
  const int channels = model_.decoder().latent_channels;
  const GainField gains(model_.encoder().gain, channels, rate, settings_.gain_map, memory_);
  const GainField inverse_gains(model_.decoder().inverse_gain, channels, rate, settings_.gain_map, memory_);
  const AnalysedPicture picture{layout_, shape_, gains, inverse_gains, band_};
  TensorWindow estimates = MakeLatents();
  TensorWindow targets = MakeLatents();
  const int rounds = settings_.effort == kOptimisingEffort ? kFewCorrections : kCorrections;
  const auto part = [&](int round) { return progress.Part(round / (rounds + 1.0), (round + 1) / (rounds + 1.0)); };

  Version next(memory_);
  NIC_RETURN_IF_ERROR(Code({band_, &gains, false, nullptr, {nullptr, &estimates, 0}}, part(0), &next));
  bool improved = false;
  for (int round = 1, vain = 0;; ++round) {
    const bool last = round > rounds;
    NIC_RETURN_IF_ERROR(last ? MeasureSquares(rate, &next) : Correct(picture, &next, &targets));
    // Neither stretched nor moved by optimised symbols: a search finds both for itself, and starts worse from them.
    if (start && round == 1) start->Take(targets);
    const bool better = round == 1 || next.IsBetterThan(*version);
    if (better) std::swap(*version, next);
    improved = improved || (better && round > 1);
    vain = better ? 0 : vain + 1;
    if (last || vain == kVainCorrections) break;
    const TensorWindow& decoded = better ? version->decoded : next.decoded;
    const Refinement refinement{&decoded, &estimates, round == 1 ? kFirstWeight : kLaterWeight};
    NIC_RETURN_IF_ERROR(Code({targets, nullptr, true, nullptr, refinement}, part(round), &next));
  }
  if (start && !improved) GainTargets(model_, picture, start);  // this model's analysis is no guide
  return {};
}

// Measures a version, and finds what its latents should have been.
Status PictureEncoder::Correct(const AnalysedPicture& picture, Version* version, TensorWindow* targets) {
  ErrorSums errors(shape_, model_.decoder().output_bits, nullptr, memory_);
  const auto see = [&](int64_t y, const int16_t* values) {
    const auto row = static_cast<uint32_t>(y);
    errors.AddRow(row, values, pixels_->row(row));
  };
  NIC_RETURN_IF_ERROR(CorrectTargets(model_, picture, version->decoded, parallel_, memory_, targets, see));
  version->squares = errors.squares();
  return {};
}

Status PictureEncoder::CodeSearched(const RateIndex& rate, const Progress& progress, Version* version) {
  TensorWindow latents = MakeLatents();
  NIC_RETURN_IF_ERROR(CodeCorrected(rate, progress.Part(0, 0.01), version, &latents));
  double exchange = 0;
  NIC_RETURN_IF_ERROR(EstimateExchange(rate, *version, &exchange));
  std::pmr::vector<int16_t> hyper(version->hyper, &memory_);
  NIC_RETURN_IF_ERROR(Search(rate, exchange, *version, progress.Part(0.01, 1), &latents, &hyper));
  Version found(memory_);
  NIC_RETURN_IF_ERROR(Code({latents, nullptr, false, hyper.data()}, progress.Part(1, 1), &found));
  NIC_RETURN_IF_ERROR(MeasureSquares(rate, &found));
  const auto loss = [&](const Version& one) {
    return 8 * static_cast<double>(one.StreamBytes()) + exchange * static_cast<double>(one.squares);
  };
  if (loss(found) < loss(*version)) std::swap(*version, found);
  return {};
}

// From the two sides of the rate, a quarter of a level away: near enough to be its own slope, far enough that the size
// changes by more than a few bytes.
Status PictureEncoder::EstimateExchange(const RateIndex& rate, const Version& plain, double* bits_for_square) {
  constexpr int kAside = kRateSteps / 4;
  const int step = StepOf(rate), highest = HighestStep(model_.decoder().levels);
  Version below(memory_), above(memory_);
  // Of the nearest symbols: rounds of correction that are kept at one of the rates alone would bend the slope.
  const auto code = [&](int at, Version* version) -> Status {
    const GainField gains(model_.encoder().gain, model_.decoder().latent_channels, RateAt(at), nullptr, memory_);
    NIC_RETURN_IF_ERROR(Code({band_, &gains, false, nullptr}, Progress(), version));
    return MeasureSquares(RateAt(at), version);
  };
  NIC_RETURN_IF_ERROR(code(std::max(step - kAside, 0), &below));
  NIC_RETURN_IF_ERROR(code(std::min(step + kAside, highest), &above));
  const double bits = 8 * (static_cast<double>(above.StreamBytes()) - static_cast<double>(below.StreamBytes()));
  const double squares = static_cast<double>(below.squares) - static_cast<double>(above.squares);
  const double usual = 8 * static_cast<double>(plain.StreamBytes()) / std::max(1.0, static_cast<double>(plain.squares));
  // Where they do not change as they should, the usual slope serves.
  *bits_for_square = bits > 0 && squares > 0 ? bits / squares : kUsualSlopeTenths / 10.0 * usual;
  return {};
}

namespace {

struct SearchProgress {
  const Progress& progress;
  const std::atomic<bool>* stop;
  Status status;
};

int ReportSearch(void* user, double fraction) {
  auto* search = static_cast<SearchProgress*>(user);
  search->status = search->progress.Report(fraction);
  return !search->status.ok() || (search->stop && search->stop->load(std::memory_order_relaxed));
}

}  // namespace

Status PictureEncoder::Search(const RateIndex& rate, double bits_for_square, const Version& plain,
                              const Progress& progress, TensorWindow* latents, std::pmr::vector<int16_t>* hyper) {
  SearchProgress state{progress, settings_.search->stop, {}};
  SearchRequest request;
  request.threads = static_cast<uint32_t>(parallel_.width());
  request.max_memory = memory_.limit() - std::min(memory_.limit(), memory_.held());
  request.decoder_section = settings_.search->decoder_section.data();
  request.decoder_size = settings_.search->decoder_section.size();
  request.encoder_section = settings_.search->encoder_section.data();
  request.encoder_size = settings_.search->encoder_section.size();
  request.deblocking_section = settings_.search->deblocking_section.data();
  request.deblocking_size = settings_.search->deblocking_section.size();
  request.pixels = pixels_->row(0);
  request.stride = shape_.height > 1 ? static_cast<size_t>(pixels_->row(1) - pixels_->row(0)) : 0;
  request.width = shape_.width;
  request.height = shape_.height;
  request.channels = shape_.channels;
  request.depth = shape_.depth;
  request.slice_side = uint32_t{64} << settings_.slice_side_code;
  request.level = rate.level;
  request.interpolation = rate.interpolation;
  const double level = shape_.depth == 16 ? 257 : 1;  // of 8 bits, in samples
  request.lambda = bits_for_square * level * level;
  request.steps = settings_.search->steps;
  request.decoded = plain.decoded.at(0, 0);
  request.latents = latents->at(0, 0);
  request.hyper = hyper->data();
  request.report = ReportSearch;
  request.user = &state;
  char message[192] = "";
  const int code = settings_.search->function(&request, message);
  NIC_RETURN_IF_ERROR(state.status);
  if (code == NIC_OK) return {};
  return Status::Error(static_cast<nic_status>(code), Status::kNoOffset, "%s", message);
}

Status PictureEncoder::FinishVersion(const RateIndex& rate, Version* version, std::span<const ExtraElement> extras,
                                     std::pmr::vector<uint8_t>* bytes, Quality* quality) {
  BeginRate(rate);
  std::swap(slices_, version->slices);
  if (quality) {
    meter_ = std::make_unique<Meter>(*this, rate, pixels_.get(), false);
    NIC_RETURN_IF_ERROR(meter_->Begin());
    meter_->Extend(layout_.latent_height())->Take(version->decoded);
    NIC_RETURN_IF_ERROR(meter_->Compare());
  }
  return Conclude(extras, bytes, quality);
}

double PictureEncoder::CodingExcess() const {
  double excess = 0;
  for (const EncodedSlice& slice : slices_) {
    excess += 8 * static_cast<double>(slice.stream.size());
    excess -= static_cast<double>(slice.cost) / static_cast<double>(TableSet::kBit);
  }
  return excess;
}

Status PictureEncoder::Write(std::span<const ExtraElement> extras, std::pmr::vector<uint8_t>* bytes) const {
  FileHeader header;
  header.channels_code = shape_.channels == 1 ? ChannelsCode::kGrey : ChannelsCode::kRgb;
  header.bit_depth_code = shape_.depth == 16 ? BitDepthCode::k16 : BitDepthCode::k8;
  header.lanes_log2 = static_cast<uint8_t>(slices_[0].lanes == 4 ? 2 : slices_[0].lanes - 1);
  header.width = shape_.width;
  header.height = shape_.height;
  header.model_id = settings_.model_id;
  header.model_digest = settings_.model_digest;
  header.gain_level = static_cast<uint8_t>(rate_.level);
  header.interpolation = static_cast<uint8_t>(rate_.interpolation);
  header.slice_side_code = static_cast<uint8_t>(settings_.slice_side_code);

  std::pmr::vector<SliceBytes> coded(&memory_);
  coded.reserve(slices_.size());
  for (const EncodedSlice& slice : slices_) coded.push_back({slice.check, slice.hyper_size, slice.stream});
  bytes->clear();
  FileWriter writer(bytes);
  NIC_RETURN_IF_ERROR(writer.Begin(header));
  for (const ExtraElement& extra : extras) {
    NIC_RETURN_IF_ERROR(WriteExtra(extra, writer));
  }
  return writer.Latents(coded);
}

}  // namespace nic
