#include "nicdec/decoder.h"

#include <cstdio>

#include "tools/input_file.h"
#include "tools/number.h"
#include "tools/stopwatch.h"

namespace nic::tools {
namespace {

constexpr uint64_t kDefaultMaxFile = uint64_t{2} << 30;

// The channels that a format asks for; 0 for the file's own.
int ChannelsOf(PictureFormat format) {
  if (format == PictureFormat::kPgm) return NIC_GREY8;
  return format == PictureFormat::kPpm ? NIC_RGB8 : 0;
}

// Where decoded rows go, and what became of writing them.
struct Sink {
  PictureWriter* writer;
  Outcome outcome;
  uint32_t rows_written;
};

int TakeRows(void* user, uint32_t, uint32_t rows, const uint8_t* pixels, size_t stride) {
  auto* sink = static_cast<Sink*>(user);
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
  nic_info info = {};
  nic_error error = {};
  const nic_status status = nic_read_info(head.data(), head.size(), &options_->limits, &info, &error);
  if (status != NIC_OK && status != NIC_TRUNCATED) return Outcome::Library(error);
  const uint64_t limit = options_->limits.max_memory ? options_->limits.max_memory : kDefaultMaxFile;
  NIC_TOOLS_RETURN_IF_FAILED(file.ReadAll(limit, &bytes_));
  if (nic_decoder_open(decoder_, bytes_.data(), bytes_.size()) == NIC_OK) return {};
  return Outcome::Library(*nic_decoder_error(decoder_));
}

Outcome Decoder::WritePicture(const nic_info& info, PictureFormat format, OutputFile* output) {
  const int channels = ChannelsOf(format);
  if (nic_decoder_set(decoder_, NIC_DECODER_FORMAT, channels) != NIC_OK) {
    return Outcome::Library(*nic_decoder_error(decoder_));
  }
  const std::unique_ptr<PictureWriter> writer = NewPictureWriter(format, output);
  NIC_TOOLS_RETURN_IF_FAILED(
      writer->Begin(info.width, info.height, channels ? static_cast<nic_pixel_format>(channels) : info.format));
  Sink sink = {writer.get(), {}, 0};
  const nic_status status = nic_decoder_decode_rows(decoder_, TakeRows, &sink);
  NIC_TOOLS_RETURN_IF_FAILED(sink.outcome);
  const Outcome decoded = status == NIC_OK ? Outcome() : Outcome::Library(*nic_decoder_error(decoder_));
  // With --keep-going a damaged file still gives every row, and the failure goes on to the exit status.
  if (!decoded.ok() && !(options_->keep_going && sink.rows_written == info.height)) return decoded;
  NIC_TOOLS_RETURN_IF_FAILED(writer->End());
  NIC_TOOLS_RETURN_IF_FAILED(output->Commit());
  return decoded;
}

Outcome Decoder::Decode(const Job& job, PictureFormat format) {
  const Stopwatch stopwatch;
  NIC_TOOLS_RETURN_IF_FAILED(Load(job.input));
  nic_info info = {};
  if (nic_decoder_info(decoder_, &info) != NIC_OK) return Outcome::Library(*nic_decoder_error(decoder_));
  OutputFile output;
  NIC_TOOLS_RETURN_IF_FAILED(output.Open(job.output));
  const Outcome outcome = WritePicture(info, format, &output);
  if (outcome.ok()) Tell(job, info, stopwatch.seconds());
  return outcome;
}

void Decoder::Tell(const Job& job, const nic_info& info, double seconds) {
  const double megapixels = 1e-6 * info.width * info.height;
  char line[256];
  std::snprintf(line, sizeof line,
                "%u x %u %s, %s bytes, %.3f bpp, %.3f s, %.1f megapixels a second, peak memory %.0f MB", info.width,
                info.height, info.format == NIC_GREY8 ? "grey" : "RGB", Grouped(info.file_size).c_str(),
                static_cast<double>(info.file_size) * 8e-6 / megapixels, seconds, megapixels / seconds,
                static_cast<double>(nic_context_peak_memory(context_.get())) * 1e-6);
  report_->Detail(job.input, line);
}

}  // namespace nic::tools
