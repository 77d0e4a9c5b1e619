#include "api/model_store.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "api/block_model.h"
#include "api/handles.h"
#include "container/header.h"
#include "model/model_section.h"
#include "support/small_model.h"

using namespace nic::testing;

namespace {

using Sections = std::function<void(SmallModel&, std::pmr::vector<uint8_t>&, std::pmr::vector<uint8_t>&)>;

// A package of the small model after a change to the model and its sections.
Bytes MakePackage(uint32_t id, uint32_t seed, const Sections& change, bool with_encoder = true) {
  nic::Memory memory;
  SmallModel model(memory);
  FillSmallModel(seed, &model);
  std::pmr::vector<uint8_t> decoder(&memory);
  std::pmr::vector<uint8_t> encoder(&memory);
  WriteDecoderSection(model.decoder, &decoder);
  WriteEncoderSection(model.encoder, &encoder);
  if (change) change(model, decoder, encoder);
  nic::PackageWriter writer(id, 1, "changed", memory);
  REQUIRE(writer.Add(nic::SectionType::kDecoder, 0, decoder, 1).ok());
  if (with_encoder) REQUIRE(writer.Add(nic::SectionType::kEncoder, nic::kSectionOptional, encoder, 1).ok());
  std::pmr::vector<uint8_t> bytes(&memory);
  REQUIRE(writer.Finish(&bytes).ok());
  return {bytes.begin(), bytes.end()};
}

// Weights of the decoder that could overflow.
void MakeUnsafe(SmallModel& model, std::pmr::vector<uint8_t>& decoder, std::pmr::vector<uint8_t>&) {
  for (nic::Node& node : model.decoder.synthesis.nodes) {
    for (int32_t& bias : node.bias) bias = INT32_MAX;
  }
  decoder.clear();
  WriteDecoderSection(model.decoder, &decoder);
}

void MakeEncoderUnsafe(SmallModel& model, std::pmr::vector<uint8_t>&, std::pmr::vector<uint8_t>& encoder) {
  for (nic::Node& node : model.encoder.analysis.nodes) {
    for (int32_t& bias : node.bias) bias = INT32_MIN;
  }
  encoder.clear();
  WriteEncoderSection(model.encoder, &encoder);
}

nic_status TryAdd(const Context& context, const Bytes& package, uint32_t* id, uint64_t* digest, nic_error* error) {
  return nic_context_add_model(context.get(), package.data(), package.size(), id, digest, error);
}

nic_status TryDecode(const Context& context, const Bytes& file, nic_error* error) {
  nic_image image;
  const nic_status status = nic_decode(context.get(), file.data(), file.size(), &image, error);
  REQUIRE((image.pixels == nullptr) == (status != NIC_OK));
  nic_free(context.get(), image.pixels);
  return status;
}

nic_status TryEncode(const Context& context, uint32_t model_id, nic_error* error) {
  const Encoder encoder = NewEncoder(context, model_id);
  Picture picture = MakePicture(20, 20, NIC_RGB8);
  const nic_image image = picture.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  const nic_status status = nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr);
  *error = *nic_encoder_error(encoder.get());
  return status;
}

// A file that names a package, from the file of a valid one: the header is the same but for digest and check.
Bytes FileFor(const Bytes& package) {
  const Context context = NewSmallContext();
  Bytes file = EncodeSmall(context, MakePicture(20, 20, NIC_RGB8));
  nic::Memory memory;
  nic::PackageReader reader(memory);
  REQUIRE(reader.Open(package).ok());
  nic::FileHeader header;
  size_t size = 0;
  REQUIRE(nic::ReadHeader(file, &header, &size).ok());
  header.model_id = reader.model_id();
  header.model_digest = reader.short_digest();
  std::pmr::vector<uint8_t> changed;
  REQUIRE(nic::WriteHeader(header, &changed).ok());
  Bytes result(changed.begin(), changed.end());
  result.insert(result.end(), file.begin() + static_cast<ptrdiff_t>(size), file.end());
  return result;
}

bool Mentions(const nic_error& error, const char* text) {
  return std::string(error.message).find(text) != std::string::npos;
}

