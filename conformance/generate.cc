// Makes random valid models and files, and says what decoding them gives: the other side of cross_check.py.
//
//   conformance_generate COUNT SEED FOLDER
//
// writes for each model M    mM.nicm, and mM.ppm with mM.analysed: a picture and the analysis' output for it
//        for each file N     mM-N.nic, mM-N.latents (z and y of each slice), mM-N.pixels (samples, interleaved, alpha
//                            last), mM-N.pixels-8 and mM-N.pixels-16 (the same of the smaller pictures)
// with 16-bit numbers low byte first. The pixels are what the public API gives, by another target for each file.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "codec/analysis.h"
#include "container/package.h"
#include "intnet/graphs.h"
#include "intnet/kernel.h"
#include "nic/nic.h"
#include "random_file.h"
#include "random_model.h"

namespace nic::conformance {
namespace {

using testing::Draw;
using testing::OneIn;

constexpr int kFilesForModel = 3;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "conformance_generate: %s\n", what.c_str());
  std::exit(1);
}

void Require(const Status& status, const std::string& what) {
  if (!status.ok()) Fail(what + ": " + status.message());
}

void WriteBytes(const std::string& path, const void* bytes, size_t size) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  const bool written = file && std::fwrite(bytes, 1, size, file) == size;
  if ((file && std::fclose(file) != 0) || !written) Fail(path + ": cannot be written");
}

int DrawSide(std::mt19937& random) {
  return OneIn(random, 3) ? Draw(random, 1, 17) : OneIn(random, 3) ? Draw(random, 60, 70) : Draw(random, 1, 150);
}

// The reading side: a context of the public API with the package added.
class Reader {
 public:
  Reader(const std::vector<uint8_t>& package, Target target) {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    options.target = TargetName(target);
    nic_error error;
    if (nic_context_new(&options, &context_, &error) != NIC_OK ||
        nic_context_add_model(context_, package.data(), package.size(), nullptr, nullptr, &error) != NIC_OK) {
      Fail(std::string("context: ") + error.message);
    }
  }
  ~Reader() { nic_context_free(context_); }

  std::vector<uint8_t> Decode(const std::vector<uint8_t>& file) {
    nic_image image;
    nic_error error;
    if (nic_decode(context_, file.data(), file.size(), &image, &error) != NIC_OK) {
      Fail(std::string("a valid file is refused: ") + error.message);
    }
    std::vector<uint8_t> pixels(image.pixels, image.pixels + image.stride * image.height);
    nic_free(context_, image.pixels);
    return pixels;
  }

  // A picture that is `scale` times smaller.
  std::vector<uint8_t> DecodeSmaller(const std::vector<uint8_t>& file, uint32_t scale) {
    nic_decoder* decoder = nullptr;
    nic_info info;
    const bool opened = nic_decoder_new(context_, &decoder, nullptr) == NIC_OK &&
                        nic_decoder_set(decoder, NIC_DECODER_SCALE, scale) == NIC_OK &&
                        nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK &&
                        nic_decoder_info(decoder, &info) == NIC_OK;
    if (!opened) Fail("a valid file does not open");
    const uint32_t width = nic_scaled_side(info.width, scale), height = nic_scaled_side(info.height, scale);
    const size_t stride = size_t{width} * nic_format_bytes(info.format);
    std::vector<uint8_t> pixels(stride * height);
    const nic_image image = {width, height, info.format, stride, pixels.data()};
    if (nic_decoder_decode(decoder, &image) != NIC_OK) {
      Fail(std::string("a smaller picture does not decode: ") + nic_decoder_error(decoder)->message);
    }
    nic_decoder_free(decoder);
    return pixels;
  }

