// nic_decode and nic_decoder.
#include "nic/decode.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>

#include "api/decoder.h"
#include "api/file_info.h"
#include "api/guard.h"
#include "api/number.h"
#include "api/push.h"
#include "api/row_converter.h"
#include "codec/gain_map.h"
#include "codec/picture_decoder.h"
#include "image/alpha.h"
#include "image/metadata.h"

namespace nic {
namespace {

constexpr uint32_t kRowsAtOnce = 16;
constexpr uint64_t kConverterBytes = 12;  // of a RowConverter, a column

Status InvalidArgument(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

nic_pixel_format FileFormat(const nic_decoder& decoder) {
  const FileHeader& header = decoder.file.header();
  return MakePixelFormat(header.channels(), decoder.alpha_element != nullptr, header.bit_depth());
}

Status Open(nic_decoder& decoder, std::span<const uint8_t> bytes) {
  CloseFile(decoder);
  Status cut;
  NIC_RETURN_IF_ERROR(OpenWholeFile(bytes, decoder.context.limits, &decoder.file, &cut));
  FindParts(decoder);
  NIC_RETURN_IF_ERROR(FindModel(decoder));
  decoder.opened = true;
  return {};
}

// Refuses what would take longer than the limits allow for a file of that size.
Status CheckDecodeWork(const nic_decoder& decoder) {
  double work = 0;
  NIC_RETURN_IF_ERROR(CountWork(decoder, &work));
  return CheckWork(work, decoder.file.size(), decoder.context.limits);
}

std::span<const uint8_t> AlphaPayload(const nic_decoder& decoder) {
  return decoder.alpha_element ? decoder.file.Payload(*decoder.alpha_element) : std::span<const uint8_t>();
}

// Decodes and hands each row of samples to `take`, which counts rows from the result's first.
template <typename Take>
Status DecodeRows(nic_decoder& decoder, Take&& take) {
  nic_context& context = decoder.context;
  NIC_RETURN_IF_ERROR(FindPreview(decoder));
  NIC_RETURN_IF_ERROR(CheckDecodeWork(decoder));
  const Rect region = ResultRegion(decoder);
  RowConverter converter(decoder, region, AlphaPayload(decoder));
  NIC_RETURN_IF_ERROR(converter.Begin());
  GainMap gain_map;
  DecoderChoices choices;
  choices.keep_going = decoder.keep_going;
  choices.scale = decoder.scale;
  if (decoder.gain_map_element) {
    NIC_RETURN_IF_ERROR(ReadGainMap(decoder, &gain_map));
    choices.gain_map = &gain_map;
  }
  PictureDecoder picture(decoder.file, *decoder.model->prepared, region, choices, *context.parallel, context.memory);
  NIC_RETURN_IF_ERROR(picture.Begin());
  const auto take_row = [&](int64_t y, const int16_t* values) -> Status {
    return take(static_cast<uint32_t>(y - region.y0), values, converter);
  };
  const Status status = picture.Run(context.progress, take_row);
  decoder.damaged = picture.damaged();
  NIC_RETURN_IF_ERROR(status);
  NIC_RETURN_IF_ERROR(converter.Finish());
  LogDamage(decoder, picture.first_damage());
  return picture.first_damage();
}

Status CheckImage(const nic_decoder& decoder, const nic_image& image) {
  const Rect region = ResultRegion(decoder);
  if (!image.pixels) return InvalidArgument("image: pixels is null");
  if (image.width != region.width() || image.height != region.height()) {
    return InvalidArgument("image: width or height is not that of the picture, region or scaled picture");
  }
  if (NumberOf(image.format) != ResultFormat(decoder)) return InvalidArgument("image: format is not the decoder's");
  if (!IsAligned(image.pixels, image.stride, image.format)) {
    return InvalidArgument("image: pixels or stride is odd for samples of 16 bits");
  }
  if (image.stride < size_t{image.width} * nic_format_bytes(image.format)) {
    return Status::Error(NIC_BUFFER_TOO_SMALL, Status::kNoOffset, "image: stride is less than a row");
  }
  return {};
}

Status CheckOpened(const nic_decoder& decoder) {
  return decoder.opened ? Status()
                        : Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "decoder: no file has been opened well");
}

// Of a file that nic_decoder_open was given.
Status CheckWhole(const nic_decoder& decoder) {
  NIC_RETURN_IF_ERROR(CheckOpened(decoder));
  if (!decoder.pushed) return {};
  return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "decoder: a pushed file comes out of nic_decoder_next");
}

Status DecodeInto(nic_decoder& decoder, const nic_image& image) {
  NIC_RETURN_IF_ERROR(CheckWhole(decoder));
  NIC_RETURN_IF_ERROR(CheckImage(decoder, image));
  return DecodeRows(decoder, [&](uint32_t y, const int16_t* values, RowConverter& converter) -> Status {
    return converter.Convert(values, image.pixels + y * image.stride);
  });
}

// Collects rows, so that the callback gets a few at a time.
Status DecodeToCallback(nic_decoder& decoder, nic_rows_callback callback, void* user) {
  NIC_RETURN_IF_ERROR(CheckWhole(decoder));
  if (!callback) return InvalidArgument("callback: null");
  const Rect region = ResultRegion(decoder);
  const size_t stride = static_cast<size_t>(region.width()) * nic_format_bytes(ResultFormat(decoder));
  Buffer<uint8_t> rows(decoder.context.memory, stride * kRowsAtOnce);
  return DecodeRows(decoder, [&](uint32_t y, const int16_t* values, RowConverter& converter) -> Status {
    const uint32_t in_group = y % kRowsAtOnce;
    NIC_RETURN_IF_ERROR(converter.Convert(values, rows.data() + in_group * stride));
    if (in_group + 1 < kRowsAtOnce && y + 1 < region.height()) return {};
    if (callback(user, y - in_group, in_group + 1, rows.data(), stride) == 0) return {};
    return Status::Error(NIC_IO, Status::kNoOffset, "callback: reported failure");
  });
}

Status SetScale(nic_decoder& decoder, int scale) {
  const bool known =
      scale == 1 || std::find(std::begin(kPreviewScales), std::end(kPreviewScales), scale) != std::end(kPreviewScales);
  if (!known) return InvalidArgument("NIC_DECODER_SCALE: neither 1 nor 8 nor 16");
  if (scale != 1 && decoder.region.width() > 0) return InvalidArgument("NIC_DECODER_SCALE: not together with a region");
  if (decoder.pushed && decoder.pushed->has_begun()) {
    return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "NIC_DECODER_SCALE: decoding has begun");
  }
  decoder.scale = scale;
  return {};
}

