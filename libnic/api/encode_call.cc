#include "api/encode_call.h"

#include <cmath>
#include <limits>
#include <utility>

#include "api/pixel_format.h"
#include "container/bytes.h"
#include "container/file.h"

namespace nic {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();

PixelView ShapeOf(const nic_image& image) {
  return {image.width,  image.height, ColourChannels(image.format),
          image.stride, image.pixels, static_cast<int>(nic_format_depth(image.format))};
}

}  // namespace

EncodeCall::EncodeCall(nic_encoder& encoder, const PreparedModel& model, const EncoderSettings& settings,
                       std::unique_ptr<LoadedSearch> search, const nic_image& image)
    : encoder_(encoder),
      search_(std::move(search)),
      needs_all_(settings.effort >= kOptimisingEffort),
      parameters_(encoder.parameters),
      progress_(encoder.context.progress),
      levels_(model.decoder().levels),
      samples_(static_cast<double>(image.width) * image.height),
      shape_(ShapeOf(image)),
      format_(image.format),
      alpha_payload_(&encoder.context.memory),
      gain_map_payload_(&encoder.context.memory),
      picture_(model, WithMask(settings, model.decoder().latent_factor), shape_, *encoder.context.parallel,
               encoder.context.memory) {}

Status EncodeCall::Begin(bool measure) {
  if (HasAlpha(format_)) {
    const bool premultiplied = parameters_.Get(NIC_ENCODER_PREMULTIPLIED) != 0;
    const bool thorough = parameters_.Get(NIC_ENCODER_EFFORT) > 1;
    alpha_ = std::make_unique<AlphaSplitter>(shape_, premultiplied, thorough, *encoder_.context.parallel,
                                             encoder_.context.memory, &alpha_payload_);
  }
  measure_ = measure || parameters_.Has(NIC_ENCODER_TARGET_PSNR);
  if (!parameters_.IsSearch()) NIC_RETURN_IF_ERROR(FindStep(&step_));
  if (HoldsAll()) return picture_.BeginAnyRate(measure_);
  return picture_.BeginAt(RateAt(step_), measure_);
}

Status EncodeCall::Push(const uint8_t* pixels, size_t stride, uint32_t rows, bool lasting) {
  const Progress progress = progress_.Part(0, AnalysisPart());
  rows_ += rows;
  if (alpha_) {
    return alpha_->Push(pixels, stride, rows,
                        [&](const PixelView& band) { return picture_.Push(band, false, progress); });
  }
  return picture_.Push({shape_.width, rows, shape_.channels, stride, pixels, shape_.depth}, lasting, progress);
}

Status EncodeCall::Finish(nic_encode_result* result) {
  CollectExtras();
  NIC_RETURN_IF_ERROR(CheckMetadata());
  if (HoldsAll()) {
    progress_ = progress_.Part(AnalysisPart(), 1);
    NIC_RETURN_IF_ERROR(parameters_.IsSearch() ? SearchWantedRate() : EncodeAt(step_, progress_));
  } else {
    NIC_RETURN_IF_ERROR(picture_.Finish(extras(), &encoder_.bytes, measure_ ? &quality_ : nullptr));
    excess_ = picture_.CodingExcess();
  }
  NIC_RETURN_IF_ERROR(CheckWork(picture_.DecodeWork(), encoder_.bytes.size(), encoder_.context.limits));
  if (missed_) encoder_.context.log.Write(NIC_LOG_WARNING, "the target lies outside what the model can reach");
  FillResult(result);
  return progress_.Report(1);
}

Status EncodeCall::FindStep(int* step) const {
  if (!parameters_.Has(NIC_ENCODER_GAIN_LEVEL)) {
    const double quality =
        parameters_.Has(NIC_ENCODER_QUALITY) ? parameters_.Get(NIC_ENCODER_QUALITY) : kDefaultQuality;
    *step = static_cast<int>(std::lround(quality / 100 * HighestStep(levels_)));
    return {};
  }
  const RateIndex rate{static_cast<int>(parameters_.Get(NIC_ENCODER_GAIN_LEVEL)),
                       static_cast<int>(std::lround(parameters_.Get(NIC_ENCODER_INTERPOLATION) * kRateSteps))};
  *step = StepOf(rate);
  if (*step <= HighestStep(levels_) && rate.interpolation < kRateSteps) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset,
                       "NIC_ENCODER_GAIN_LEVEL: %d + %d/256 is above the model's highest level, %d", rate.level,
                       rate.interpolation, levels_ - 1);
}

