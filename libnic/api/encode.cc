// nic_encode and nic_encoder.
#include "nic/encode.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>

#include "api/context.h"
#include "api/guard.h"
#include "codec/picture_encoder.h"
#include "codec/rate_search.h"
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
}  // namespace nic

struct nic_encoder {
  explicit nic_encoder(nic_context& own_context)
      : context(own_context), metadata(&own_context.memory), bytes(&own_context.memory) {
    metadata.resize(nic::kMetadataKinds);
  }

  double Get(nic_encoder_parameter parameter) const { return values[parameter - 1]; }
  bool Has(nic_encoder_parameter parameter) const { return !std::isnan(Get(parameter)); }

  nic_context& context;
  double values[nic::kParameters];
  std::pmr::vector<std::pmr::vector<uint8_t>> metadata;  // packed payloads by kind; empty for none
  nic::RegionMask mask;  // of the pictures to come; empty for none
  int mask_steps = 0;    // by which white is better, in 1/8 of a level
  std::pmr::vector<uint8_t> bytes;
  nic_error error = {};
};

namespace nic {
namespace {

void Reset(nic_encoder& encoder) {
  for (int i = 0; i < kParameters; ++i) encoder.values[i] = kBounds[i].preset;
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
    if (other != parameter && encoder.Has(static_cast<nic_encoder_parameter>(other))) {
      return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "a rate is set already: two exclude one another");
    }
  }
  encoder.values[parameter - 1] = value;
  return {};
}

Status CheckImage(const nic_image& image, const nic_limits& limits) {
  if (!image.pixels) return InvalidArgument("image: pixels is null");
  if (image.format < NIC_GREY8 || image.format > NIC_RGBA8) return InvalidArgument("image: unknown format");
  if (image.width == 0 || image.height == 0) return InvalidArgument("image: width or height is 0");
  NIC_RETURN_IF_ERROR(CheckDimensions(image.width, image.height, limits));
  if (image.stride < size_t{image.width} * static_cast<size_t>(image.format)) {
    return InvalidArgument("image: stride is less than a row");
  }
  return {};
}

// A picture as the encoder takes it: colours without alpha, and the elements to write beside them.
class PreparedPicture {
 public:
  PreparedPicture(const nic_image& image, const nic_encoder& encoder, Memory& memory)
      : colours_{image.width, image.height, static_cast<int>(image.format), image.stride, image.pixels},
        alpha_payload_(&memory),
        gain_map_payload_(&memory) {
    if (image.format % 2 == 0) SplitAlpha(image, encoder, memory);
    for (int i = 0; i < kMetadataKinds; ++i) {
      const auto type = static_cast<uint8_t>(NIC_METADATA_ICC + i);
      if (!encoder.metadata[i].empty()) extras_[extra_count_++] = {type, encoder.metadata[i]};
    }
  }

  const PixelView& colours() const { return colours_; }
  std::span<const ExtraElement> extras() const { return {extras_, extra_count_}; }

  void AddGainMap(const nic_encoder& encoder, int latent_factor) {
    gain_map_ = MakeGainMap(encoder.mask, latent_factor, encoder.mask_steps, encoder.context.memory);
    EncodeGainMap(gain_map_, encoder.context.memory, &gain_map_payload_);
    extras_[extra_count_++] = {static_cast<uint8_t>(ElementType::kGainMap), gain_map_payload_};
  }
  // Null if there is none.
  const GainMap* gain_map() const { return gain_map_payload_.empty() ? nullptr : &gain_map_; }

  // A decoder counts metadata by elements, types and sizes included.
  Status CheckMetadata(uint64_t limit) const {
    uint64_t size = 0;
    for (const ExtraElement& extra : extras()) {
      if (extra.type < 0x80) continue;
      size += 1 + static_cast<uint64_t>(VarintSize(extra.payload.size())) + extra.payload.size();
    }
    if (size <= limit) return {};
    return Status::Error(NIC_LIMIT_METADATA, Status::kNoOffset, "max_metadata: %llu bytes in the file, the limit is %llu",
                         static_cast<unsigned long long>(size), static_cast<unsigned long long>(limit));
  }