// A folder of packages, and NIC_MODEL_PATH naming it among others.
class ModelFolder {
 public:
  ModelFolder() {
    const std::filesystem::path parent = std::filesystem::temp_directory_path();
    std::string pattern = (parent / "nic_models_XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    const std::string value = "/nonexistent::" + path_.string() + ":" + path_.string() + "/missing:";
    setenv("NIC_MODEL_PATH", value.c_str(), 1);
  }
  ~ModelFolder() {
    unsetenv("NIC_MODEL_PATH");
    std::filesystem::remove_all(path_);
  }
  void Put(const std::string& name, const Bytes& bytes) {
    std::ofstream(path_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("an added model is described, and adding it again adds nothing") {
  const Context context = NewContext();
  nic_model_info info;
  size_t known = 0;
  while (nic_context_model(context.get(), known, &info, nullptr) == NIC_OK) ++known;
  uint32_t id = 0;
  uint64_t digest = 0;
  nic_error error;
  REQUIRE(TryAdd(context, SmallPackage(), &id, &digest, &error) == NIC_OK);
  REQUIRE(id == kSmallModelId);
  uint64_t again = 0;
  REQUIRE(TryAdd(context, SmallPackage(), nullptr, &again, nullptr) == NIC_OK);
  REQUIRE(again == digest);
  REQUIRE(nic_context_model(context.get(), known, &info, &error) == NIC_OK);
  REQUIRE(info.id == kSmallModelId);
  REQUIRE(info.version == 1);
  REQUIRE(info.digest == digest);
  REQUIRE(std::string(info.name) == "small-1");
  REQUIRE(info.levels == 3);
  REQUIRE(info.decode_macs == Approx((8 * 40 + 4 * (90 + 90 * 192) + 540 + 1260 + 320) / 256.0 + 384 / 4096.0));
  REQUIRE(info.is_default == 0);
  REQUIRE(nic_context_model(context.get(), known + 1, &info, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_context_model(context.get(), SIZE_MAX, &info, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_context_model(nullptr, 0, &info, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_context_model(context.get(), 0, nullptr, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_context_add_model(nullptr, "x", 1, nullptr, nullptr, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_context_add_model(context.get(), nullptr, 1, nullptr, nullptr, &error) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("the bytes of a package are copied") {
  const Context context = NewContext();
  const Bytes expected = EncodeSmall(NewSmallContext(), MakePicture(40, 40, NIC_RGB8));
  {
    Bytes package = SmallPackage();
    AddModel(context, package);
    std::fill(package.begin(), package.end(), uint8_t{0});
  }
  REQUIRE(EncodeSmall(context, MakePicture(40, 40, NIC_RGB8)) == expected);
}

TEST_CASE("a file of an unknown model says which one") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(20, 20, NIC_RGB8));
  const Context context = NewContext();
  nic_error error;
  REQUIRE(TryDecode(context, file, &error) == NIC_MODEL_MISSING);
  REQUIRE(Mentions(error, "model 4000"));
  REQUIRE(TryEncode(context, 4000, &error) == NIC_MODEL_MISSING);
  REQUIRE(Mentions(error, "4000"));
  AddModel(context, SmallPackage());
  REQUIRE(TryDecode(context, file, &error) == NIC_OK);
}

TEST_CASE("a file of another package of the same id is a mismatch") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(20, 20, NIC_RGB8));
  const Context context = NewContext();
  AddModel(context, MakeSmallPackage(2, kSmallModelId));
  nic_error error;
  REQUIRE(TryDecode(context, file, &error) == NIC_MODEL_MISMATCH);
  REQUIRE(Mentions(error, "model_digest"));
  AddModel(context, SmallPackage());
  REQUIRE(TryDecode(context, file, &error) == NIC_OK);  // both are there now
}

TEST_CASE("the last package of an id encodes, each file finds its own") {
  const Context context = NewContext();
  AddModel(context, SmallPackage());
  const Picture picture = MakePicture(30, 30, NIC_RGB8);
  const Bytes first = EncodeSmall(context, picture);
  AddModel(context, MakeSmallPackage(2, kSmallModelId));
  const Bytes second = EncodeSmall(context, picture);
  REQUIRE(second != first);
  REQUIRE(Decode(context, first).pixels == Decode(NewSmallContext(), first).pixels);
  REQUIRE(Decode(context, second).pixels != Decode(context, first).pixels);
}

TEST_CASE("bytes that are no package are refused when they are added") {
  const Context context = NewContext();
  nic_error error;
  const Bytes& package = SmallPackage();
  REQUIRE(nic_context_add_model(context.get(), package.data(), 0, nullptr, nullptr, &error) == NIC_MODEL_MALFORMED);
  for (size_t size = 0; size < package.size(); size += 1 + size / 20) {
    const Bytes cut(package.begin(), package.begin() + static_cast<ptrdiff_t>(size));
    CAPTURE(size);
    REQUIRE(nic_context_add_model(context.get(), package.data(), size, nullptr, nullptr, &error) ==
            NIC_MODEL_MALFORMED);
    REQUIRE(error.offset <= size);
  }
  const Bytes picture_file = EncodeSmall(NewSmallContext(), MakePicture(20, 20, NIC_RGB8));
  REQUIRE(TryAdd(context, picture_file, nullptr, nullptr, &error) == NIC_MODEL_MALFORMED);
  Bytes longer = package;
  longer.push_back(0);
  REQUIRE(TryAdd(context, longer, nullptr, nullptr, &error) == NIC_MODEL_MALFORMED);
  nic_model_info info;
  size_t known = 0;
  while (nic_context_model(context.get(), known, &info, nullptr) == NIC_OK) ++known;
  REQUIRE(known <= 1);  // nothing but the embedded one
}

TEST_CASE("a package whose weights could overflow is refused by every use") {
  const Bytes package = MakePackage(77, 1, MakeUnsafe);
  const Context context = NewContext();
  AddModel(context, package);
  nic_error error;
  REQUIRE(TryDecode(context, FileFor(package), &error) == NIC_MODEL_UNSAFE);
  REQUIRE(Mentions(error, "synthesis: node"));
  REQUIRE(TryEncode(context, 77, &error) == NIC_MODEL_UNSAFE);
  REQUIRE(TryDecode(context, FileFor(package), &error) == NIC_MODEL_UNSAFE);  // and stays so

  const Bytes encoder_package = MakePackage(78, 1, MakeEncoderUnsafe);
  AddModel(context, encoder_package);
  REQUIRE(TryEncode(context, 78, &error) == NIC_MODEL_UNSAFE);
  REQUIRE(Mentions(error, "analysis: node"));
  // Decoding does not depend on the encoder's networks.
  REQUIRE(TryDecode(context, FileFor(encoder_package), &error) == NIC_OK);
  REQUIRE(TryEncode(context, 78, &error) == NIC_MODEL_UNSAFE);
}

TEST_CASE("a package with malformed sections is refused by every use") {
  nic_error error;
  const Context context = NewContext();
  const Bytes cut = MakePackage(80, 1, [](SmallModel&, auto& decoder, auto&) { decoder.resize(decoder.size() / 2); });
  AddModel(context, cut);
  REQUIRE(TryDecode(context, FileFor(cut), &error) == NIC_MODEL_MALFORMED);
  REQUIRE(Mentions(error, "the bytes end"));
  const Bytes longer = MakePackage(81, 1, [](SmallModel&, auto& decoder, auto&) { decoder.push_back(1); });
  AddModel(context, longer);
  REQUIRE(TryDecode(context, FileFor(longer), &error) == NIC_MODEL_MALFORMED);
  const Bytes empty = MakePackage(82, 1, [](SmallModel&, auto& decoder, auto&) { decoder.clear(); });
  AddModel(context, empty);
  REQUIRE(TryDecode(context, FileFor(empty), &error) == NIC_MODEL_MALFORMED);
  const Bytes bad_encoder = MakePackage(83, 1, [](SmallModel&, auto&, auto& encoder) { encoder.resize(10); });
  AddModel(context, bad_encoder);
  REQUIRE(TryEncode(context, 83, &error) == NIC_MODEL_MALFORMED);
  REQUIRE(TryDecode(context, FileFor(bad_encoder), &error) == NIC_OK);
}

TEST_CASE("a package without its encoder decodes, and says what it lacks when asked to encode") {
  nic_error error;
  const Context context = NewContext();
  const Bytes package = MakePackage(84, 1, {}, false);
  AddModel(context, package);
  REQUIRE(TryDecode(context, FileFor(package), &error) == NIC_OK);
  REQUIRE(TryEncode(context, 84, &error) == NIC_MODEL_MALFORMED);
  REQUIRE(Mentions(error, "no encoder section"));
  // The digest covers the decoder alone: the whole package takes the place of the one without.
  AddModel(context, MakePackage(84, 1, {}, true));
  REQUIRE(TryEncode(context, 84, &error) == NIC_OK);
  REQUIRE(TryDecode(context, FileFor(package), &error) == NIC_OK);
}

TEST_CASE("every changed byte of a package is refused or harmless") {
  const Bytes& package = SmallPackage();
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(20, 20, NIC_RGB8));
  const Bytes expected = Decode(NewSmallContext(), file).pixels;
  for (size_t i = 0; i < package.size(); i += i < 200 ? 1 : 37) {
    CAPTURE(i);
    Bytes changed = package;
    changed[i] ^= static_cast<uint8_t>(1u << i % 8);
    const Context context = NewContext();
    nic_error error;
    const nic_status added = TryAdd(context, changed, nullptr, nullptr, &error);
    REQUIRE((added == NIC_OK || nic_status_band(added) == 400));
    if (added != NIC_OK) continue;
    const nic_status decoded = TryDecode(context, file, &error);
    REQUIRE((decoded == NIC_OK || nic_status_band(decoded) == 400));
    if (decoded == NIC_OK) REQUIRE(Decode(context, file).pixels == expected);
    const nic_status encoded = TryEncode(context, kSmallModelId, &error);
    REQUIRE((encoded == NIC_OK || nic_status_band(encoded) == 400));
  }
}

TEST_CASE("models are found in the folders of NIC_MODEL_PATH") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(20, 20, NIC_RGB8));
  nic_error error;
  {
    ModelFolder folder;
    folder.Put("b.nicm", SmallPackage());
    folder.Put("a.nicm", {1, 2, 3});                       // unusable: does not disturb
    folder.Put("c.nicm", {});                              // empty
    folder.Put("d.txt", MakeSmallPackage(2, 5000));        // not a package's name
    folder.Put("e.nicm", MakePackage(77, 1, MakeUnsafe));  // a package, but not safe
    std::filesystem::create_directory(folder.path() / "f.nicm");
    std::filesystem::create_symlink("nowhere", folder.path() / "g.nicm");
    const Context context = NewContext();
    REQUIRE(TryDecode(context, file, &error) == NIC_OK);
    REQUIRE(TryEncode(context, kSmallModelId, &error) == NIC_OK);
    REQUIRE(TryEncode(context, 5000, &error) == NIC_MODEL_MISSING);
    REQUIRE(TryEncode(context, 77, &error) == NIC_MODEL_UNSAFE);
    nic_model_info info;
    bool seen = false;
    for (size_t i = 0; nic_context_model(context.get(), i, &info, nullptr) != NIC_INVALID_ARGUMENT; ++i) {
      seen = seen || info.id == kSmallModelId;
    }
    REQUIRE(seen);
  }
  REQUIRE(TryDecode(NewContext(), file, &error) == NIC_MODEL_MISSING);
}

TEST_CASE("a folder's package that exceeds the memory limit does not hide those that fit") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(20, 20, NIC_RGB8));
  ModelFolder folder;
  folder.Put("a.nicm", Bytes(8 << 20, 1));
  folder.Put("b.nicm", SmallPackage());
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.limits.max_memory = 4 << 20;
  const Context context = NewContext(options);
  nic_error error;
  REQUIRE(TryDecode(context, file, &error) == NIC_OK);
  REQUIRE(nic_context_peak_memory(context.get()) <= options.limits.max_memory);
}

namespace {

nic_status TryScale(const Context& context, const Bytes& file, double scale, Bytes* pixels, nic_error* error) {
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, scale) == NIC_OK);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  const auto take = [](void* user, uint32_t, uint32_t rows, const uint8_t* from, size_t stride) {
    static_cast<Bytes*>(user)->insert(static_cast<Bytes*>(user)->end(), from, from + rows * stride);
    return 0;
  };
  pixels->clear();
  const nic_status status = nic_decoder_decode_rows(decoder.get(), take, pixels);
  *error = *nic_decoder_error(decoder.get());
  return status;
}

// The small model of id 85 with a section more.
Bytes MakePackageWith(nic::SectionType type, const std::pmr::vector<uint8_t>& section, bool with_encoder) {
  nic::Memory memory;
  SmallModel model(memory);
  FillSmallModel(1, &model);
  std::pmr::vector<uint8_t> decoder(&memory);
  std::pmr::vector<uint8_t> encoder(&memory);
  WriteDecoderSection(model.decoder, &decoder);
  WriteEncoderSection(model.encoder, &encoder);
  nic::PackageWriter writer(85, 1, "changed", memory);
  REQUIRE(writer.Add(nic::SectionType::kDecoder, 0, decoder, 1).ok());
  if (with_encoder) REQUIRE(writer.Add(nic::SectionType::kEncoder, nic::kSectionOptional, encoder, 1).ok());
  const uint8_t flags = type == nic::SectionType::kDeblocking ? 0 : nic::kSectionOptional;
  REQUIRE(writer.Add(type, flags, section, 1).ok());
  std::pmr::vector<uint8_t> bytes(&memory);
  REQUIRE(writer.Finish(&bytes).ok());
  return {bytes.begin(), bytes.end()};
}

Bytes MakePreviewPackage(const std::pmr::vector<uint8_t>& section, bool with_encoder) {
  return MakePackageWith(nic::SectionType::kPreview, section, with_encoder);
}

std::pmr::vector<uint8_t> PreviewSection() {
  nic::Memory memory;
  nic::PreviewModel preview(memory);
  nic::testing::FillSmallPreview(1, &preview);
  std::pmr::vector<uint8_t> section;
  WritePreviewSection(preview, &section);
  return section;
}

}  // namespace

