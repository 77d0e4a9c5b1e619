// Makes the models and the valid files of the conformance suite, always the same ones:
//
//   conformance_make FOLDER
//
// writes FOLDER/models/NAME.nicm and FOLDER/valid/NNN-topic/input.nic and recipe.txt, and the same for uncommon/.
// make_suite.py calls it and adds what the files decode to.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "container/package.h"
#include "image/metadata.h"
#include "model/model_section.h"
#include "random_file.h"
#include "random_model.h"
#include "support/small_model.h"

namespace nic::conformance {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "conformance_make: %s\n", what.c_str());
  std::exit(1);
}

void Require(const Status& status, const std::string& what) {
  if (!status.ok()) Fail(what + ": " + status.message());
}

void WriteBytes(const std::string& path, const void* bytes, size_t size) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  const bool written = file && std::fwrite(bytes, 1, size, file) == size;
  if ((file && std::fclose(file) != 0) || !written) Fail(path + ": cannot be written");
}

// One case, in the manner of named arguments.
struct Case {
  std::string topic;
  std::string title;
  std::string model = "checkerboard";
  uint32_t width = 40;
  uint32_t height = 24;
  uint8_t level = 1;
  uint8_t interpolation = 0;
  uint8_t slice_side_code = 4;
  uint8_t lanes_log2 = 0;
  uint8_t version_minor = 0;
  bool grey = false;
  bool alpha = false;
  bool gain_map = false;
  bool deep = false;  // 16 bits
  int scale = 1;      // how many times smaller it is to be decoded
  Symbols symbols = Symbols::kTypical;
  std::vector<MetadataElement> metadata = {};
};

// As elements.md, section 3, has it.
std::vector<uint8_t> Coded(uint8_t coding, const std::vector<uint8_t>& content, Memory& memory) {
  std::vector<uint8_t> payload = {coding};
  if (coding == 0) {
    payload.insert(payload.end(), content.begin(), content.end());
    return payload;
  }
  std::pmr::vector<uint8_t> packed(&memory);
  PackMetadata(ElementType::kXmp, content, memory, &packed);
  if (packed.empty() || packed[0] != coding) Fail("metadata: not packed by zstd");
  return {packed.begin(), packed.end()};
}

std::vector<uint8_t> Payload(size_t size) {
  std::vector<uint8_t> payload(size);
  for (size_t i = 0; i < size; ++i) payload[i] = static_cast<uint8_t>('a' + i % 26);
  return payload;
}

class Maker {
 public:
  explicit Maker(std::string folder) : folder_(std::move(folder)) {}

  void AddModel(const std::string& name, uint32_t id, uint32_t seed, const ModelWishes& wishes,
                const std::vector<int>& previews = {}, const DeblockingWishes* deblocking = nullptr) {
    std::mt19937 random(seed);
    RandomModel model(memory_);
    FillRandomModel(random, wishes, memory_, &model);
    AddRandomPreviews(random, previews, memory_, &model);
    if (deblocking) AddRandomDeblocking(random, *deblocking, memory_, &model);
    PackageChoices choices;
    choices.id = id;
    choices.version = 1;
    choices.name = name;
    choices.with_encoder = false;
    choices.zstd_level = 19;
    AddPackage(name, MakePackage(model, choices, memory_));
  }

  void AddPackage(const std::string& name, const std::vector<uint8_t>& bytes) {
    WriteBytes(folder_ + "/models/" + name + ".nicm", bytes.data(), bytes.size());
    Model& model = models_[name];
    PackageReader reader(memory_);
    Require(reader.Open(bytes), name);
    Buffer<uint8_t> raw;
    Require(reader.Unpack(*reader.Find(SectionType::kDecoder), &raw, memory_), name);
    DecoderModel decoder(memory_);
    Require(ReadDecoderSection({raw.data(), raw.size()}, &decoder), name);
    Require(PreparedModel::Prepare(std::move(decoder), Target::kScalar, memory_, &model.prepared), name);
    if (reader.Find(SectionType::kDeblocking)) CheckDeblocking(name, reader, *model.prepared);
    model.id = reader.model_id();
    model.digest = reader.short_digest();
  }

