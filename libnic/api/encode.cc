// nic_encode and nic_encoder.
#include "nic/encode.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "api/context.h"
#include "api/guard.h"
#include "api/pixel_format.h"
#include "codec/picture_encoder.h"
#include "codec/rate_search.h"
#include "codec/search_plugin.h"
#include "container/bytes.h"
#include "container/file.h"
#include "image/alpha.h"
#include "image/metadata.h"
#include "image/region_mask.h"

namespace nic {
namespace {

constexpr double kUnset = std::numeric_limits<double>::quiet_NaN();
constexpr double kDefaultQuality = 75;
constexpr int kParameters = NIC_ENCODER_PREMULTIPLIED;
constexpr int kStepsInLevel = 8;  // of a mask
constexpr int kSearchSteps[] = {50, 150, 400, 1000};  // of gradient descent, for the efforts from 6 on
constexpr int kMetadataKinds = NIC_METADATA_XMP - NIC_METADATA_ICC + 1;

// By parameter number, from 1.
constexpr nic_bounds kBounds[kParameters] = {
    {0, 100, kUnset, 0},            // quality
    {0, kMaxLevels - 1, kUnset, 1}, // gain level
    {1, 9007199254740992.0, kUnset, 1},
    {1e-6, 1000, kUnset, 0},
    {1, 1000, kUnset, 0},
    {0, 255.0 / 256, 0, 0},
    {1, 9, 3, 1},
    {0, 4294967295.0, kUnset, 1},
    {64, 2097152, 1024, 1},
    {0, 1, 0, 1},
};

const nic_bounds& BoundsOf(nic_encoder_parameter parameter) { return kBounds[parameter - 1]; }

bool IsRate(int parameter) { return parameter >= NIC_ENCODER_QUALITY && parameter <= NIC_ENCODER_TARGET_PSNR; }

Status InvalidArgument(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

}  // namespace

// A value for each parameter, NaN where none is set.
struct Parameters {
  double Get(nic_encoder_parameter parameter) const { return values[parameter - 1]; }
  bool Has(nic_encoder_parameter parameter) const { return !std::isnan(Get(parameter)); }
  // A rate that has to be searched for.
  bool IsSearch() const {
    return Has(NIC_ENCODER_TARGET_SIZE) || Has(NIC_ENCODER_TARGET_BPP) || Has(NIC_ENCODER_TARGET_PSNR);
  }
  double values[kParameters];
};

class EncodeCall;

}  // namespace nic

struct nic_encoder {
  explicit nic_encoder(nic_context& own_context);
  ~nic_encoder();

  nic_context& context;
  nic::Parameters parameters;
  std::pmr::vector<std::pmr::vector<uint8_t>> metadata;  // packed payloads by kind; empty for none
  nic::RegionMask mask;  // of the pictures to come; empty for none
  int mask_steps = 0;    // by which white is better, in 1/8 of a level
  std::pmr::vector<uint8_t> bytes;
  std::unique_ptr<nic::EncodeCall> call;  // the picture that is begun
  std::atomic<bool> finish_early = false;
  static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers set it");
  nic_error error = {};
};

namespace nic {
namespace {

void Reset(nic_encoder& encoder) {
  for (int i = 0; i < kParameters; ++i) encoder.parameters.values[i] = kBounds[i].preset;
  for (auto& payload : encoder.metadata) payload.clear();
  encoder.mask = {};
}

Status SetParameter(nic_encoder& encoder, nic_encoder_parameter parameter, double value) {
  if (parameter < 1 || parameter > kParameters) return InvalidArgument("parameter: unknown");
  const nic_bounds& bounds = BoundsOf(parameter);
  if (!(value >= bounds.lowest && value <= bounds.highest) || (bounds.whole && value != std::floor(value))) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "parameter %d: %g is not %s in %g .. %g", parameter,
                         value, bounds.whole ? "a whole number" : "a number", bounds.lowest, bounds.highest);
  }
  if (parameter == NIC_ENCODER_SLICE_SIDE && !std::has_single_bit(static_cast<uint64_t>(value))) {
    return InvalidArgument("NIC_ENCODER_SLICE_SIDE: not a power of two");
  }
  for (int other = NIC_ENCODER_QUALITY; IsRate(parameter) && other <= NIC_ENCODER_TARGET_PSNR; ++other) {
    if (other != parameter && encoder.parameters.Has(static_cast<nic_encoder_parameter>(other))) {
      return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "a rate is set already: two exclude one another");
    }
  }
  encoder.parameters.values[parameter - 1] = value;
  return {};
}