  // Decodes a random region and compares it with the whole picture.
  void CheckRegion(const std::vector<uint8_t>& file, const std::vector<uint8_t>& whole, std::mt19937& random) {
    nic_decoder* decoder = nullptr;
    nic_info info;
    const bool opened = nic_decoder_new(context_, &decoder, nullptr) == NIC_OK &&
                        nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK &&
                        nic_decoder_info(decoder, &info) == NIC_OK;
    if (!opened) Fail("a valid file does not open");
    const auto x = static_cast<uint32_t>(Draw(random, 0, static_cast<int>(info.width) - 1));
    const auto y = static_cast<uint32_t>(Draw(random, 0, static_cast<int>(info.height) - 1));
    const auto width = static_cast<uint32_t>(Draw(random, 1, static_cast<int>(info.width - x)));
    const auto height = static_cast<uint32_t>(Draw(random, 1, static_cast<int>(info.height - y)));
    const size_t samples = nic_format_bytes(info.format), stride = samples * width, whole_stride = samples * info.width;
    std::vector<uint8_t> part(stride * height);
    const nic_image image = {width, height, info.format, stride, part.data()};
    if (nic_decoder_set_region(decoder, x, y, width, height) != NIC_OK ||
        nic_decoder_decode(decoder, &image) != NIC_OK) {
      Fail(std::string("a region does not decode: ") + nic_decoder_error(decoder)->message);
    }
    for (uint32_t row = 0; row < height; ++row) {
      const uint8_t* expected = whole.data() + (y + row) * whole_stride + x * samples;
      if (!std::equal(expected, expected + stride, part.data() + row * stride))
        Fail("a region is not the crop of the whole");
    }
    nic_decoder_free(decoder);
  }

 private:
  nic_context* context_ = nullptr;
};

class Generator {
 public:
  Generator(uint32_t seed, std::string folder) : seed_(seed), folder_(std::move(folder)) {}

  void Generate(int count) {
    for (int number = 0; number * kFilesForModel < count; ++number) {
      GenerateModel(number, std::min(kFilesForModel, count - number * kFilesForModel));
    }
  }

 private:
  void GenerateModel(int number, int files) {
    std::mt19937 random(seed_ * 1000003u + static_cast<uint32_t>(number));
    Memory memory;
    RandomModel model(memory);
    FillRandomModel(random, {}, memory, &model);
    PackageChoices choices;
    choices.id = OneIn(random, 4) ? static_cast<uint32_t>(random()) : static_cast<uint32_t>(Draw(random, 1000, 9999));
    choices.version = static_cast<uint32_t>(Draw(random, 0, 300));
    choices.notes = OneIn(random, 3);
    choices.zstd_level = Draw(random, 1, 19);
    const std::vector<std::vector<int>> previews = {{}, {8}, {16}, {8, 16}};
    AddRandomPreviews(random, previews[static_cast<size_t>(Draw(random, 0, 3))], memory, &model);
    if (OneIn(random, 2)) AddRandomDeblocking(random, {.extreme = OneIn(random, 6)}, memory, &model);
    const std::string name = folder_ + "/m" + std::to_string(number);
    const std::vector<uint8_t> package = MakePackage(model, choices, memory);
    WriteBytes(name + ".nicm", package.data(), package.size());

    PackageReader reader(memory);
    Require(reader.Open(package), name);
    std::unique_ptr<PreparedModel> prepared;
    Require(PreparedModel::Prepare(std::move(model.decoder), Target::kScalar, memory, &prepared), name);
    if (model.deblocking) Require(prepared->PrepareDeblocking(*model.deblocking, Target::kScalar, memory), name);
    Require(prepared->PrepareEncoder(std::move(model.encoder), BestTarget(), memory), name);
    GenerateAnalysis(name, random, *prepared, memory);
    const auto kernels = SupportedKernels();
    for (int i = 0; i < files; ++i) {
      const Target target = kernels[static_cast<size_t>(number + i) % kernels.size()]->target;
      Reader decoder(package, target);
      GenerateFile(name + "-" + std::to_string(i), random, *prepared, reader, &decoder, memory);
    }
  }