  void Add(const Case& made, const std::string& group = "valid") {
    char number[16];
    std::snprintf(number, sizeof number, "%03d", ++number_);
    const Model& model = models_.at(made.model);
    FileChoices choices;
    FileHeader& header = choices.header;
    header.width = made.width;
    header.height = made.height;
    header.model_id = model.id;
    header.model_digest = model.digest;
    header.gain_level = made.level;
    header.interpolation = made.interpolation;
    header.slice_side_code = made.slice_side_code;
    header.lanes_log2 = made.lanes_log2;
    header.version_minor = made.version_minor;
    header.channels_code = made.grey ? ChannelsCode::kGrey : ChannelsCode::kRgb;
    header.bit_depth_code = made.deep ? BitDepthCode::k16 : BitDepthCode::k8;
    choices.symbols = made.symbols;
    choices.metadata = made.metadata;
    std::mt19937 random(static_cast<uint32_t>(number_));
    if (made.alpha) choices.alpha = DrawAlpha(random, made.width, made.height, header.bit_depth(), memory_);
    if (made.gain_map) choices.gain_map = DrawGainMap(random, header, model.prepared->decoder(), memory_);
    RandomFile file;
    Require(MakeRandomFile(random, *model.prepared, choices, memory_, &file), made.topic);
    const std::string place = folder_ + "/" + group + "/" + number + "-" + made.topic;
    WriteBytes(place + "/input.nic", file.bytes.data(), file.bytes.size());
    const std::string recipe = made.title + "\n" + made.model + "\n" + std::to_string(made.scale) + "\n";
    WriteBytes(place + "/recipe.txt", recipe.data(), recipe.size());
  }

 private:
  struct Model {
    std::unique_ptr<PreparedModel> prepared;
    uint32_t id = 0;
    uint32_t digest = 0;
  };

  void CheckDeblocking(const std::string& name, const PackageReader& reader, PreparedModel& prepared) {
    Buffer<uint8_t> raw;
    Require(reader.Unpack(*reader.Find(SectionType::kDeblocking), &raw, memory_), name);
    DeblockingModel deblocking(memory_);
    Require(ReadDeblockingSection({raw.data(), raw.size()}, prepared.decoder(), &deblocking), name);
    Require(prepared.PrepareDeblocking(deblocking, Target::kScalar, memory_), name);
  }

  std::string folder_;
  Memory memory_;
  std::map<std::string, Model> models_;
  int number_ = 0;
};

// A package that is there; empty if there is none.
std::vector<uint8_t> ReadPackage(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return {};
  std::vector<uint8_t> bytes(1 << 20);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  return bytes;
}

// The checkerboard model stays once it is there: its maker uses floating point, and need not give the same everywhere.
std::vector<uint8_t> CheckerboardPackage(const std::string& folder) {
  const std::vector<uint8_t> package = ReadPackage(folder + "/models/checkerboard.nicm");
  return package.empty() ? testing::MakeSmallPackage(1, 4000) : package;
}