// Takes rows with alpha apart: alpha goes into its element, colours on to `take`, invisible ones filled.
class AlphaSplitter {
 public:
  AlphaSplitter(const PixelView& shape, bool premultiplied, Memory& memory, std::pmr::vector<uint8_t>* payload)
      : shape_(shape),
        sample_bytes_(static_cast<size_t>(shape.depth / 8)),
        colour_bytes_(static_cast<size_t>(shape.channels) * sample_bytes_),
        encoder_(shape.width, shape.height, shape.depth, premultiplied, memory, payload),
        filler_(shape.width, shape.channels, shape.depth, memory),
        alpha_(memory, size_t{shape.width} * InvisibleFiller::kBandRows * sample_bytes_),
        colours_(memory, alpha_.size() * static_cast<size_t>(shape.channels)) {}

  template <typename Take>
  Status Push(const uint8_t* pixels, size_t stride, uint32_t rows, Take&& take) {
    for (uint32_t i = 0; i < rows; ++i, pixels += stride) {
      TakeRow(pixels);
      if (band_rows_ < InvisibleFiller::kBandRows && rows_ < shape_.height) continue;
      filler_.Fill({shape_.width, band_rows_, sample_bytes_, shape_.width * sample_bytes_, alpha_.data(), shape_.depth},
                   colours_.data());
      PixelView band = shape_;
      band.height = band_rows_;
      band.stride = shape_.width * colour_bytes_;
      band.pixels = colours_.data();
      band_rows_ = 0;
      NIC_RETURN_IF_ERROR(take(band));
    }
    if (rows_ == shape_.height) encoder_.Finish();
    return {};
  }

 private:
  void TakeRow(const uint8_t* pixels) {
    const size_t pixel_bytes = colour_bytes_ + sample_bytes_;
    encoder_.Push(pixels + colour_bytes_, pixel_bytes);
    uint8_t* alpha = alpha_.data() + size_t{band_rows_} * shape_.width * sample_bytes_;
    uint8_t* colours = colours_.data() + size_t{band_rows_} * shape_.width * colour_bytes_;
    for (uint32_t x = 0; x < shape_.width; ++x, pixels += pixel_bytes) {
      colours = std::copy_n(pixels, colour_bytes_, colours);
      alpha = std::copy_n(pixels + colour_bytes_, sample_bytes_, alpha);
    }
    ++rows_;
    ++band_rows_;
  }

  const PixelView shape_;
  const size_t sample_bytes_;
  const size_t colour_bytes_;  // of a pixel
  AlphaEncoder encoder_;
  InvisibleFiller filler_;
  Buffer<uint8_t> alpha_;  // of the present band, like colours_
  Buffer<uint8_t> colours_;
  uint32_t rows_ = 0;
  uint32_t band_rows_ = 0;
};

PixelView ShapeOf(const nic_image& image) {
  return {image.width, image.height, ColourChannels(image.format), image.stride, image.pixels,
          static_cast<int>(nic_format_depth(image.format))};
}

Status SetMetadata(nic_encoder& encoder, nic_metadata kind, std::span<const uint8_t> content) {
  if (kind < NIC_METADATA_ICC || kind > NIC_METADATA_XMP) return InvalidArgument("kind: not a nic_metadata");
  std::pmr::vector<uint8_t>& payload = encoder.metadata[kind - NIC_METADATA_ICC];
  payload.clear();
  if (content.empty()) return {};
  if (content.size() > encoder.context.limits.max_metadata) {
    return Status::Error(NIC_LIMIT_METADATA, Status::kNoOffset, "metadata: %zu bytes, the limit is %llu",
                         content.size(), static_cast<unsigned long long>(encoder.context.limits.max_metadata));
  }
  PackMetadata(content, encoder.context.memory, &payload);
  return {};
}