// Of a parameter's number; null for an unknown one.
const nic_bounds* DecoderBoundsOf(int parameter) {
  constexpr int kParameters = NIC_DECODER_SCALE;
  static constexpr nic_bounds kBounds[kParameters] = {
      {0, 1, 0, 1}, {0, NIC_RGBA16, 0, 1}, {1, 16, 1, 1}};  // by number, from 1
  return parameter < 1 || parameter > kParameters ? nullptr : &kBounds[parameter - 1];
}

Status SetParameter(nic_decoder& decoder, int parameter, double value) {
  const nic_bounds* bounds = DecoderBoundsOf(parameter);
  if (!bounds) return InvalidArgument("parameter: unknown");
  if (!(value >= bounds->lowest && value <= bounds->highest) || (bounds->whole && value != std::floor(value))) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "parameter %d: %g is not a whole number in %g .. %g",
                         parameter, value, bounds->lowest, bounds->highest);
  }
  const int number = static_cast<int>(value);
  if (parameter == NIC_DECODER_SCALE) return SetScale(decoder, number);
  if (parameter == NIC_DECODER_KEEP_GOING) {
    decoder.keep_going = number != 0;
    return {};
  }
  if (number != 0 && !IsPixelFormat(number)) return InvalidArgument("NIC_DECODER_FORMAT: not a nic_pixel_format");
  decoder.format = number;
  return {};
}