void AddDeblockingModels(Maker& maker) {
  const auto add = [&](const char* name, uint32_t id, uint32_t seed, const ModelWishes& wishes,
                       const DeblockingWishes& deblocking, const std::vector<int>& previews = {}) {
    maker.AddModel(name, id, seed, wishes, previews, &deblocking);
  };
  add("deblocking-factor-8", 4022, 21122, {.latent_factor = 8, .passes = 1, .levels = 3},
      {.activities = 2, .steps = 3, .filter_bits = 12});
  add("deblocking-factor-16", 4023, 20123, {.latent_factor = 16, .passes = 2, .levels = 3, .output_bits = 7},
      {.activities = 3, .steps = 2, .filter_bits = 11});
  add("deblocking-factor-32", 4024, 9124, {.latent_factor = 32, .passes = 2, .levels = 3, .output_bits = 7},
      {.activities = 1, .steps = 4, .filter_bits = 14}, {8});
  add("deblocking-thresholds-0", 4025, 6125, {.latent_factor = 16, .passes = 1, .levels = 2, .output_bits = 7},
      {.activities = 0, .steps = 0, .filter_bits = 9});
  add("deblocking-thresholds-7", 4026, 20126, {.latent_factor = 32, .passes = 1, .levels = 2, .output_bits = 7},
      {.activities = 7, .steps = 7, .filter_bits = 12});
  add("deblocking-extreme-bits-0", 4027, 127, {.latent_factor = 16, .passes = 1, .levels = 2, .output_bits = 7},
      {.activities = 2, .steps = 0, .filter_bits = 0, .extreme = true});
  add("deblocking-extreme-bits-15", 4028, 128, {.latent_factor = 16, .passes = 1, .levels = 2, .output_bits = 7},
      {.activities = 0, .steps = 2, .filter_bits = 15, .extreme = true});
}

void AddModels(Maker& maker, const std::string& folder) {
  maker.AddPackage("checkerboard", CheckerboardPackage(folder));
  maker.AddPackage("tiny", ReadPackage(folder + "/models/tiny.nicm"));  // make_suite.py makes it
  maker.AddModel("factor-8", 4001, 101, {.latent_factor = 8, .hyper_factor = 8, .passes = 1});
  maker.AddModel("factor-8-hyper-1", 4002, 102, {.latent_factor = 8, .hyper_factor = 1, .passes = 3});
  maker.AddModel("factor-16-hyper-2", 4003, 103, {.latent_factor = 16, .hyper_factor = 2, .passes = 2});
  maker.AddModel("factor-32", 4004, 104, {.latent_factor = 32, .hyper_factor = 2, .passes = 4});
  maker.AddModel("factor-32-hyper-1", 4005, 105, {.latent_factor = 32, .hyper_factor = 1, .passes = 2});
  maker.AddModel("passes-8", 4006, 106, {.latent_factor = 16, .passes = 8});
  maker.AddModel("passes-16", 4007, 107, {.latent_factor = 8, .passes = 16});
  maker.AddModel("levels-16", 4008, 108, {.latent_factor = 16, .passes = 1, .levels = 16});
  maker.AddModel("levels-1", 4009, 109, {.latent_factor = 16, .levels = 1});
  maker.AddModel("scales-255", 4010, 110, {.latent_factor = 16, .passes = 2, .scales = 255, .first_coded_scale = 3});
  maker.AddModel("nothing-coded", 4011, 111, {.latent_factor = 16, .scales = 7, .first_coded_scale = 7});
  maker.AddModel("bits-lowest", 4012, 112, {.latent_factor = 16, .latent_bits = 0, .output_bits = 0});
  maker.AddModel("bits-highest", 4013, 113, {.latent_factor = 16, .latent_bits = 8, .output_bits = 7});
  maker.AddModel("preview-factor-8", 4014, 114, {.latent_factor = 8, .passes = 1, .levels = 3}, {8, 16});
  maker.AddModel("preview-factor-16", 4015, 115, {.latent_factor = 16, .passes = 2, .levels = 3}, {8, 16});
  maker.AddModel("preview-factor-32", 4016, 116, {.latent_factor = 32, .passes = 2, .levels = 3}, {8, 16});
  maker.AddModel("preview-one-scale", 4017, 117, {.latent_factor = 16, .passes = 2, .levels = 3}, {8});
  maker.AddPackage("tiny-bad-preview", ReadPackage(folder + "/models/tiny-bad-preview.nicm"));
  AddDeblockingModels(maker);
}

void AddSizes(Maker& maker) {
  struct Size {
    uint32_t width, height;
  };
  for (const Size size : {Size{1, 1}, {1, 40}, {40, 1}, {16, 16}, {17, 15}, {63, 64}, {64, 64}, {65, 64}, {64, 65},
                          {130, 97}, {200, 3}, {3, 200}, {127, 129}}) {
    const std::string name = std::to_string(size.width) + "x" + std::to_string(size.height);
    maker.Add({.topic = "size-" + name, .title = "A picture of " + name + " pixels", .width = size.width, .height = size.height});
  }
}

