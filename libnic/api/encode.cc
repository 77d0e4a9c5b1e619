// nic_encode and nic_encoder.
#include "nic/encode.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>

#include "api/context.h"
#include "api/encode_call.h"
#include "api/encoder.h"
#include "api/guard.h"
#include "api/loaded_search.h"
#include "api/number.h"
#include "api/pixel_format.h"
#include "image/metadata.h"

namespace nic {
namespace {

Status InvalidArgument(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

void Reset(nic_encoder& encoder) {
  encoder.parameters.Reset();
  for (auto& payload : encoder.metadata) payload.clear();
  encoder.mask = {};
}

Status SetMetadata(nic_encoder& encoder, int kind, std::span<const uint8_t> content) {
  if (!IsMetadataKind(kind)) return InvalidArgument("kind: not a nic_metadata");
  std::pmr::vector<uint8_t>& payload = encoder.metadata[MetadataIndex(kind)];
  payload.clear();
  if (content.empty()) return {};
  if (content.size() > encoder.context.limits.max_metadata) {
    return Status::Error(NIC_LIMIT_METADATA, Status::kNoOffset, "metadata: %zu bytes, the limit is %llu",
                         content.size(), static_cast<unsigned long long>(encoder.context.limits.max_metadata));
  }
  if (kind == NIC_METADATA_CICP) {
    const Status status = CheckCicp(content);
    if (!status.ok()) return InvalidArgument(status.message());
  }
  PackMetadata(MetadataElementType(kind), content, encoder.context.memory, &payload);
  return {};
}

// Takes a mask for the pictures to come.
Status SetRoi(nic_encoder& encoder, const nic_image& mask, double strength) {
  if (!mask.pixels) return InvalidArgument("mask: pixels is null");
  const int format = NumberOf(mask.format);
  if (format != NIC_GREY8 && format != NIC_GREY16) {
    return InvalidArgument("mask: format is not NIC_GREY8 or NIC_GREY16");
  }
  if (mask.width == 0 || mask.height == 0) return InvalidArgument("mask: width or height is 0");
  const auto depth = static_cast<int>(nic_format_depth(mask.format));
  if (mask.stride < size_t{mask.width} * nic_format_bytes(mask.format))
    return InvalidArgument("mask: stride is less than a row");
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

Status CheckShape(const nic_image& image, const nic_limits& limits) {
  if (!IsPixelFormat(NumberOf(image.format))) return InvalidArgument("image: unknown format");
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
  const int64_t id =
      chosen ? static_cast<int64_t>(encoder.parameters.Get(NIC_ENCODER_MODEL_ID)) : ModelStore::kDefaultModel;
  NIC_RETURN_IF_ERROR(encoder.context.models.FindForEncoding(id, &model));

  EncoderSettings settings;
  settings.model_id = model->package.model_id();
  settings.model_digest = model->package.short_digest();
  settings.effort = static_cast<int>(encoder.parameters.Get(NIC_ENCODER_EFFORT));
  settings.slice_side_code =
      std::countr_zero(static_cast<uint32_t>(encoder.parameters.Get(NIC_ENCODER_SLICE_SIDE)) / 64);
  std::unique_ptr<LoadedSearch> search;
  if (settings.effort > kHighestPlainEffort) {
    if (!encoder.mask.empty()) {
      return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                           "effort: 6 to 9 know no masks; 5 is the highest with one");
    }
    NIC_RETURN_IF_ERROR(LoadSearch(encoder.context, *model, settings.effort, encoder.finish_early, &search));
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
    NIC_RETURN_IF_ERROR(encoder.parameters.Set(NIC_ENCODER_QUALITY, quality));
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
    return {};
  });
}

void nic_encoder_free(nic_encoder* encoder) { delete encoder; }

nic_status nic_encoder_bounds(nic_encoder_parameter parameter, nic_bounds* bounds) {
  const nic_bounds* known = nic::BoundsOf(nic::NumberOf(parameter));
  if (!bounds || !known) return NIC_INVALID_ARGUMENT;
  *bounds = *known;
  return NIC_OK;
}

nic_status nic_encoder_set(nic_encoder* encoder, nic_encoder_parameter parameter, double value) {
  if (!encoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&encoder->error, [&] { return encoder->parameters.Set(nic::NumberOf(parameter), value); });
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
    return nic::SetMetadata(*encoder, nic::NumberOf(kind), {static_cast<const uint8_t*>(bytes), size});
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
  nic_image shape = {width, height, NIC_GREY8, 0, nullptr};
  std::memcpy(&shape.format, &format, sizeof format);  // whatever number it is: see NumberOf
  return nic::GuardCall(*encoder, false, [&] { return nic::Begin(*encoder, shape, measure != 0); });
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