Status SetRegion(nic_decoder& decoder, uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
  NIC_RETURN_IF_ERROR(CheckOpened(decoder));
  if (decoder.pushed && decoder.pushed->has_begun()) {
    return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "region: decoding has begun");
  }
  if (decoder.scale != 1) return InvalidArgument("region: not together with NIC_DECODER_SCALE");
  const FileHeader& header = decoder.file.header();
  const Rect region{x, y, int64_t{x} + width, int64_t{y} + height};
  if (width == 0 || height == 0 || region.x1 > header.width || region.y1 > header.height) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset,
                         "region: %u x %u at (%u, %u) is empty or outside %u x %u", width, height, x, y, header.width,
                         header.height);
  }
  decoder.region = region;
  return {};
}

// The content of a metadata element; empty if there is none.
Status ReadMetadata(nic_decoder& decoder, int kind, Buffer<uint8_t>** content) {
  NIC_RETURN_IF_ERROR(CheckOpened(decoder));
  if (!IsMetadataKind(kind)) return InvalidArgument("kind: not a nic_metadata");
  *content = &decoder.metadata[MetadataIndex(kind)];
  const ElementType type = MetadataElementType(kind);
  const Element* element = decoder.file.Find(type);
  if (!element || !(*content)->empty()) return {};
  return UnpackMetadata(type, decoder.file.Payload(*element), decoder.context.limits.max_metadata,
                        decoder.context.memory, *content)
      .MovedBy(element->payload_offset);
}

Status IsPremultiplied(nic_decoder& decoder, int* premultiplied) {
  NIC_RETURN_IF_ERROR(CheckOpened(decoder));
  *premultiplied = 0;
  if (!decoder.alpha_element) return {};
  const std::span<const uint8_t> payload = decoder.file.Payload(*decoder.alpha_element);
  AlphaFlags flags;
  NIC_RETURN_IF_ERROR(ReadAlphaFlags(payload, decoder.file.header().bit_depth(), &flags)
                          .MovedBy(decoder.alpha_element->payload_offset));
  *premultiplied = flags.premultiplied;
  return {};
}

Status DecodeOnce(nic_context& context, std::span<const uint8_t> bytes, nic_image* image) {
  nic_decoder decoder(context);
  NIC_RETURN_IF_ERROR(Open(decoder, bytes));
  NIC_RETURN_IF_ERROR(CheckDecodeWork(decoder));  // before memory for pixels is asked for
  const FileHeader& header = decoder.file.header();
  const nic_pixel_format format = FileFormat(decoder);
  nic_image result = {header.width, header.height, format, size_t{header.width} * nic_format_bytes(format), nullptr};
  result.pixels = static_cast<uint8_t*>(AllocateResult(&context, result.stride * result.height));
  const auto release = [&context](uint8_t* pixels) { nic_free(&context, pixels); };
  std::unique_ptr<uint8_t, decltype(release)> owner(result.pixels, release);
  NIC_RETURN_IF_ERROR(DecodeInto(decoder, result));
  *image = result;
  static_cast<void>(owner.release());
  return {};
}