void AddLayouts(Maker& maker) {
  maker.Add({.topic = "grey", .title = "Grey", .grey = true});
  maker.Add({.topic = "grey-slices", .title = "Grey in several slices", .width = 130, .height = 97, .slice_side_code = 0, .grey = true});
  maker.Add({.topic = "lanes-2", .title = "Two lanes", .width = 70, .height = 33, .lanes_log2 = 1});
  maker.Add({.topic = "lanes-4", .title = "Four lanes", .width = 70, .height = 33, .lanes_log2 = 2});
  maker.Add({.topic = "lanes-4-one-position", .title = "Four lanes in the smallest slice", .width = 1, .height = 1, .lanes_log2 = 2});
  maker.Add({.topic = "slices-two", .title = "Two slices, the second one pixel wide", .width = 65, .height = 20, .slice_side_code = 0});
  maker.Add({.topic = "slices-column", .title = "Three slices one above the other", .width = 20, .height = 150, .slice_side_code = 0, .lanes_log2 = 1});
  maker.Add({.topic = "slices-six", .title = "3 x 2 slices", .width = 130, .height = 97, .slice_side_code = 0, .lanes_log2 = 2});
  maker.Add({.topic = "slices-whole", .title = "2 x 2 slices without a rest", .width = 128, .height = 128, .slice_side_code = 0});
  maker.Add({.topic = "slices-128", .title = "Slices of 128 pixels", .width = 150, .height = 140, .slice_side_code = 1});
  maker.Add({.topic = "slices-largest", .title = "The largest slice side", .slice_side_code = 15});
  maker.Add({.topic = "minor-1", .title = "A later minor version", .version_minor = 1});
  maker.Add({.topic = "minor-15", .title = "The last minor version", .version_minor = 15});
}

void AddRates(Maker& maker) {
  maker.Add({.topic = "gain-lowest", .title = "The lowest level", .level = 0});
  maker.Add({.topic = "gain-highest", .title = "The highest level", .level = 2});
  for (const int interpolation : {1, 127, 128, 255}) {
    maker.Add({.topic = "gain-interpolation-" + std::to_string(interpolation),
               .title = "Interpolation " + std::to_string(interpolation) + " / 256 from the lowest level",
               .level = 0,
               .interpolation = static_cast<uint8_t>(interpolation)});
  }
  maker.Add({.topic = "gain-level-15", .title = "Level 15", .model = "levels-16", .level = 15});
  maker.Add({.topic = "gain-level-14", .title = "Interpolation up to level 15", .model = "levels-16", .level = 14, .interpolation = 255});
  maker.Add({.topic = "gain-level-7", .title = "Extreme gains in between", .model = "levels-16", .level = 7, .interpolation = 77});
  maker.Add({.topic = "gain-one-level", .title = "A model of one level", .model = "levels-1", .level = 0});
}

void AddMetadata(Maker& maker) {
  const auto add = [&](const std::string& topic, const std::string& title, std::vector<MetadataElement> metadata) {
    maker.Add({.topic = "metadata-" + topic, .title = title, .metadata = std::move(metadata)});
  };
  add("icc", "An ICC element, which decoding ignores", {{0x81, Payload(40)}});
  add("exif", "An Exif element", {{0x82, Payload(40)}});
  add("xmp", "An XMP element", {{0x83, Payload(40)}});
  add("cicp", "A CICP element", {{0x84, Payload(4)}});
  add("application", "Application data twice", {{0x85, Payload(9)}, {0x85, Payload(3)}});
  add("unknown-80", "Unknown elements of the first skippable type, repeated", {{0x80, Payload(5)}, {0x80, Payload(6)}});
  add("unknown-ff", "Unknown elements of the last type", {{0xFF, Payload(5)}, {0xFF, {}}});
  add("empty", "Elements without payload", {{0x86, {}}, {0x87, {}}});
  add("all", "Several kinds out of order", {{0x84, Payload(4)}, {0xA0, Payload(1)}, {0x81, Payload(2)}, {0x83, {}}});
  add("size-127", "A payload of 127 bytes", {{0x85, Payload(127)}});
  add("size-128", "A payload of 128 bytes", {{0x85, Payload(128)}});
  add("size-16384", "A payload of 16384 bytes", {{0x85, Payload(16384)}});
  add("many", "200 elements", std::vector<MetadataElement>(200, {0x90, {}}));
}

