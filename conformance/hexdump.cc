// Prints format-spec/hexdump.md: a whole small file, written by the public encoder, with every byte explained.
//
//   conformance_hexdump MODEL.nicm              prints the document
//   conformance_hexdump MODEL.nicm DOCUMENT     compares with it: exits with 1 where it differs
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "codec/prepared_model.h"
#include "codec/slice_context.h"
#include "codec/slice_decoder.h"
#include "codec/slice_layout.h"
#include "container/bytes.h"
#include "container/file.h"
#include "container/package.h"
#include "entropy/rans.h"
#include "model/model_section.h"
#include "nic/nic.h"

namespace nic {
namespace {

constexpr uint32_t kWidth = 20;
constexpr uint32_t kHeight = 12;
constexpr double kQuality = 40;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "conformance_hexdump: %s\n", what.c_str());
  std::exit(1);
}

void Require(const Status& status) {
  if (!status.ok()) Fail(status.message());
}

std::string ReadText(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (!file) Fail(std::string(path) + ": cannot be read");
  std::string text(1 << 20, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// The document, line by line, with a place in the file.
class Document {
 public:
  explicit Document(std::span<const uint8_t> file) : file_(file) {}

  [[gnu::format(printf, 2, 3)]] void Line(const char* format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    text_ += line;
    text_ += '\n';
  }
  void Begin() {
    Line("| place | bytes | field | value |");
    Line("| --- | --- | --- | --- |");
  }
  // The next `size` bytes.
  void Field(size_t size, const char* name, const std::string& value) {
    std::string hex;
    for (size_t i = 0; i < size; ++i) {
      char digits[4];
      std::snprintf(digits, sizeof digits, "%02X", file_[at_ + i]);
      if (i) hex += ' ';
      hex += digits;
    }
    Line("| %zu | `%s` | %s | %s |", at_, hex.c_str(), name, value.c_str());
    at_ += size;
  }
  size_t at() const { return at_; }
  const std::string& text() const { return text_; }

 private:
  std::span<const uint8_t> file_;
  size_t at_ = 0;
  std::string text_;
};

std::string Number(uint64_t value) { return std::to_string(value); }
std::string Hex(const char* format, uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Red falls to the right, green rises downwards, blue is a chessboard.
std::vector<uint8_t> MakePixels() {
  std::vector<uint8_t> pixels;
  for (uint32_t y = 0; y < kHeight; ++y) {
    for (uint32_t x = 0; x < kWidth; ++x) {
      pixels.push_back(static_cast<uint8_t>(250 - 10 * x));
      pixels.push_back(static_cast<uint8_t>(20 * y));
      pixels.push_back(static_cast<uint8_t>((x / 4 + y / 4) % 2 ? 200 : 60));
    }
  }
  return pixels;
}

std::vector<uint8_t> EncodeFile(nic_context* context, uint32_t model_id) {
  std::vector<uint8_t> pixels = MakePixels();
  const nic_image image = {kWidth, kHeight, NIC_RGB8, size_t{3} * kWidth, pixels.data()};
  nic_encoder* encoder = nullptr;
  if (nic_encoder_new(context, &encoder, nullptr) != NIC_OK) Fail("no encoder");
  nic_encoder_set(encoder, NIC_ENCODER_MODEL_ID, model_id);
  nic_encoder_set(encoder, NIC_ENCODER_QUALITY, kQuality);
  nic_encoder_set(encoder, NIC_ENCODER_EFFORT, 1);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  if (nic_encoder_encode(encoder, &image, 0, &bytes, &size, nullptr) != NIC_OK) Fail(nic_encoder_error(encoder)->message);
  std::vector<uint8_t> file(bytes, bytes + size);
  nic_encoder_free(encoder);
  return file;
}

void WriteHeader(const FileHeader& header, Document* document) {
  document->Begin();
  document->Field(8, "`signature`", "the byte 8A, \"NIC\", CR LF SUB LF");
  document->Field(1, "`version`", "`version_major` " + Number(header.version_major) + ", `version_minor` " + Number(header.version_minor));
  document->Field(1, "`flags`",
                  "`channels_code` " + Number(static_cast<uint64_t>(header.channels_code)) + " (RGB), `bit_depth_code` 0 (8 bits), `lanes_log2` " +
                      Number(header.lanes_log2) + " (" + Number(static_cast<uint64_t>(header.lanes())) + " lane)");
  document->Field(static_cast<size_t>(VarintSize(header.width)), "`width`", Number(header.width));
  document->Field(static_cast<size_t>(VarintSize(header.height)), "`height`", Number(header.height));
  document->Field(static_cast<size_t>(VarintSize(header.model_id)), "`model_id`", Number(header.model_id));
  document->Field(3, "`model_digest`", Hex("0x%06X", header.model_digest));
  document->Field(1, "`gain`",
                  "`gain_level` " + Number(header.gain_level) + ", `slice_side_code` " + Number(header.slice_side_code) + " (" +
                      Number(header.slice_side()) + " pixels)");
  document->Field(1, "`interpolation`", Number(header.interpolation));
  document->Field(2, "`check`", "CRC-16 of the bytes 0 .. " + Number(document->at() - 1));
}

void WriteLatents(const FileReader& file, Document* document) {
  const CodedSlice& slice = file.slices()[0];
  document->Begin();
  document->Field(1, "`element_type`", "0x01: latents");
  document->Field(static_cast<size_t>(VarintSize(file.latents().payload_size)), "`payload_size`",
                  Number(file.latents().payload_size) + ": up to the end of the file");
  document->Field(4, "`check`", Hex("0x%08X", slice.check) + ": XXH32 of what follows in the last section");
  document->Field(static_cast<size_t>(VarintSize(slice.hyper_size)), "`hyper_size`", Number(slice.hyper_size) + " bytes of `stream`");
  const uint8_t* state = slice.stream.data();
  document->Field(4, "`stream`: state of lane 0",
                  Hex("0x%08X", state[0] | state[1] << 8 | state[2] << 16 | static_cast<uint32_t>(state[3]) << 24));
  if (slice.hyper_size > 4) document->Field(slice.hyper_size - 4, "`stream`: refills", "read while decoding the hyper-latents");
  document->Field(slice.stream.size() - slice.hyper_size, "`stream`: refills", "read while decoding the latents");
}

void WriteTensorRow(const char* name, const int16_t* samples, int channels, Document* document) {
  std::string list;
  for (int c = 0; c < channels; ++c) list += (c ? ", " : "") + std::to_string(samples[c]);
  document->Line("| %s | %s |", name, list.c_str());
}

// Decodes the slice once more, for the hyper-latents, which libnic keeps to itself.
void WriteDecoded(const FileReader& file, const PreparedModel& model, Memory& memory, Document* document) {
  const SliceLayout layout(kWidth, kHeight, file.header().slice_side(), model.decoder());
  const Rect place = layout.Latents(0);
  Serial serial;
  SliceContext context(model, place.height(), place.width(), serial, memory);
  TensorBuffer& z = context.hyper_latents();
  std::vector<uint16_t> tables;
  for (size_t i = 0; i < z.size(); ++i) tables.push_back(model.HyperTable(static_cast<int>(i % static_cast<size_t>(z.channels()))));
  Decoder decoder;
  Require(decoder.Begin(file.slices()[0].stream, file.header().lanes()));
  Require(decoder.Decode(model.tables(), tables, z.data()));
  TensorWindow latents(memory, place, model.decoder().latent_channels);
  Require(DecodeSlice(model, file.slices()[0], file.header().lanes(), place, serial, memory, &latents));
  document->Line("| tensor, (row, column) | channels |");
  document->Line("| --- | --- |");
  WriteTensorRow("hyper-latents (0, 0)", z.at(0, 0), z.channels(), document);
  for (int64_t x = 0; x < place.width(); ++x) {
    const std::string name = "latents (0, " + std::to_string(x) + ")";
    WriteTensorRow(name.c_str(), latents.at(0, x), model.decoder().latent_channels, document);
  }
}

void WritePixels(nic_context* context, const std::vector<uint8_t>& bytes, Document* document) {
  nic_image image;
  if (nic_decode(context, bytes.data(), bytes.size(), &image, nullptr) != NIC_OK) Fail("the file does not decode");
  std::string row;
  for (uint32_t x = 0; x < 6; ++x) {
    const uint8_t* pixel = image.pixels + size_t{3} * x;
    row += (x ? ", " : "") + std::string("(") + Number(pixel[0]) + " " + Number(pixel[1]) + " " + Number(pixel[2]) + ")";
  }
  document->Line("Row 0 of the pixels begins with %s.", row.c_str());
  nic_free(context, image.pixels);
}

std::unique_ptr<PreparedModel> LoadModel(std::span<const uint8_t> package, Memory& memory, PackageReader* reader) {
  Require(reader->Open(package));
  Buffer<uint8_t> raw;
  Require(reader->Unpack(*reader->Find(SectionType::kDecoder), &raw, memory));
  DecoderModel decoder(memory);
  Require(ReadDecoderSection({raw.data(), raw.size()}, &decoder));
  std::unique_ptr<PreparedModel> model;
  Require(PreparedModel::Prepare(std::move(decoder), Target::kScalar, memory, &model));
  return model;
}

std::string WriteDocument(const std::string& package) {
  Memory memory;
  PackageReader reader(memory);
  const std::span<const uint8_t> package_bytes(reinterpret_cast<const uint8_t*>(package.data()), package.size());
  const std::unique_ptr<PreparedModel> model = LoadModel(package_bytes, memory, &reader);
  nic_context* context = nullptr;
  if (nic_context_new(nullptr, &context, nullptr) != NIC_OK) Fail("no context");
  if (nic_context_add_model(context, package.data(), package.size(), nullptr, nullptr, nullptr) != NIC_OK) Fail("no model");
  const std::vector<uint8_t> bytes = EncodeFile(context, reader.model_id());
  FileReader file(memory);
  Require(file.Open(bytes));
  Require(file.FindSlices(SliceGrid::Of(kWidth, kHeight, file.header().slice_side())));

  Document document(bytes);
  document.Line("# A whole file, byte by byte");
  document.Line("%s", "");
  document.Line("Version 1.0, 2026-11-21. Part of the [nic format](README.md). Written by `conformance_hexdump` (conformance/hexdump.cc) from");
  document.Line("what the encoder really gives; a test compares. A picture of %u x %u pixels, red falling to the right, green rising", kWidth, kHeight);
  document.Line("downwards, blue a chessboard, is encoded at quality %g with the model `conformance/models/checkerboard.nicm`. The file", kQuality);
  document.Line("has %zu bytes.", bytes.size());
  document.Line("\n## Header (container.md, section 3)\n");
  WriteHeader(file.header(), &document);
  document.Line("\n## Latents (container.md, sections 4 and 5)\n");
  document.Line("The picture is one slice of %" PRId64 " x %" PRId64 " latent positions, so that there is no index.\n",
                int64_t{(kWidth + 15) / 16}, int64_t{(kHeight + 15) / 16});
  WriteLatents(file, &document);
  if (document.at() != bytes.size()) Fail("not every byte is explained");
  document.Line("\n## What it decodes to (codec.md)\n");
  WriteDecoded(file, *model, memory, &document);
  document.Line("%s", "");
  WritePixels(context, bytes, &document);
  nic_context_free(context);
  return document.text();
}

}  // namespace
}  // namespace nic

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "Usage: conformance_hexdump MODEL.nicm [DOCUMENT]\n");
    return 2;
  }
  const std::string text = nic::WriteDocument(nic::ReadText(argv[1]));
  if (argc == 2) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (nic::ReadText(argv[2]) == text) return 0;
  std::fprintf(stderr, "%s is not what the code gives; made anew by: conformance_hexdump %s > %s\n", argv[2], argv[1], argv[2]);
  return 1;
}