 private:
  void SplitAlpha(const nic_image& image, const nic_encoder& encoder, Memory& memory) {
    const size_t channels = image.format - 1;
    const ChannelView alpha{image.width, image.height, image.format, image.stride, image.pixels + channels};
    EncodeAlpha(alpha, encoder.Get(NIC_ENCODER_PREMULTIPLIED) != 0, memory, &alpha_payload_);
    extras_[extra_count_++] = {static_cast<uint8_t>(ElementType::kAlpha), alpha_payload_};
    split_ = Buffer<uint8_t>(memory, size_t{image.width} * image.height * channels);
    uint8_t* to = split_.data();
    for (uint32_t y = 0; y < image.height; ++y) {
      const uint8_t* from = image.pixels + y * image.stride;
      for (uint32_t x = 0; x < image.width; ++x, from += image.format, to += channels) std::copy_n(from, channels, to);
    }
    SmoothInvisible(alpha, static_cast<int>(channels), memory, split_.data());
    colours_ = {image.width, image.height, static_cast<int>(channels), size_t{image.width} * channels, split_.data()};
  }

  PixelView colours_;
  Buffer<uint8_t> split_;
  std::pmr::vector<uint8_t> alpha_payload_;
  GainMap gain_map_;
  std::pmr::vector<uint8_t> gain_map_payload_;
  ExtraElement extras_[2 + kMetadataKinds];
  size_t extra_count_ = 0;
};

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
  if (mask.format != NIC_GREY8) return InvalidArgument("mask: format is not NIC_GREY8");
  if (mask.width == 0 || mask.height == 0) return InvalidArgument("mask: width or height is 0");
  if (mask.stride < mask.width) return InvalidArgument("mask: stride is less than a row");
  if (!(strength >= 1.0 / kStepsInLevel && strength <= kMaxLevels - 1)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "strength: %g is not in %g .. %d", strength,
                         1.0 / kStepsInLevel, kMaxLevels - 1);
  }
  NIC_RETURN_IF_ERROR(CheckDimensions(mask.width, mask.height, encoder.context.limits));
  encoder.mask = RegionMask({mask.width, mask.height, 8, mask.stride, mask.pixels}, encoder.context.memory);
  encoder.mask_steps = static_cast<int>(std::lround(strength * kStepsInLevel));
  return {};
}

Status CheckMask(const nic_encoder& encoder, const nic_image& image) {
  const RegionMask& mask = encoder.mask;
  if (mask.empty() || (mask.width() == image.width && mask.height() == image.height)) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "mask: %u x %u pixels, but the picture has %u x %u",
                       mask.width(), mask.height(), image.width, image.height);
}

// Encodes one picture at the rate that the parameters ask for.
class EncodeCall {
 public:
  EncodeCall(nic_encoder& encoder, const PreparedModel& model, const EncoderSettings& settings, const PixelView& picture)
      : encoder_(encoder),
        progress_(encoder.context.progress),
        levels_(model.decoder().levels),
        samples_(static_cast<double>(picture.width) * picture.height),
        has_mask_(settings.mask != nullptr),
        picture_(model, settings, picture, *encoder.context.parallel, encoder.context.memory) {}

  Status Run(bool measure, nic_encode_result* result) {
    NIC_RETURN_IF_ERROR(picture_.Analyse(progress_.Part(0, 0.5)));
    progress_ = progress_.Part(0.5, 1);
    measure_ = measure || encoder_.Has(NIC_ENCODER_TARGET_PSNR);
    NIC_RETURN_IF_ERROR(EncodeAtWantedRate());
    NIC_RETURN_IF_ERROR(CheckWork(picture_.DecodeWork(), encoder_.bytes.size(), encoder_.context.limits));
    FillResult(result);
    return {};
  }

 private:
  Status EncodeAtWantedRate() {
    if (encoder_.Has(NIC_ENCODER_GAIN_LEVEL)) return EncodeAtLevel();
    if (encoder_.Has(NIC_ENCODER_TARGET_SIZE)) return SearchSize(encoder_.Get(NIC_ENCODER_TARGET_SIZE));
    if (encoder_.Has(NIC_ENCODER_TARGET_BPP)) return SearchSize(encoder_.Get(NIC_ENCODER_TARGET_BPP) * samples_ / 8);
    if (encoder_.Has(NIC_ENCODER_TARGET_PSNR)) return SearchPsnr(encoder_.Get(NIC_ENCODER_TARGET_PSNR));
    const double quality = encoder_.Has(NIC_ENCODER_QUALITY) ? encoder_.Get(NIC_ENCODER_QUALITY) : kDefaultQuality;
    return EncodeAt(static_cast<int>(std::lround(quality / 100 * HighestStep(levels_))), progress_);
  }