void AddAlpha(Maker& maker) {
  for (const uint32_t side : {1u, 2u, 15u, 33u, 64u, 100u}) {
    maker.Add({.topic = "alpha-" + std::to_string(side), .title = "Alpha, " + std::to_string(side) + " pixels wide", .width = side,
               .height = 27, .grey = side % 2 == 0, .alpha = true});
  }
  Memory memory;
  for (const uint8_t type : {0x81, 0x82, 0x83}) {
    const std::string name = type == 0x81 ? "icc" : type == 0x82 ? "exif" : "xmp";
    maker.Add({.topic = "content-" + name, .title = "Content of " + name + " as it is",
               .metadata = {{type, Coded(0, Payload(40), memory)}}});
    maker.Add({.topic = "content-" + name + "-zstd", .title = "Content of " + name + " by zstd",
               .metadata = {{type, Coded(1, Payload(3000), memory)}}});
  }
  const auto add_cicp = [&](const std::string& topic, const std::string& title, std::vector<uint8_t> payload) {
    maker.Add({.topic = "content-cicp" + topic, .title = title, .metadata = {{0x84, std::move(payload)}}});
  };
  add_cicp("", "A colour description: BT.2020 with PQ", {9, 16, 0, 1});
  add_cicp("-unknown", "A colour description of unknown code points, narrow range", {255, 0, 0, 0});
  add_cicp("-short", "A colour description of 3 bytes: none is given out", {12, 13, 0});
  add_cicp("-long", "A colour description of 5 bytes: none is given out", {12, 13, 0, 1, 0});
  add_cicp("-empty", "A colour description without a payload: none is given out", {});
  add_cicp("-matrix", "A colour description with a matrix: none is given out", {9, 16, 9, 1});
  add_cicp("-range", "A colour description with full_range 2: none is given out", {12, 13, 0, 2});
  maker.Add({.topic = "content-cicp-icc", .title = "A colour description and a profile",
             .metadata = {{0x81, Coded(0, Payload(40), memory)}, {0x84, {12, 13, 0, 1}}}});
  const auto add_bad = [&](const std::string& topic, const std::string& title, std::vector<uint8_t> payload) {
    maker.Add({.topic = "content-bad-" + topic, .title = title + ": none is given out", .metadata = {{0x81, std::move(payload)}}});
  };
  const std::vector<uint8_t> packed = Coded(1, Payload(3000), memory);
  std::vector<uint8_t> changed = packed;
  add_bad("empty", "Metadata without coding", {});
  add_bad("coding", "Metadata with coding 2", {2, 'a', 'b'});
  add_bad("none", "Metadata without its frame", {1});
  add_bad("cut", "Metadata with a part of its frame", {packed.begin(), packed.end() - 1});
  changed.push_back(0);
  add_bad("over", "Metadata with a byte behind their frame", changed);
  changed = packed;
  changed[changed.size() / 2] ^= 0x40;
  maker.Add({.topic = "content-changed",
             .title = "Metadata whose frame was changed and decompresses all the same: it has no check",
             .metadata = {{0x81, changed}}});
  maker.Add({.topic = "alpha-metadata", .title = "Alpha and metadata", .alpha = true, .metadata = {{0x85, Payload(9)}}});
}