TEST_CASE("a preview that is not valid is refused where it is asked for, and disturbs nothing else") {
  nic_error error;
  Bytes pixels;
  std::pmr::vector<uint8_t> cut = PreviewSection();
  cut.resize(cut.size() - 3);
  const Bytes package = MakePreviewPackage(cut, true);
  const Context context = NewContext();
  AddModel(context, package);
  const Bytes file = FileFor(package);
  REQUIRE(TryDecode(context, file, &error) == NIC_OK);
  REQUIRE(TryScale(context, file, 8, &pixels, &error) == NIC_MODEL_MALFORMED);
  REQUIRE(Mentions(error, "preview"));
  REQUIRE(TryScale(context, file, 1, &pixels, &error) == NIC_OK);
}

TEST_CASE("deblocking is part of a package's digest, changes pixels, and is refused where it is not valid") {
  nic_error error;
  nic::Memory memory;
  nic::DeblockingModel deblocking(memory);
  nic::testing::FillSmallDeblocking(1, &deblocking);
  std::pmr::vector<uint8_t> section;
  WriteDeblockingSection(deblocking, &section);
  const Bytes plain = MakePackage(85, 1, {}, true);
  const Bytes filtering = MakePackageWith(nic::SectionType::kDeblocking, section, true);
  const Context without = NewContext(), with = NewContext(), bad = NewContext();
  AddModel(without, plain);
  AddModel(with, filtering);
  Bytes pixels, filtered;
  REQUIRE(TryScale(without, FileFor(plain), 1, &pixels, &error) == NIC_OK);
  REQUIRE(TryScale(with, FileFor(filtering), 1, &filtered, &error) == NIC_OK);
  REQUIRE(pixels.size() == filtered.size());
  REQUIRE(pixels != filtered);
  REQUIRE(TryDecode(without, FileFor(filtering), &error) == NIC_MODEL_MISMATCH);

  section.resize(section.size() - 1);
  const Bytes cut = MakePackageWith(nic::SectionType::kDeblocking, section, true);
  AddModel(bad, cut);
  std::fill(deblocking.filter.begin(), deblocking.filter.end(), int16_t{32767});
  section.clear();
  WriteDeblockingSection(deblocking, &section);
  const Bytes unsafe = MakePackageWith(nic::SectionType::kDeblocking, section, true);
  AddModel(bad, unsafe);
  for (int time = 0; time < 2; ++time) {  // nothing half prepared is left
    REQUIRE(TryDecode(bad, FileFor(cut), &error) == NIC_MODEL_MALFORMED);
    REQUIRE(Mentions(error, "deblocking: filter"));
    REQUIRE(TryDecode(bad, FileFor(unsafe), &error) == NIC_MODEL_UNSAFE);
    REQUIRE(Mentions(error, "deblocking: filter"));
  }
}