// Takes a mask for the pictures to come.
Status SetRoi(nic_encoder& encoder, const nic_image& mask, double strength) {
  if (!mask.pixels) return InvalidArgument("mask: pixels is null");
  if (mask.format != NIC_GREY8 && mask.format != NIC_GREY16) {
    return InvalidArgument("mask: format is not NIC_GREY8 or NIC_GREY16");
  }
  if (mask.width == 0 || mask.height == 0) return InvalidArgument("mask: width or height is 0");
  const auto depth = static_cast<int>(nic_format_depth(mask.format));
  if (mask.stride < size_t{mask.width} * nic_format_bytes(mask.format)) return InvalidArgument("mask: stride is less than a row");
  if (!(strength >= 1.0 / kStepsInLevel && strength <= kMaxLevels - 1)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "strength: %g is not in %g .. %d", strength,
                         1.0 / kStepsInLevel, kMaxLevels - 1);
  }
  NIC_RETURN_IF_ERROR(CheckDimensions(mask.width, mask.height, encoder.context.limits));
  encoder.mask = RegionMask({mask.width, mask.height, depth, mask.stride, mask.pixels}, encoder.context.memory);
  encoder.mask_steps = static_cast<int>(std::lround(strength * kStepsInLevel));
  return {};
}

Status CheckMask(const nic_encoder& encoder, const nic_image& image) {
  const RegionMask& mask = encoder.mask;
  if (mask.empty() || (mask.width() == image.width && mask.height() == image.height)) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "mask: %u x %u pixels, but the picture has %u x %u",
                       mask.width(), mask.height(), image.width, image.height);
}

}  // namespace

// The search plug-in with what it has to know of the model.
struct LoadedSearch {
  Buffer<uint8_t> decoder_section;
  Buffer<uint8_t> encoder_section;
  SearchSettings settings;
};