  Status EncodeAtLevel() {
    const RateIndex rate{static_cast<int>(encoder_.Get(NIC_ENCODER_GAIN_LEVEL)),
                         static_cast<int>(std::lround(encoder_.Get(NIC_ENCODER_INTERPOLATION) * kRateSteps))};
    if (StepOf(rate) > HighestStep(levels_) || rate.interpolation >= kRateSteps) {
      return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset,
                           "NIC_ENCODER_GAIN_LEVEL: %d + %d/256 is above the model's highest level, %d", rate.level,
                           rate.interpolation, levels_ - 1);
    }
    return EncodeAt(StepOf(rate), progress_);
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
    int tries = 0;
    const auto evaluate = [&](int step, double* value) -> Status {
      const double begin = 1 - 1.0 / (1 + tries++);
      NIC_RETURN_IF_ERROR(EncodeAt(step, progress_.Part(begin, 1 - 1.0 / (1 + tries))));
      *value = quantity();
      return {};
    };
    RateChoice choice;
    NIC_RETURN_IF_ERROR(SearchRate(HighestStep(levels_), goal, evaluate, &choice));
    missed_ = choice.missed;
    return choice.step == step_ ? Status() : EncodeAt(choice.step, progress_.Part(1, 1));
  }

  Status EncodeAt(int step, const Progress& progress) {
    step_ = step;
    return picture_.Encode(RateAt(step), progress, &encoder_.bytes, measure_ ? &quality_ : nullptr);
  }

  void FillResult(nic_encode_result* result) const {
    result->size = encoder_.bytes.size();
    result->bpp = 8 * static_cast<double>(result->size) / samples_;
    const bool split = has_mask_ && measure_;
    result->psnr = measure_ ? quality_.psnr : kUnset;
    result->psnr_inside = split ? quality_.inside : kUnset;
    result->psnr_outside = split ? quality_.outside : kUnset;
    result->gain_level = static_cast<uint32_t>(RateAt(step_).level);
    result->interpolation = static_cast<uint32_t>(RateAt(step_).interpolation);
    result->target_missed = missed_;
  }

  nic_encoder& encoder_;
  Progress progress_;
  int levels_;
  double samples_;
  bool has_mask_;
  PictureEncoder picture_;
  bool measure_ = false;
  bool missed_ = false;
  int step_ = 0;
  Quality quality_;
};

Status Encode(nic_encoder& encoder, const nic_image& image, bool measure, nic_encode_result* result) {
  encoder.bytes.clear();
  NIC_RETURN_IF_ERROR(CheckImage(image, encoder.context.limits));
  NIC_RETURN_IF_ERROR(CheckMask(encoder, image));
  if (encoder.Get(NIC_ENCODER_INTERPOLATION) != 0 && !encoder.Has(NIC_ENCODER_GAIN_LEVEL)) {
    return InvalidArgument("NIC_ENCODER_INTERPOLATION: set without NIC_ENCODER_GAIN_LEVEL");
  }
  const ModelStore::Model* model = nullptr;
  const bool chosen = encoder.Has(NIC_ENCODER_MODEL_ID);
  const int64_t id = chosen ? static_cast<int64_t>(encoder.Get(NIC_ENCODER_MODEL_ID)) : ModelStore::kDefaultModel;
  NIC_RETURN_IF_ERROR(encoder.context.models.FindForEncoding(id, &model));

  EncoderSettings settings;
  settings.model_id = model->package.model_id();
  settings.model_digest = model->package.short_digest();
  settings.effort = static_cast<int>(encoder.Get(NIC_ENCODER_EFFORT));
  settings.slice_side_code = std::countr_zero(static_cast<uint32_t>(encoder.Get(NIC_ENCODER_SLICE_SIDE)) / 64);
  if (settings.effort > 5) {
    return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                         "effort: 6 to 9 need the search plug-in, which is not installed");
  }
  PreparedPicture picture(image, encoder, encoder.context.memory);
  if (!encoder.mask.empty()) picture.AddGainMap(encoder, model->prepared->decoder().latent_factor);
  NIC_RETURN_IF_ERROR(picture.CheckMetadata(encoder.context.limits.max_metadata));
  settings.extras = picture.extras();
  settings.gain_map = picture.gain_map();
  settings.mask = encoder.mask.empty() ? nullptr : &encoder.mask;
  EncodeCall call(encoder, *model->prepared, settings, picture.colours());
  return call.Run(measure, result);
}

}  // namespace
}  // namespace nic

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
  if (encoder) nic::Reset(*encoder);
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
    encoder->mask = {};
    return mask ? nic::SetRoi(*encoder, *mask, strength) : nic::Status();
  });
}

nic_status nic_encoder_encode(nic_encoder* encoder, const nic_image* image, int measure, const uint8_t** bytes,
                              size_t* size, nic_encode_result* result) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&encoder->error, [&]() -> nic::Status {
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

const nic_error* nic_encoder_error(const nic_encoder* encoder) { return encoder ? &encoder->error : nullptr; }