  void GenerateAnalysis(const std::string& name, std::mt19937& random, const PreparedModel& model, Memory& memory) {
    const auto width = static_cast<uint32_t>(Draw(random, 1, 70)), height = static_cast<uint32_t>(Draw(random, 1, 70));
    std::vector<uint8_t> pixels(size_t{3} * width * height);
    for (uint8_t& sample : pixels) sample = static_cast<uint8_t>(random());
    const PixelView picture{width, height, 3, size_t{3} * width, pixels.data()};
    const int factor = model.decoder().latent_factor;
    TensorBuffer analysed(memory, (int64_t{height} + factor - 1) / factor, (int64_t{width} + factor - 1) / factor,
                          model.decoder().latent_channels);
    Serial serial;
    AnalysisRun analysis(model.analysis(), factor, picture, serial, memory);
    Require(analysis.Begin(), name);
    const auto take = [&](const ConstTensorView& rows) -> Status {
      for (int64_t y = rows.rect.y0; y < rows.rect.y1; ++y) {
        CopyRow(rows.at(y, 0), rows.pixel_stride, analysed.at(y, 0), rows.channels, rows);
      }
      return {};
    };
    Require(analysis.Push(picture, Progress(), take), name);
    const std::string head = "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
    pixels.insert(pixels.begin(), head.begin(), head.end());
    WriteBytes(name + ".ppm", pixels.data(), pixels.size());
    WriteBytes(name + ".analysed", analysed.data(), analysed.size() * sizeof(int16_t));
  }

  void GenerateFile(const std::string& name, std::mt19937& random, const PreparedModel& model,
                    const PackageReader& package, Reader* decoder, Memory& memory) {
    FileChoices choices;
    FileHeader& header = choices.header;
    header.width = static_cast<uint32_t>(DrawSide(random));
    header.height = static_cast<uint32_t>(DrawSide(random));
    header.channels_code = OneIn(random, 3) ? ChannelsCode::kGrey : ChannelsCode::kRgb;
    header.bit_depth_code = OneIn(random, 3) ? BitDepthCode::k16 : BitDepthCode::k8;
    header.model_id = package.model_id();
    header.model_digest = package.short_digest();
    DrawHeader(random, model.decoder(), &header);
    if (OneIn(random, 3)) choices.metadata = DrawMetadata(random);
    if (OneIn(random, 5)) choices.alpha = DrawAlpha(random, header.width, header.height, header.bit_depth(), memory);
    if (OneIn(random, 4)) choices.gain_map = DrawGainMap(random, header, model.decoder(), memory);
    if (OneIn(random, 4)) choices.symbols = static_cast<Symbols>(Draw(random, 1, 3));
    RandomFile file;
    Require(MakeRandomFile(random, model, choices, memory, &file), name);
    WriteBytes(name + ".nic", file.bytes.data(), file.bytes.size());
    std::vector<int16_t> latents;
    for (const std::vector<int16_t>& slice : file.slices) latents.insert(latents.end(), slice.begin(), slice.end());
    WriteBytes(name + ".latents", latents.data(), latents.size() * sizeof(int16_t));
    const std::vector<uint8_t> pixels = decoder->Decode(file.bytes);
    WriteBytes(name + ".pixels", pixels.data(), pixels.size());
    for (const int scale : kPreviewScales) {
      const std::vector<uint8_t> smaller = decoder->DecodeSmaller(file.bytes, static_cast<uint32_t>(scale));
      WriteBytes(name + ".pixels-" + std::to_string(scale), smaller.data(), smaller.size());
    }
    for (int i = 0; i < 3; ++i) decoder->CheckRegion(file.bytes, pixels, random);
  }

  uint32_t seed_;
  std::string folder_;
};

}  // namespace
}  // namespace nic::conformance

int main(int argc, char** argv) {
  if (argc != 4 || std::string_view(argv[1]) == "--help") {
    std::fprintf(argc == 2 ? stdout : stderr, "Usage: conformance_generate COUNT SEED FOLDER\n");
    return argc == 2 ? 0 : 2;
  }
  std::filesystem::create_directories(argv[3]);
  nic::conformance::Generator(static_cast<uint32_t>(std::atol(argv[2])), argv[3]).Generate(std::atoi(argv[1]));
  return 0;
}
