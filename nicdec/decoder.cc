#include "nicdec/decoder.h"

#include <algorithm>
#include <cstdio>

#include "tools/exif.h"
#include "tools/fitting_writer.h"
#include "tools/input_file.h"
#include "tools/number.h"
#include "tools/stopwatch.h"
#include "tools/turning_writer.h"

namespace nic::tools {
namespace {

constexpr uint64_t kDefaultMaxFile = uint64_t{2} << 30;

// The samples that a picture file of this kind gets, of `depth` bits unless that is 0. Only PNG and PAM have alpha.
nic_pixel_format SamplesFor(PictureFormat format, nic_pixel_format own, uint32_t depth) {
  const uint32_t deep = (depth ? depth : nic_format_depth(own)) == 16 ? 16 : 0;
  const bool alpha = format == PictureFormat::kPng || format == PictureFormat::kPam;
  uint32_t channels = nic_format_channels(alpha ? own : WithoutAlpha(own));
  if (format == PictureFormat::kPgm) channels = 1;
  if (format == PictureFormat::kPpm) channels = 3;
  return static_cast<nic_pixel_format>(channels + deep);
}

// Where decoded rows go, and what became of writing them.
struct Sink {
  PictureWriter* writer;
  Outcome outcome;
  uint32_t rows_written;
  uint32_t width;
  nic_pixel_format format;
  bool premultiplied;
  std::vector<uint8_t> straight;
};

// Divides the colours of pixels by their alpha.
template <typename Sample>
void DivideByAlpha(Sample* pixel, size_t pixels, size_t channels) {
  constexpr uint64_t kOpaque = static_cast<Sample>(-1);
  for (size_t i = 0; i < pixels; ++i, pixel += channels) {
    const uint64_t alpha = pixel[channels - 1];
    for (size_t c = 0; c + 1 < channels; ++c) {
      const uint64_t colour = alpha ? (pixel[c] * kOpaque + alpha / 2) / alpha : 0;
      pixel[c] = static_cast<Sample>(std::min(colour, kOpaque));
    }
  }
}

// PNG holds straight alpha.
void MakeStraight(const uint8_t* pixels, uint32_t rows, size_t stride, Sink* sink) {
  const size_t row_bytes = size_t{sink->width} * nic_format_bytes(sink->format);
  const size_t channels = nic_format_channels(sink->format);
  sink->straight.resize(row_bytes * rows);
  for (uint32_t y = 0; y < rows; ++y) {
    uint8_t* row = sink->straight.data() + y * row_bytes;
    std::copy_n(pixels + y * stride, row_bytes, row);
    if (nic_format_depth(sink->format) == 16) {
      DivideByAlpha(reinterpret_cast<uint16_t*>(row), sink->width, channels);
    } else {
      DivideByAlpha(row, sink->width, channels);
    }
  }
}

int TakeRows(void* user, uint32_t, uint32_t rows, const uint8_t* pixels, size_t stride) {
  auto* sink = static_cast<Sink*>(user);
  if (sink->premultiplied) {
    MakeStraight(pixels, rows, stride, sink);
    pixels = sink->straight.data();
    stride = sink->straight.size() / rows;
  }
  sink->outcome = sink->writer->Write(pixels, rows, stride);
  sink->rows_written += rows;
  return sink->outcome.ok() ? 0 : 1;
}

}  // namespace

Outcome Decoder::Open() {
  NIC_TOOLS_RETURN_IF_FAILED(context_.Open(*options_, report_));
  nic_error error = {};
  if (nic_decoder_new(context_.get(), &decoder_, &error) != NIC_OK) return Outcome::Library(error);
  if (!options_->model.empty()) {
    uint32_t id = 0;
    const Outcome found = context_.FindModel(options_->model, &id);
    if (!found.ok()) return Outcome::Failure(found.exit_status(), options_->model, found.text());
  }
  if (nic_decoder_set(decoder_, NIC_DECODER_KEEP_GOING, options_->keep_going) != NIC_OK) {
    return Outcome::Library(*nic_decoder_error(decoder_));
  }
  return {};
}

// Reads a file and opens it, looking at its beginning first so that a huge file of another kind is refused quickly.
Outcome Decoder::Load(const std::string& path) {
  InputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  const std::span<const uint8_t> head = file.Peek(InputFile::kWindow);
  NIC_TOOLS_RETURN_IF_FAILED(file.status());
  if (head.empty()) return Outcome::Failure(kExitTruncated, "truncated file", "it is empty");
  nic_info info = {};
  nic_error error = {};
  const nic_status status = nic_read_info(head.data(), head.size(), &options_->limits, &info, &error);
  if (status != NIC_OK && status != NIC_TRUNCATED) return Outcome::Library(error);
  const uint64_t limit = options_->limits.max_memory ? options_->limits.max_memory : kDefaultMaxFile;
  NIC_TOOLS_RETURN_IF_FAILED(file.ReadAll(limit, &bytes_));
  if (nic_decoder_open(decoder_, bytes_.data(), bytes_.size()) == NIC_OK) return {};
  return Outcome::Library(*nic_decoder_error(decoder_));
}

// Restricts decoding to the region, whose sides then stand in *info.
Outcome Decoder::SetRegion(nic_info* info) {
  if (!options_->region) return {};
  const Region& region = *options_->region;
  if (nic_decoder_set_region(decoder_, region.x, region.y, region.width, region.height) != NIC_OK) {
    // The message begins with the name of the argument, "region".
    return Outcome::Failure(kExitUsage, std::string("--") + nic_decoder_error(decoder_)->message);
  }
  info->width = region.width;
  info->height = region.height;
  return {};
}

// Makes the result smaller as --scale says; its sides then stand in *info.
Outcome Decoder::SetScale(nic_info* info) {
  uint32_t scale = options_->scale;
  if (scale == 0) {
    const uint32_t longer = std::max(info->width, info->height);
    scale = 16;
    while (scale > 1 && nic_scaled_side(longer, scale) < options_->fit) scale = scale == 16 ? 8 : 1;
  }
  if (nic_decoder_set(decoder_, NIC_DECODER_SCALE, scale) != NIC_OK) {
    return Outcome::Library(*nic_decoder_error(decoder_));
  }
  info->width = nic_scaled_side(info->width, scale);
  info->height = nic_scaled_side(info->height, scale);
  return {};
}

// Metadata that are damaged or beyond the limit never keep a picture from being decoded (format-spec/elements.md): they
// are left out with a warning.
Outcome Decoder::ReadMetadata(const Job& job, Metadata* metadata) {
  for (const MetadataKind& kind : kMetadataKinds) {
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    if (nic_decoder_metadata(decoder_, kind.kind, &bytes, &size) == NIC_OK) {
      if (size) (metadata->*kind.content).assign(bytes, bytes + size);
      continue;
    }
    const nic_error& error = *nic_decoder_error(decoder_);
    const Outcome outcome = Outcome::Library(error);
    if (error.status != NIC_MALFORMED && error.status != NIC_LIMIT_METADATA) return outcome;
    report_->Warn(job.input, outcome.text());
  }
  return {};
}

uint32_t Decoder::TakeOrientation(const Job& job, PictureFormat format, Metadata* metadata) {
  const uint32_t orientation = ExifOrientation(metadata->exif);
  if (!options_->auto_orient) {
    if (orientation != 1 && format != PictureFormat::kPng) {
      report_->Note(job.input, "PNM has no place for the Exif orientation; --auto-orient applies it");
    }
    return 1;
  }
  ResetExifOrientation(&metadata->exif);
  ResetXmpOrientation(&metadata->xmp);
  return orientation;
}

Outcome Decoder::WritePicture(const Job& job, const nic_info& info, PictureFormat format, Metadata metadata,
                              OutputFile* output) {
  const nic_pixel_format samples = SamplesFor(format, info.format, options_->depth);
  if (nic_decoder_set(decoder_, NIC_DECODER_FORMAT, samples) != NIC_OK) {
    return Outcome::Library(*nic_decoder_error(decoder_));
  }
  std::unique_ptr<PictureWriter> writer = NewPictureWriter(format, output);
  if (const uint32_t orientation = TakeOrientation(job, format, &metadata); orientation != 1) {
    writer = std::make_unique<TurningWriter>(std::move(writer), orientation, options_->limits.max_memory);
  }
  if (options_->fit) writer = std::make_unique<FittingWriter>(std::move(writer), options_->fit);
  int premultiplied = 0;
  if (nic_decoder_premultiplied(decoder_, &premultiplied) != NIC_OK) {
    return Outcome::Library(*nic_decoder_error(decoder_));
  }
  NIC_TOOLS_RETURN_IF_FAILED(writer->Begin(info.width, info.height, samples, metadata));
  for (const std::string& note : writer->notes()) report_->Note(job.input, note);
  Sink sink = {writer.get(), {}, 0, info.width, samples, premultiplied && HasAlpha(samples), {}};
  const nic_status status = nic_decoder_decode_rows(decoder_, TakeRows, &sink);
  NIC_TOOLS_RETURN_IF_FAILED(sink.outcome);
  const Outcome decoded = status == NIC_OK ? Outcome() : Outcome::Library(*nic_decoder_error(decoder_));
  // With --keep-going a damaged file still gives every row, and the failure goes on to the exit status.
  if (!decoded.ok() && !(options_->keep_going && sink.rows_written == info.height)) {
    const bool damaged = status == NIC_TRUNCATED || status == NIC_SLICE_DAMAGED;
    return damaged && !options_->keep_going ? decoded.Advising("--keep-going gives what is whole") : decoded;
  }
  NIC_TOOLS_RETURN_IF_FAILED(writer->End());
  NIC_TOOLS_RETURN_IF_FAILED(output->Commit());
  return decoded;
}

Outcome Decoder::Decode(const Job& job, PictureFormat format, Summary* summary) {
  const Stopwatch stopwatch;
  NIC_TOOLS_RETURN_IF_FAILED(Load(job.input));
  nic_info info = {};
  if (nic_decoder_info(decoder_, &info) != NIC_OK) return Outcome::Library(*nic_decoder_error(decoder_));
  if (info.has_alpha && !HasAlpha(SamplesFor(format, info.format, options_->depth)))
    report_->Note(job.input, "PNM has no alpha; it is left out");
  nic_info decoded = info;
  NIC_TOOLS_RETURN_IF_FAILED(SetScale(&decoded));
  NIC_TOOLS_RETURN_IF_FAILED(SetRegion(&decoded));
  Metadata metadata;
  NIC_TOOLS_RETURN_IF_FAILED(ReadMetadata(job, &metadata));
  NIC_TOOLS_RETURN_IF_FAILED(WriteMetadataFiles(options_->wanted, metadata, options_->keep_existing));
  OutputFile output;
  NIC_TOOLS_RETURN_IF_FAILED(output.Open(job.output, options_->keep_existing));
  const bool swaps = options_->auto_orient && TurningWriter::SwapsSides(ExifOrientation(metadata.exif));
  const Outcome outcome = WritePicture(job, decoded, format, std::move(metadata), &output);
  if (options_->fit) {
    const uint32_t longer = std::max(decoded.width, decoded.height);
    decoded.width = FittingWriter::Fitted(decoded.width, longer, options_->fit);
    decoded.height = FittingWriter::Fitted(decoded.height, longer, options_->fit);
  }
  if (swaps) std::swap(decoded.width, decoded.height);
  if (outcome.ok()) Tell(job, info, decoded, stopwatch.seconds());
  summary->Set("width", uint64_t{decoded.width});
  summary->Set("height", uint64_t{decoded.height});
  summary->Set("channels", uint64_t{nic_format_channels(SamplesFor(format, info.format, options_->depth))});
  summary->Set("bytes", output.size());
  summary->Set("damaged_slices", nic_decoder_damaged_slices(decoder_));
  summary->Set("seconds", stopwatch.seconds());
  return outcome;
}

void Decoder::Tell(const Job& job, const nic_info& info, const nic_info& decoded, double seconds) {
  const double megapixels = 1e-6 * decoded.width * decoded.height;
  const double bpp = 8.0 * static_cast<double>(info.file_size) / info.width / info.height;
  char line[256];
  std::snprintf(line, sizeof line,
                "%u x %u %s, %s bytes, %.3f bpp, %.3f s, %.1f megapixels a second, peak memory %.0f MB", decoded.width,
                decoded.height, NameOf(info.format), Grouped(info.file_size).c_str(), bpp, seconds,
                megapixels / seconds, static_cast<double>(nic_context_peak_memory(context_.get())) * 1e-6);
  report_->Detail(job.input, line);
}

}  // namespace nic::tools