void AddGainMaps(Maker& maker) {
  const auto add = [&](Case made) {
    made.topic = "gain-map-" + made.topic;
    made.gain_map = true;
    maker.Add(made);
  };
  add({.topic = "one-position", .title = "A gain map of one position", .width = 9, .height = 11});
  for (const uint8_t level : {0, 1, 2}) {
    add({.topic = "level-" + std::to_string(level), .title = "A gain map over level " + std::to_string(level),
         .width = 100, .height = 70, .level = level});
  }
  add({.topic = "interpolation", .title = "A gain map over an interpolated rate", .width = 70, .height = 100, .level = 0, .interpolation = 200});
  add({.topic = "slices", .title = "A gain map over several slices", .width = 130, .height = 97, .slice_side_code = 0});
  add({.topic = "levels-16", .title = "A gain map over 16 levels", .model = "levels-16", .width = 90, .height = 90, .level = 8});
  add({.topic = "one-level", .title = "A gain map that moves nothing: one level", .model = "levels-1", .width = 60, .height = 60, .level = 0});
  add({.topic = "factor-8", .title = "A gain map, 8 pixels a position", .model = "factor-8", .width = 61, .height = 35, .level = 0});
  add({.topic = "factor-32", .title = "A gain map, 32 pixels a position", .model = "factor-32", .width = 130, .height = 97, .level = 0});
  add({.topic = "grey-alpha", .title = "A gain map, grey and alpha", .width = 50, .height = 50, .grey = true, .alpha = true});
}

void AddDepths(Maker& maker) {
  maker.Add({.topic = "depth-16", .title = "16 bits", .width = 70, .height = 60, .deep = true});
  maker.Add({.topic = "depth-16-grey", .title = "Grey of 16 bits", .width = 70, .height = 60, .grey = true, .deep = true});
  for (const char* model : {"bits-lowest", "bits-highest"}) {
    for (const bool grey : {false, true}) {
      maker.Add({.topic = std::string("depth-16-") + model + (grey ? "-grey" : ""), .title = std::string("16 bits, model ") + model,
                 .model = model, .level = 0, .grey = grey, .deep = true, .symbols = Symbols::kExtremes});
    }
  }
  for (const uint32_t side : {1u, 15u, 33u, 64u, 100u}) {  // different styles of alpha
    maker.Add({.topic = "depth-16-alpha-" + std::to_string(side), .title = "16 bits and alpha, " + std::to_string(side) + " pixels wide",
               .width = side, .height = 27, .grey = side % 2 == 0, .alpha = true, .deep = true});
  }
}

void AddSymbols(Maker& maker) {
  maker.Add({.topic = "symbols-zero", .title = "All symbols 0", .width = 70, .height = 60, .symbols = Symbols::kZero});
  maker.Add({.topic = "symbols-escapes", .title = "Nearly all symbols escaped", .width = 70, .height = 60, .symbols = Symbols::kEscapes});
  maker.Add({.topic = "symbols-extremes", .title = "Symbols -32768 and 32767", .width = 70, .height = 60, .lanes_log2 = 2, .symbols = Symbols::kExtremes});
  for (const char* model : {"scales-255", "bits-highest", "bits-lowest", "passes-8"}) {
    maker.Add({.topic = std::string("symbols-extremes-") + model, .title = std::string("Extreme symbols, model ") + model,
               .model = model, .width = 50, .height = 41, .level = 0, .lanes_log2 = 1, .symbols = Symbols::kExtremes});
  }
}

void AddModelCases(Maker& maker) {
  for (const char* model : {"tiny", "factor-8", "factor-8-hyper-1", "factor-16-hyper-2", "factor-32", "factor-32-hyper-1",
                            "passes-8", "passes-16", "scales-255", "nothing-coded", "bits-lowest", "bits-highest"}) {
    maker.Add({.topic = std::string("model-") + model, .title = std::string("Model ") + model, .model = model, .level = 0});
    maker.Add({.topic = std::string("model-") + model + "-slices", .title = std::string("Model ") + model + ", six slices",
               .model = model, .width = 133, .height = 71, .level = 0, .slice_side_code = 0, .lanes_log2 = 1});
  }
}