EncoderSettings EncodeCall::WithMask(EncoderSettings settings, int latent_factor) {
  if (encoder_.mask.empty()) return settings;
  gain_map_ = MakeGainMap(encoder_.mask, latent_factor, encoder_.mask_steps, encoder_.context.memory);
  EncodeGainMap(gain_map_, encoder_.context.memory, &gain_map_payload_);
  settings.gain_map = &gain_map_;
  settings.mask = &encoder_.mask;
  return settings;
}

void EncodeCall::CollectExtras() {
  if (alpha_) extras_[extra_count_++] = {static_cast<uint8_t>(ElementType::kAlpha), alpha_payload_};
  for (size_t i = 0; i < kMetadataKinds; ++i) {
    const auto type = static_cast<uint8_t>(NIC_METADATA_ICC + i);
    if (!encoder_.metadata[i].empty()) extras_[extra_count_++] = {type, encoder_.metadata[i]};
  }
  if (!gain_map_payload_.empty()) {
    extras_[extra_count_++] = {static_cast<uint8_t>(ElementType::kGainMap), gain_map_payload_};
  }
}

Status EncodeCall::CheckMetadata() const {
  const uint64_t limit = encoder_.context.limits.max_metadata;
  uint64_t size = 0;
  for (const ExtraElement& extra : extras()) {
    if (extra.type < 0x80) continue;
    size += 1 + static_cast<uint64_t>(VarintSize(extra.payload.size())) + extra.payload.size();
  }
  if (size <= limit) return {};
  return Status::Error(NIC_LIMIT_METADATA, Status::kNoOffset, "max_metadata: %llu bytes in the file, the limit is %llu",
                       static_cast<unsigned long long>(size), static_cast<unsigned long long>(limit));
}

Status EncodeCall::SearchWantedRate() {
  if (parameters_.Has(NIC_ENCODER_TARGET_SIZE)) return SearchSize(parameters_.Get(NIC_ENCODER_TARGET_SIZE));
  if (parameters_.Has(NIC_ENCODER_TARGET_BPP))
    return SearchSize(parameters_.Get(NIC_ENCODER_TARGET_BPP) * samples_ / 8);
  return SearchPsnr(parameters_.Get(NIC_ENCODER_TARGET_PSNR));
}

Status EncodeCall::SearchSize(double target) {
  RateGoal goal;
  goal.target = target;
  goal.close_enough = target / 400;
  return Search(goal, [this] { return static_cast<double>(encoder_.bytes.size()); });
}

Status EncodeCall::SearchPsnr(double target) {
  RateGoal goal;
  goal.target = target;
  goal.from_below = false;
  goal.close_enough = 0.005;
  goal.logarithmic = false;
  return Search(goal, [this] { return quality_.psnr; });
}

Status EncodeCall::Search(const RateGoal& goal, const std::function<double()>& quantity) {
  if (search_) return SearchTwice(goal, quantity);
  RateChoice choice;
  NIC_RETURN_IF_ERROR(FindPlainRate(goal, quantity, progress_, &choice));
  missed_ = choice.missed;
  return choice.step == step_ ? Status() : EncodeAt(choice.step, progress_.Part(1, 1));
}

Status EncodeCall::FindPlainRate(const RateGoal& goal, const std::function<double()>& quantity,
                                 const Progress& progress, RateChoice* choice) {
  int tries = 0;
  const auto evaluate = [&](int step, double* value) -> Status {
    const double begin = 1 - 1.0 / (1 + tries++);
    NIC_RETURN_IF_ERROR(EncodePlainlyAt(step, progress.Part(begin, 1 - 1.0 / (1 + tries))));
    *value = quantity();
    return {};
  };
  return SearchRate(HighestStep(levels_), goal, evaluate, choice);
}