TEST_CASE("packages of one digest complete one another, in any order") {
  nic_error error;
  Bytes preview_pixels, mean_pixels, pixels;
  const Bytes bare = MakePackage(85, 1, {}, false);
  const Bytes encoding = MakePackage(85, 1, {}, true);
  const Bytes previewing = MakePreviewPackage(PreviewSection(), false);
  const Bytes file = FileFor(bare);
  {
    const Context means = NewContext(), previews = NewContext();
    AddModel(means, bare);
    AddModel(previews, previewing);
    REQUIRE(TryScale(means, file, 16, &mean_pixels, &error) == NIC_OK);
    REQUIRE(TryScale(previews, file, 16, &preview_pixels, &error) == NIC_OK);
    REQUIRE(mean_pixels.size() == preview_pixels.size());
    REQUIRE(mean_pixels != preview_pixels);
  }
  const std::vector<std::vector<const Bytes*>> orders = {{&encoding, &previewing},
                                                         {&previewing, &encoding},
                                                         {&bare, &encoding, &previewing},
                                                         {&bare, &previewing, &encoding}};
  for (const auto& order : orders) {
    const Context context = NewContext();
    for (const Bytes* package : order) AddModel(context, *package);
    REQUIRE(TryScale(context, file, 16, &pixels, &error) == NIC_OK);
    REQUIRE(pixels == preview_pixels);
    REQUIRE(TryEncode(context, 85, &error) == NIC_OK);
    REQUIRE(TryDecode(context, file, &error) == NIC_OK);
  }
}