void AddPreviews(Maker& maker) {
  const auto add = [&](Case made) {
    for (const int scale : {8, 16}) {
      Case scaled = made;
      scaled.scale = scale;
      scaled.topic = "scale-" + std::to_string(scale) + "-" + made.topic;
      scaled.title = "1/" + std::to_string(scale) + ": " + made.title;
      maker.Add(scaled);
    }
  };
  add({.topic = "mean", .title = "means over squares, some cut, of a model without previews", .width = 130, .height = 97,
       .slice_side_code = 0});
  add({.topic = "mean-one-pixel", .title = "means over one pixel", .width = 1, .height = 1});
  add({.topic = "mean-extremes", .title = "means of values that are clamped first", .model = "bits-highest", .width = 60,
       .height = 50, .level = 0, .symbols = Symbols::kExtremes});
  add({.topic = "mean-grey-alpha", .title = "means of grey and of alpha", .width = 100, .height = 33, .grey = true, .alpha = true});
  add({.topic = "mean-depth-16", .title = "means in 16 bits, of alpha too", .width = 33, .height = 27, .alpha = true, .deep = true});
  for (const char* model : {"preview-factor-8", "preview-factor-16", "preview-factor-32", "preview-one-scale"}) {
    add({.topic = model, .title = std::string("model ") + model, .model = model, .width = 133, .height = 71, .slice_side_code = 0});
  }
  const char* const model = "preview-factor-16";
  add({.topic = "preview-one-pixel", .title = "the preview of one pixel", .model = model, .width = 1, .height = 1});
  add({.topic = "preview-gain-map", .title = "a preview under a gain map", .model = model, .width = 90, .height = 77, .gain_map = true});
  add({.topic = "preview-grey-alpha", .title = "a grey preview and alpha", .model = model, .width = 70, .height = 61, .grey = true,
       .alpha = true});
  add({.topic = "preview-depth-16", .title = "a preview in 16 bits, and alpha", .model = model, .width = 65, .height = 40,
       .alpha = true, .deep = true});
  maker.Add({.topic = "preview-unused", .title = "A model with previews, decoded whole", .model = model, .width = 65, .height = 40});
  maker.Add({.topic = "preview-bad-unused", .title = "A model with a preview that is not valid, decoded whole",
             .model = "tiny-bad-preview", .level = 0});
}

void AddDeblocked(Maker& maker, Case made) {
  made.topic = "deblocking-" + made.topic;
  made.title = "Deblocking: " + made.title;
  made.model = "deblocking-" + made.model;
  maker.Add(made);
}

void AddDeblockingModelCases(Maker& maker) {
  for (const char* model : {"factor-8", "factor-16", "factor-32", "thresholds-0", "thresholds-7", "extreme-bits-0",
                            "extreme-bits-15"}) {
    const std::string name = model, title = "model deblocking-" + name;
    AddDeblocked(maker, {.topic = name, .title = title, .model = name, .width = 61, .height = 45, .level = 0});
    AddDeblocked(maker, {.topic = name + "-slices", .title = title + ", six slices, a rate between levels", .model = name,
                         .width = 133, .height = 77, .level = 0, .interpolation = 90, .slice_side_code = 0, .lanes_log2 = 1});
  }
}

void AddDeblockingSizes(Maker& maker) {
  struct Size {
    uint32_t width, height;
  };
  for (const Size size : {Size{1, 1}, {1, 90}, {90, 1}, {4, 5}, {8, 9}, {16, 16}, {65, 64}, {64, 65}}) {
    const std::string name = std::to_string(size.width) + "x" + std::to_string(size.height);
    AddDeblocked(maker, {.topic = "size-" + name, .title = "a picture of " + name + " pixels", .model = "factor-16",
                         .width = size.width, .height = size.height});
  }
  AddDeblocked(maker, {.topic = "one-position-8", .title = "no border at all", .model = "factor-8", .width = 7, .height = 8});
}