// About what decoding will hold at once.
Status EstimateMemory(nic_decoder& decoder, uint64_t* bytes) {
  NIC_RETURN_IF_ERROR(CheckWhole(decoder));
  NIC_RETURN_IF_ERROR(FindPreview(decoder));
  const Rect region = ResultRegion(decoder);
  const uint64_t held = decoder.context.memory.held();
  DecoderChoices choices;
  choices.scale = decoder.scale;
  PictureDecoder picture(decoder.file, *decoder.model->prepared, region, choices, *decoder.context.parallel,
                         decoder.context.memory);
  NIC_RETURN_IF_ERROR(picture.Begin());
  const auto row = static_cast<uint64_t>(region.width()) * nic_format_bytes(ResultFormat(decoder));
  *bytes =
      held + picture.EstimateMemory() + kRowsAtOnce * row + kConverterBytes * static_cast<uint64_t>(region.width());
  if (decoder.alpha_element) *bytes += AlphaDecoder::EstimateMemory(AlphaPayload(decoder), decoder.file.header().width);
  if (decoder.gain_map_element) {
    const SliceLayout layout = LayoutOf(decoder);
    *bytes += 2 * static_cast<uint64_t>(layout.latent_width()) * static_cast<uint64_t>(layout.latent_height());
  }
  return {};
}

}  // namespace

void CloseFile(nic_decoder& decoder) {
  decoder.opened = false;
  decoder.pushed.reset();
  decoder.damaged = 0;
  decoder.region = {};
  decoder.alpha_element = nullptr;
  decoder.gain_map_element = nullptr;
  for (Buffer<uint8_t>& metadata : decoder.metadata) metadata = {};
}

void LogDamage(const nic_decoder& decoder, const Status& first) {
  if (first.ok()) return;
  decoder.context.log.Write(NIC_LOG_WARNING, "%llu slices are damaged or missing and are shown grey; the first: %s",
                            static_cast<unsigned long long>(decoder.damaged), first.message());
}

void FindParts(nic_decoder& decoder) {
  decoder.alpha_element = decoder.file.Find(ElementType::kAlpha);
  decoder.gain_map_element = decoder.file.Find(ElementType::kGainMap);
}

Status FindModel(nic_decoder& decoder) {
  const FileHeader& header = decoder.file.header();
  NIC_RETURN_IF_ERROR(decoder.context.models.FindForDecoding(header.model_id, header.model_digest, &decoder.model));
  const int levels = decoder.model->prepared->decoder().levels;
  if (header.gain_level < levels - 1 || (header.gain_level == levels - 1 && header.interpolation == 0)) return {};
  return Status::Error(NIC_MALFORMED, decoder.file.header_size() - kGainFromEnd,
                       "gain_level: %d + %d/256 is above the model's highest level, %d", header.gain_level,
                       header.interpolation, levels - 1);
}

Status FindPreview(nic_decoder& decoder) {
  return decoder.scale == 1 ? Status() : decoder.context.models.PreparePreview(decoder.model);
}

SliceLayout LayoutOf(const nic_decoder& decoder) {
  const FileHeader& header = decoder.file.header();
  return SliceLayout(header.width, header.height, header.slice_side(), decoder.model->prepared->decoder());
}

Status CountWork(const nic_decoder& decoder, double* work) {
  return CountDecodeWork(*decoder.model->prepared, LayoutOf(decoder), {ResultRegion(decoder), decoder.scale},
                         decoder.context.memory, work);
}

Status ReadGainMap(const nic_decoder& decoder, GainMap* map) {
  const SliceLayout layout = LayoutOf(decoder);
  const Element& element = *decoder.gain_map_element;
  return DecodeGainMap(decoder.file.Payload(element), layout.latent_height(), layout.latent_width(),
                       decoder.context.memory, map)
      .MovedBy(element.payload_offset);
}

nic_pixel_format ResultFormat(const nic_decoder& decoder) {
  return decoder.format ? static_cast<nic_pixel_format>(decoder.format) : FileFormat(decoder);
}

Rect ResultRegion(const nic_decoder& decoder) {
  if (decoder.region.width() > 0) return decoder.region;
  const FileHeader& header = decoder.file.header();
  return {0, 0, ScaledSide(header.width, decoder.scale), ScaledSide(header.height, decoder.scale)};
}

}  // namespace nic