Status EncodeCall::SearchTwice(const RateGoal& goal, const std::function<double()>& quantity) {
  constexpr int kAttempts = 3;
  RateGoal moved = goal;
  Kept best;
  for (int attempt = 0; attempt < kAttempts && !encoder_.finish_early; ++attempt) {
    const Progress part = progress_.Part(attempt / double{kAttempts}, (attempt + 1) / double{kAttempts});
    RateChoice choice;
    NIC_RETURN_IF_ERROR(FindPlainRate(moved, quantity, part.Part(0, 0), &choice));
    NIC_RETURN_IF_ERROR(EncodeAt(choice.step, part));
    const double value = quantity();
    const bool good = goal.from_below ? value <= goal.target : value >= goal.target;
    const bool nearer = !best.full || std::abs(value - goal.target) < std::abs(best.value - goal.target);
    if (good && nearer) Keep(value, choice.missed, &best);
    if (good && (choice.missed || std::abs(value - goal.target) <= 2 * goal.close_enough)) break;
    moved.target = goal.logarithmic ? moved.target * goal.target / value : moved.target + goal.target - value;
    moved.target += (goal.from_below ? -1 : 1) * goal.close_enough;
  }
  if (best.full) return Restore(best);
  encoder_.context.log.Write(NIC_LOG_INFO, "no search met the target: the picture is coded without one");
  RateChoice choice;
  NIC_RETURN_IF_ERROR(FindPlainRate(goal, quantity, progress_.Part(1, 1), &choice));
  missed_ = choice.missed;
  return EncodePlainlyAt(choice.step, progress_.Part(1, 1));
}

void EncodeCall::Keep(double value, bool missed, Kept* kept) const {
  *kept = {true, value, missed, quality_, excess_, step_, {encoder_.bytes.begin(), encoder_.bytes.end()}};
}

Status EncodeCall::Restore(const Kept& kept) {
  step_ = kept.step;
  missed_ = kept.missed;
  quality_ = kept.quality;
  excess_ = kept.excess;
  encoder_.bytes.assign(kept.bytes.begin(), kept.bytes.end());
  return {};
}

Status EncodeCall::EncodeAt(int step, const Progress& progress) {
  step_ = step;
  return Coded(picture_.Encode(RateAt(step), extras(), progress, &encoder_.bytes, measure_ ? &quality_ : nullptr));
}

Status EncodeCall::EncodePlainlyAt(int step, const Progress& progress) {
  step_ = step;
  return Coded(
      picture_.EncodePlainly(RateAt(step), extras(), progress, &encoder_.bytes, measure_ ? &quality_ : nullptr));
}

// What is to be done once the present step has been coded.
Status EncodeCall::Coded(const Status& status) {
  NIC_RETURN_IF_ERROR(status);
  excess_ = picture_.CodingExcess();
  const RateIndex rate = RateAt(step_);
  encoder_.context.log.Write(NIC_LOG_DEBUG, "gain level %d + %d/256: %zu bytes", rate.level, rate.interpolation,
                             encoder_.bytes.size());
  return {};
}

void EncodeCall::FillResult(nic_encode_result* result) const {
  result->size = encoder_.bytes.size();
  result->bpp = 8 * static_cast<double>(result->size) / samples_;
  result->estimated_bpp = (8 * static_cast<double>(result->size) - excess_) / samples_;
  const bool split = !gain_map_payload_.empty() && measure_;
  result->psnr = measure_ ? quality_.psnr : kUnset;
  result->psnr_inside = split ? quality_.inside : kUnset;
  result->psnr_outside = split ? quality_.outside : kUnset;
  result->gain_level = static_cast<uint32_t>(RateAt(step_).level);
  result->interpolation = static_cast<uint32_t>(RateAt(step_).interpolation);
  result->target_missed = missed_;
}

}  // namespace nic