void AddDeblockingRates(Maker& maker) {
  AddDeblocked(maker, {.topic = "level-highest", .title = "the highest level", .model = "factor-16", .width = 50, .height = 40,
                       .level = 2});
  for (const int interpolation : {127, 128, 255}) {  // from 128 on, filters of the level above
    const std::string name = std::to_string(interpolation);
    AddDeblocked(maker, {.topic = "interpolation-" + name, .title = "a rate " + name + " / 256 above level 1", .model = "factor-16",
                         .width = 50, .height = 40, .interpolation = static_cast<uint8_t>(interpolation)});
  }
  for (const char* model : {"factor-8", "factor-16", "factor-32"}) {
    AddDeblocked(maker, {.topic = std::string("gain-map-") + model, .title = "a rate for each position", .model = model,
                         .width = 130, .height = 97, .slice_side_code = 0, .gain_map = true});
  }
}

void AddDeblockingFormats(Maker& maker) {
  const Case plain = {.topic = "", .title = "", .model = "factor-16", .width = 50, .height = 70};
  Case made = plain;
  made.topic = made.title = "grey";
  made.grey = true;
  AddDeblocked(maker, made);
  made = plain;
  made.topic = "alpha";
  made.title = "alpha, which is not filtered";
  made.alpha = true;
  AddDeblocked(maker, made);
  for (const bool grey : {false, true}) {
    AddDeblocked(maker, {.topic = grey ? "depth-16-grey" : "depth-16", .title = grey ? "grey of 16 bits" : "16 bits",
                         .model = "factor-16", .width = 70, .height = 50, .grey = grey, .deep = true});
  }
  for (const char* model : {"extreme-bits-0", "extreme-bits-15"}) {
    AddDeblocked(maker, {.topic = std::string("symbols-") + model,
                         .title = std::string("symbols -32768 and 32767, model deblocking-") + model, .model = model,
                         .width = 60, .height = 50, .symbols = Symbols::kExtremes});
  }
}

void AddDeblockingScales(Maker& maker) {
  for (const int scale : {8, 16}) {
    const std::string name = std::to_string(scale);
    maker.Add({.topic = "scale-" + name + "-deblocking-mean", .title = "1/" + name + ": means over filtered samples",
               .model = "deblocking-factor-16", .width = 100, .height = 77, .slice_side_code = 0, .scale = scale});
  }
  maker.Add({.topic = "scale-8-deblocking-preview", .title = "1/8: a preview, which is not filtered",
             .model = "deblocking-factor-32", .width = 100, .height = 77, .scale = 8});
  maker.Add({.topic = "scale-16-deblocking-preview", .title = "1/16: no preview of this scale, means over filtered samples",
             .model = "deblocking-factor-32", .width = 100, .height = 77, .gain_map = true, .scale = 16});
}

void AddDeblocking(Maker& maker) {
  AddDeblockingModelCases(maker);
  AddDeblockingSizes(maker);
  AddDeblockingRates(maker);
  AddDeblockingFormats(maker);
  AddDeblockingScales(maker);
}

}  // namespace
}  // namespace nic::conformance

int main(int argc, char** argv) {
  using namespace nic::conformance;
  if (argc != 2) {
    std::fprintf(stderr, "Usage: conformance_make FOLDER\n");
    return 2;
  }
  Maker maker(argv[1]);
  AddModels(maker, argv[1]);
  AddSizes(maker);
  AddLayouts(maker);
  AddRates(maker);
  AddMetadata(maker);
  AddSymbols(maker);
  AddModelCases(maker);
  AddAlpha(maker);
  maker.Add({.topic = "side-65536", .title = "A side above the default limit", .width = 65536, .height = 1, .slice_side_code = 15, .symbols = Symbols::kZero},
            "uncommon");
  maker.Add({.topic = "side-65536-high", .title = "A height above the default limit", .width = 1, .height = 65536, .slice_side_code = 10, .symbols = Symbols::kZero},
            "uncommon");
  AddGainMaps(maker);
  AddDepths(maker);
  AddPreviews(maker);
  AddDeblocking(maker);
  return 0;
}