nic_decoder::nic_decoder(nic_context& own_context) : context(own_context), file(own_context.memory) {}
nic_decoder::~nic_decoder() = default;

nic_status nic_decode(nic_context* context, const void* bytes, size_t size, nic_image* image, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!bytes || !image) return nic::InvalidArgument("bytes, image: null");
    *image = {};
    nic::ContextForCall surroundings(context);
    NIC_RETURN_IF_ERROR(surroundings.Prepare());
    return nic::DecodeOnce(*surroundings, {static_cast<const uint8_t*>(bytes), size}, image);
  });
}

nic_status nic_decoder_new(nic_context* context, nic_decoder** decoder, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!context || !decoder) return nic::InvalidArgument("context, decoder: null");
    *decoder = nullptr;
    *decoder = new nic_decoder(*context);
    return {};
  });
}

void nic_decoder_free(nic_decoder* decoder) { delete decoder; }

nic_status nic_decoder_bounds(nic_decoder_parameter parameter, nic_bounds* bounds) {
  const nic_bounds* found = nic::DecoderBoundsOf(nic::NumberOf(parameter));
  if (!bounds || !found) return NIC_INVALID_ARGUMENT;
  *bounds = *found;
  return NIC_OK;
}

nic_status nic_decoder_set(nic_decoder* decoder, nic_decoder_parameter parameter, double value) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&] { return nic::SetParameter(*decoder, nic::NumberOf(parameter), value); });
}

nic_status nic_decoder_open(nic_decoder* decoder, const void* bytes, size_t size) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    nic::CloseFile(*decoder);
    if (!bytes) return nic::InvalidArgument("bytes: null");
    return nic::Open(*decoder, {static_cast<const uint8_t*>(bytes), size});
  });
}

nic_status nic_decoder_info(const nic_decoder* decoder, nic_info* info) {
  if (!decoder || !info) return NIC_INVALID_ARGUMENT;
  if (!decoder->opened) return NIC_WRONG_STATE;
  nic::FillInfo(decoder->file, info);
  return NIC_OK;
}

nic_status nic_decoder_set_region(nic_decoder* decoder, uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&] { return nic::SetRegion(*decoder, x, y, width, height); });
}

nic_status nic_decoder_metadata(nic_decoder* decoder, nic_metadata kind, const uint8_t** bytes, size_t* size) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    if (!bytes || !size) return nic::InvalidArgument("bytes, size: null");
    *bytes = nullptr;
    *size = 0;
    nic::Buffer<uint8_t>* content = nullptr;
    NIC_RETURN_IF_ERROR(nic::ReadMetadata(*decoder, nic::NumberOf(kind), &content));
    *size = content->size();
    if (*size) *bytes = content->data();
    return {};
  });
}

nic_status nic_decoder_premultiplied(nic_decoder* decoder, int* premultiplied) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    if (!premultiplied) return nic::InvalidArgument("premultiplied: null");
    return nic::IsPremultiplied(*decoder, premultiplied);
  });
}

nic_status nic_decoder_decode(nic_decoder* decoder, const nic_image* image) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    if (!image) return nic::InvalidArgument("image: null");
    return nic::DecodeInto(*decoder, *image);
  });
}

nic_status nic_decoder_decode_rows(nic_decoder* decoder, nic_rows_callback callback, void* user) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&] { return nic::DecodeToCallback(*decoder, callback, user); });
}

nic_status nic_decoder_memory(nic_decoder* decoder, uint64_t* bytes) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    if (!bytes) return nic::InvalidArgument("bytes: null");
    *bytes = 0;
    return nic::EstimateMemory(*decoder, bytes);
  });
}

uint64_t nic_decoder_damaged_slices(const nic_decoder* decoder) { return decoder ? decoder->damaged : 0; }

const nic_error* nic_decoder_error(const nic_decoder* decoder) { return decoder ? &decoder->error : nullptr; }