// Encodes one picture at the rate that the parameters ask for.
class EncodeCall {
 public:
  // `image`: of its pixels only the shape is looked at.
  EncodeCall(nic_encoder& encoder, const PreparedModel& model, const EncoderSettings& settings,
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
        picture_(model, WithMask(settings, model.decoder().latent_factor), shape_, *encoder.context.parallel, encoder.context.memory) {}

  Status Begin(bool measure) {
    if (HasAlpha(format_)) {
      const bool premultiplied = parameters_.Get(NIC_ENCODER_PREMULTIPLIED) != 0;
      alpha_ = std::make_unique<AlphaSplitter>(shape_, premultiplied, encoder_.context.memory, &alpha_payload_);
    }
    measure_ = measure || parameters_.Has(NIC_ENCODER_TARGET_PSNR);
    if (!parameters_.IsSearch()) NIC_RETURN_IF_ERROR(FindStep(&step_));
    if (HoldsAll()) return picture_.BeginAnyRate(measure_);
    return picture_.BeginAt(RateAt(step_), measure_);
  }

  // `lasting`: the rows are all rows of the picture, and stay where they are until Finish.
  Status Push(const uint8_t* pixels, size_t stride, uint32_t rows, bool lasting) {
    const Progress progress = progress_.Part(0, AnalysisPart());
    rows_ += rows;
    if (alpha_) {
      return alpha_->Push(pixels, stride, rows,
                          [&](const PixelView& band) { return picture_.Push(band, false, progress); });
    }
    return picture_.Push({shape_.width, rows, shape_.channels, stride, pixels, shape_.depth}, lasting, progress);
  }

  const PixelView& shape() const { return shape_; }
  nic_pixel_format format() const { return format_; }
  uint32_t rows() const { return rows_; }

  Status Finish(nic_encode_result* result) {
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
    FillResult(result);
    return progress_.Report(1);
  }

 private:
  // Whether nothing can be coded before the whole picture is there.
  bool HoldsAll() const { return parameters_.IsSearch() || needs_all_; }
  // About how much of the time the analysis takes.
  double AnalysisPart() const { return search_ ? 0.001 : needs_all_ ? 0.2 : HoldsAll() ? 0.5 : 1; }

  // The step of a rate that is known beforehand.
  Status FindStep(int* step) const {
    if (!parameters_.Has(NIC_ENCODER_GAIN_LEVEL)) {
      const double quality = parameters_.Has(NIC_ENCODER_QUALITY) ? parameters_.Get(NIC_ENCODER_QUALITY) : kDefaultQuality;
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

  // The settings with the gain map that the encoder's mask makes, if it has one.
  EncoderSettings WithMask(EncoderSettings settings, int latent_factor) {
    if (encoder_.mask.empty()) return settings;
    gain_map_ = MakeGainMap(encoder_.mask, latent_factor, encoder_.mask_steps, encoder_.context.memory);
    EncodeGainMap(gain_map_, encoder_.context.memory, &gain_map_payload_);
    settings.gain_map = &gain_map_;
    settings.mask = &encoder_.mask;
    return settings;
  }

  // What the file holds beside the latents.
  void CollectExtras() {
    if (alpha_) extras_[extra_count_++] = {static_cast<uint8_t>(ElementType::kAlpha), alpha_payload_};
    for (int i = 0; i < kMetadataKinds; ++i) {
      const auto type = static_cast<uint8_t>(NIC_METADATA_ICC + i);
      if (!encoder_.metadata[i].empty()) extras_[extra_count_++] = {type, encoder_.metadata[i]};
    }
    if (!gain_map_payload_.empty()) {
      extras_[extra_count_++] = {static_cast<uint8_t>(ElementType::kGainMap), gain_map_payload_};
    }
  }
  std::span<const ExtraElement> extras() const { return {extras_, extra_count_}; }

  // A decoder counts metadata by elements, types and sizes included.
  Status CheckMetadata() const {
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

  Status SearchWantedRate() {
    if (parameters_.Has(NIC_ENCODER_TARGET_SIZE)) return SearchSize(parameters_.Get(NIC_ENCODER_TARGET_SIZE));
    if (parameters_.Has(NIC_ENCODER_TARGET_BPP)) return SearchSize(parameters_.Get(NIC_ENCODER_TARGET_BPP) * samples_ / 8);
    return SearchPsnr(parameters_.Get(NIC_ENCODER_TARGET_PSNR));
  }

  Status SearchSize(double target) {
    RateGoal goal;
    goal.target = target;
    goal.close_enough = target / 400;
    return Search(goal, [this] { return static_cast<double>(encoder_.bytes.size()); });
  }

  Status SearchPsnr(double target) {
    RateGoal goal;
    goal.target = target;
    goal.from_below = false;
    goal.close_enough = 0.005;
    goal.logarithmic = false;
    return Search(goal, [this] { return quality_.psnr; });
  }

  Status Search(const RateGoal& goal, const std::function<double()>& quantity) {
    if (search_) return SearchTwice(goal, quantity);
    RateChoice choice;
    NIC_RETURN_IF_ERROR(FindPlainRate(goal, quantity, progress_, &choice));
    missed_ = choice.missed;
    return choice.step == step_ ? Status() : EncodeAt(choice.step, progress_.Part(1, 1));
  }

  // The rate that meets the goal with the integers alone.
  Status FindPlainRate(const RateGoal& goal, const std::function<double()>& quantity, const Progress& progress,
                       RateChoice* choice) {
    int tries = 0;
    const auto evaluate = [&](int step, double* value) -> Status {
      const double begin = 1 - 1.0 / (1 + tries++);
      NIC_RETURN_IF_ERROR(EncodePlainlyAt(step, progress.Part(begin, 1 - 1.0 / (1 + tries))));
      *value = quantity();
      return {};
    };
    return SearchRate(HighestStep(levels_), goal, evaluate, choice);
  }

  // With a search for latents every rate costs minutes, so that few are tried: where the integers alone would meet the
  // goal, then where they would meet one that is moved by what the search made of the last. The best on the right side
  // of the goal stays; the integers' own if none is.
  Status SearchTwice(const RateGoal& goal, const std::function<double()>& quantity) {
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
    RateChoice choice;
    NIC_RETURN_IF_ERROR(FindPlainRate(goal, quantity, progress_.Part(1, 1), &choice));
    missed_ = choice.missed;
    return EncodePlainlyAt(choice.step, progress_.Part(1, 1));
  }

  struct Kept {
    bool full = false;
    double value = 0;
    bool missed = false;
    Quality quality;
    double excess = 0;
    int step = 0;
    std::vector<uint8_t> bytes;
  };

  void Keep(double value, bool missed, Kept* kept) const {
    *kept = {true, value, missed, quality_, excess_, step_, {encoder_.bytes.begin(), encoder_.bytes.end()}};
  }

  Status Restore(const Kept& kept) {
    step_ = kept.step;
    missed_ = kept.missed;
    quality_ = kept.quality;
    excess_ = kept.excess;
    encoder_.bytes.assign(kept.bytes.begin(), kept.bytes.end());
    return {};
  }

  Status EncodeAt(int step, const Progress& progress) {
    step_ = step;
    NIC_RETURN_IF_ERROR(
        picture_.Encode(RateAt(step), extras(), progress, &encoder_.bytes, measure_ ? &quality_ : nullptr));
    excess_ = picture_.CodingExcess();
    return {};
  }

  Status EncodePlainlyAt(int step, const Progress& progress) {
    step_ = step;
    NIC_RETURN_IF_ERROR(
        picture_.EncodePlainly(RateAt(step), extras(), progress, &encoder_.bytes, measure_ ? &quality_ : nullptr));
    excess_ = picture_.CodingExcess();
    return {};
  }

  void FillResult(nic_encode_result* result) const {
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

  nic_encoder& encoder_;
  const std::unique_ptr<LoadedSearch> search_;  // null without
  const bool needs_all_;                        // the effort asks for the whole picture
  const Parameters parameters_;  // as they were when the picture was begun
  Progress progress_;
  const int levels_;
  const double samples_;
  const PixelView shape_;
  const nic_pixel_format format_;
  std::pmr::vector<uint8_t> alpha_payload_;
  std::unique_ptr<AlphaSplitter> alpha_;  // null without alpha
  GainMap gain_map_;
  std::pmr::vector<uint8_t> gain_map_payload_;  // empty without a mask
  ExtraElement extras_[2 + kMetadataKinds];
  size_t extra_count_ = 0;
  PictureEncoder picture_;
  uint32_t rows_ = 0;
  bool measure_ = false;
  bool missed_ = false;
  int step_ = 0;
  Quality quality_;
  double excess_ = 0;  // CodingExcess of the bytes
};

namespace {

Status CheckShape(const nic_image& image, const nic_limits& limits) {
  if (!IsPixelFormat(image.format)) return InvalidArgument("image: unknown format");
  if (image.width == 0 || image.height == 0) return InvalidArgument("image: width or height is 0");
  return CheckDimensions(image.width, image.height, limits);
}

Status CheckPixels(const void* pixels, size_t stride, uint32_t width, nic_pixel_format format) {
  if (!pixels) return InvalidArgument("image: pixels is null");
  if (!IsAligned(pixels, stride, format)) {
    return InvalidArgument("image: pixels or stride is odd for samples of 16 bits");
  }
  if (stride < size_t{width} * nic_format_bytes(format)) return InvalidArgument("image: stride is less than a row");
  return {};
}

Status LoadSearch(nic_encoder& encoder, const ModelStore::Model& model, int effort,
                  std::unique_ptr<LoadedSearch>* search) {
  if (!encoder.mask.empty()) {
    return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset, "effort: 6 to 9 know no masks; 5 is the highest with one");
  }
  auto loaded = std::make_unique<LoadedSearch>();
  SearchSettings& settings = loaded->settings;
  NIC_RETURN_IF_ERROR(LoadSearchPlugin(&settings.function));
  Memory& memory = encoder.context.memory;
  NIC_RETURN_IF_ERROR(
      UnpackSection(model.package, SectionType::kDecoder, "decoder", memory, &loaded->decoder_section));
  NIC_RETURN_IF_ERROR(
      UnpackSection(model.package, SectionType::kEncoder, "encoder", memory, &loaded->encoder_section));
  settings.decoder_section = {loaded->decoder_section.data(), loaded->decoder_section.size()};
  settings.encoder_section = {loaded->encoder_section.data(), loaded->encoder_section.size()};
  settings.steps = kSearchSteps[effort - kHighestPlainEffort - 1];
  settings.stop = &encoder.finish_early;
  *search = std::move(loaded);
  return {};
}

// Begins a picture of the image's shape.
Status Begin(nic_encoder& encoder, const nic_image& image, bool measure) {
  encoder.call.reset();
  encoder.bytes.clear();
  NIC_RETURN_IF_ERROR(CheckShape(image, encoder.context.limits));
  NIC_RETURN_IF_ERROR(CheckMask(encoder, image));
  if (encoder.parameters.Get(NIC_ENCODER_INTERPOLATION) != 0 && !encoder.parameters.Has(NIC_ENCODER_GAIN_LEVEL)) {
    return InvalidArgument("NIC_ENCODER_INTERPOLATION: set without NIC_ENCODER_GAIN_LEVEL");
  }
  const ModelStore::Model* model = nullptr;
  const bool chosen = encoder.parameters.Has(NIC_ENCODER_MODEL_ID);
  const int64_t id = chosen ? static_cast<int64_t>(encoder.parameters.Get(NIC_ENCODER_MODEL_ID)) : ModelStore::kDefaultModel;
  NIC_RETURN_IF_ERROR(encoder.context.models.FindForEncoding(id, &model));

  EncoderSettings settings;
  settings.model_id = model->package.model_id();
  settings.model_digest = model->package.short_digest();
  settings.effort = static_cast<int>(encoder.parameters.Get(NIC_ENCODER_EFFORT));
  settings.slice_side_code = std::countr_zero(static_cast<uint32_t>(encoder.parameters.Get(NIC_ENCODER_SLICE_SIDE)) / 64);
  std::unique_ptr<LoadedSearch> search;
  if (settings.effort > kHighestPlainEffort) {
    NIC_RETURN_IF_ERROR(LoadSearch(encoder, *model, settings.effort, &search));
    settings.search = &search->settings;
  }
  auto call = std::make_unique<EncodeCall>(encoder, *model->prepared, settings, std::move(search), image);
  NIC_RETURN_IF_ERROR(call->Begin(measure));
  encoder.call = std::move(call);
  return {};
}

Status CheckBegun(const nic_encoder& encoder) {
  return encoder.call ? Status() : Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "encoder: no picture is begun");
}

Status Push(nic_encoder& encoder, const uint8_t* pixels, size_t stride, uint32_t rows, bool lasting) {
  NIC_RETURN_IF_ERROR(CheckBegun(encoder));
  const EncodeCall& call = *encoder.call;
  if (rows > call.shape().height - call.rows()) return InvalidArgument("rows: more than the picture has");
  if (rows == 0) return {};
  NIC_RETURN_IF_ERROR(CheckPixels(pixels, stride, call.shape().width, call.format()));
  return encoder.call->Push(pixels, stride, rows, lasting);
}

Status Finish(nic_encoder& encoder, nic_encode_result* result) {
  NIC_RETURN_IF_ERROR(CheckBegun(encoder));
  if (encoder.call->rows() < encoder.call->shape().height) {
    return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "encoder: %u of %u rows are there", encoder.call->rows(),
                         encoder.call->shape().height);
  }
  return encoder.call->Finish(result);
}

Status Encode(nic_encoder& encoder, const nic_image& image, bool measure, nic_encode_result* result) {
  NIC_RETURN_IF_ERROR(CheckShape(image, encoder.context.limits));
  NIC_RETURN_IF_ERROR(CheckPixels(image.pixels, image.stride, image.width, image.format));
  NIC_RETURN_IF_ERROR(Begin(encoder, image, measure));
  NIC_RETURN_IF_ERROR(Push(encoder, image.pixels, image.stride, image.height, true));
  return Finish(encoder, result);
}

// Ends the picture when the call that it belongs to has failed, or is over.
template <typename F>
nic_status GuardCall(nic_encoder& encoder, bool last, F&& function) {
  const nic_status status = Guard(&encoder.error, function);
  if (last || status != NIC_OK) {
    encoder.call.reset();
    encoder.finish_early = false;
  }
  return status;
}

}  // namespace
}  // namespace nic

nic_encoder::nic_encoder(nic_context& own_context)
    : context(own_context), metadata(&own_context.memory), bytes(&own_context.memory) {
  metadata.resize(nic::kMetadataKinds);
}

nic_encoder::~nic_encoder() = default;

nic_status nic_encode(nic_context* context, const nic_image* image, double quality, uint8_t** bytes, size_t* size,
                      nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!image || !bytes || !size) return nic::InvalidArgument("image, bytes, size: null");
    *bytes = nullptr;
    *size = 0;
    nic::ContextForCall surroundings(context);
    NIC_RETURN_IF_ERROR(surroundings.Prepare());
    nic_encoder encoder(*surroundings);
    nic::Reset(encoder);
    NIC_RETURN_IF_ERROR(nic::SetParameter(encoder, NIC_ENCODER_QUALITY, quality));
    nic_encode_result result = {};
    NIC_RETURN_IF_ERROR(nic::Encode(encoder, *image, false, &result));
    *bytes = static_cast<uint8_t*>(nic::AllocateResult(&*surroundings, encoder.bytes.size()));
    *size = encoder.bytes.size();
    std::memcpy(*bytes, encoder.bytes.data(), *size);
    return {};
  });
}

nic_status nic_encoder_new(nic_context* context, nic_encoder** encoder, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!context || !encoder) return nic::InvalidArgument("context, encoder: null");
    *encoder = nullptr;
    *encoder = new nic_encoder(*context);
    nic::Reset(**encoder);
    return {};
  });
}

void nic_encoder_free(nic_encoder* encoder) { delete encoder; }

nic_status nic_encoder_bounds(nic_encoder_parameter parameter, nic_bounds* bounds) {
  if (!bounds || parameter < 1 || parameter > nic::kParameters) return NIC_INVALID_ARGUMENT;
  *bounds = nic::BoundsOf(parameter);
  return NIC_OK;
}

nic_status nic_encoder_set(nic_encoder* encoder, nic_encoder_parameter parameter, double value) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&encoder->error, [&] { return nic::SetParameter(*encoder, parameter, value); });
}

void nic_encoder_reset(nic_encoder* encoder) {
  if (!encoder) return;
  encoder->call.reset();
  nic::Reset(*encoder);
}

nic_status nic_encoder_set_metadata(nic_encoder* encoder, nic_metadata kind, const void* bytes, size_t size) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&encoder->error, [&]() -> nic::Status {
    if (!bytes && size) return nic::InvalidArgument("bytes: null");
    return nic::SetMetadata(*encoder, kind, {static_cast<const uint8_t*>(bytes), size});
  });
}

nic_status nic_encoder_set_roi(nic_encoder* encoder, const nic_image* mask, double strength) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&encoder->error, [&]() -> nic::Status {
    encoder->call.reset();
    encoder->mask = {};
    return mask ? nic::SetRoi(*encoder, *mask, strength) : nic::Status();
  });
}

nic_status nic_encoder_encode(nic_encoder* encoder, const nic_image* image, int measure, const uint8_t** bytes,
                              size_t* size, nic_encode_result* result) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::GuardCall(*encoder, true, [&]() -> nic::Status {
    if (!image || !bytes || !size) return nic::InvalidArgument("image, bytes, size: null");
    *bytes = nullptr;
    *size = 0;
    nic_encode_result outcome = {};
    NIC_RETURN_IF_ERROR(nic::Encode(*encoder, *image, measure != 0, &outcome));
    *bytes = encoder->bytes.data();
    *size = encoder->bytes.size();
    if (result) *result = outcome;
    return {};
  });
}

nic_status nic_encoder_begin(nic_encoder* encoder, uint32_t width, uint32_t height, nic_pixel_format format,
                             int measure) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::GuardCall(*encoder, false, [&] {
    return nic::Begin(*encoder, {width, height, format, 0, nullptr}, measure != 0);
  });
}

nic_status nic_encoder_push_rows(nic_encoder* encoder, const uint8_t* pixels, size_t stride, uint32_t rows) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::GuardCall(*encoder, false, [&] { return nic::Push(*encoder, pixels, stride, rows, false); });
}

nic_status nic_encoder_finish(nic_encoder* encoder, const uint8_t** bytes, size_t* size, nic_encode_result* result) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::GuardCall(*encoder, true, [&]() -> nic::Status {
    if (!bytes || !size) return nic::InvalidArgument("bytes, size: null");
    *bytes = nullptr;
    *size = 0;
    nic_encode_result outcome = {};
    NIC_RETURN_IF_ERROR(nic::Finish(*encoder, &outcome));
    *bytes = encoder->bytes.data();
    *size = encoder->bytes.size();
    if (result) *result = outcome;
    return {};
  });
}

void nic_encoder_finish_early(nic_encoder* encoder) {
  if (encoder) encoder->finish_early.store(true, std::memory_order_relaxed);
}

const nic_error* nic_encoder_error(const nic_encoder* encoder) { return encoder ? &encoder->error : nullptr; }
