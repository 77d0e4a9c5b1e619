#include "nic/nic.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "api/handles.h"

namespace {

nic::Image MakeImage() {
  nic::Image image(90, 70, NIC_RGB8);
  image.pixels = nic::testing::MakePicture(90, 70, NIC_RGB8).pixels;
  return image;
}

}  // namespace

TEST_CASE("the C++ wrapper goes there and back") {
  nic::Context context;
  const nic::testing::Bytes& package = nic::testing::SmallPackage();
  REQUIRE(context.AddModel(package.data(), package.size()) == nic::testing::kSmallModelId);
  nic::Encoder encoder(context);
  encoder.Set(NIC_ENCODER_MODEL_ID, nic::testing::kSmallModelId);
  nic::Image image = MakeImage();
  nic_encode_result result;
  const std::vector<uint8_t> file = encoder.Encode(image.view(), &result);
  REQUIRE(result.size == file.size());
  nic::Decoder decoder(context);
  const nic::Image decoded = decoder.Decode(file.data(), file.size());
  REQUIRE(decoded.width == 90);
  REQUIRE(decoded.height == 70);
  REQUIRE(decoded.format == NIC_RGB8);
  const nic::testing::Context plain = nic::testing::NewSmallContext();
  REQUIRE(decoded.pixels == nic::testing::Decode(plain, file).pixels);
}

TEST_CASE("the C++ wrapper throws what the C API returns") {
  nic::Context context;
  nic::Decoder decoder(context);
  try {
    decoder.Decode("not a picture", 13);
    FAIL("it must not decode");
  } catch (const nic::Error& error) {
    REQUIRE(error.status() == NIC_NOT_NIC);
    REQUIRE(error.offset() == 0);
    REQUIRE(std::string(error.what()).find("NIC_NOT_NIC: signature") == 0);
  }
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.target = "nonsense";
  REQUIRE_THROWS_AS(nic::Context(options), nic::Error);
  nic::Encoder encoder(context);
  REQUIRE_THROWS_AS(encoder.Set(NIC_ENCODER_QUALITY, 101), nic::Error);
}

TEST_CASE("the C++ wrapper takes rows and bytes in pieces") {
  nic::Context context;
  const nic::testing::Bytes& package = nic::testing::SmallPackage();
  context.AddModel(package.data(), package.size());
  nic::Encoder encoder(context);
  encoder.Set(NIC_ENCODER_MODEL_ID, nic::testing::kSmallModelId);
  nic::Image image = MakeImage();
  encoder.Begin(90, 70, NIC_RGB8);
  for (uint32_t y = 0; y < 70; ++y) encoder.PushRows(&image.pixels[y * 270], 270, 1);
  const std::vector<uint8_t> file = encoder.Finish();
  REQUIRE(file == encoder.Encode(image.view()));

  nic::Decoder decoder(context);
  decoder.BeginPush();
  decoder.Push(file.data(), file.size());
  decoder.EndPush();
  std::vector<uint8_t> pixels;
  for (nic_event event = decoder.Next(); event.type != NIC_EVENT_DONE; event = decoder.Next()) {
    if (event.type == NIC_EVENT_ROWS)
      pixels.insert(pixels.end(), event.pixels, event.pixels + event.rows * event.stride);
  }
  REQUIRE(pixels == nic::Decoder(context).Decode(file.data(), file.size()).pixels);
  REQUIRE_THROWS_AS(decoder.Push(file.data(), 1), nic::Error);
}

TEST_CASE("the C++ wrapper's objects can be moved") {
  nic::Context context;
  nic::Context moved(std::move(context));
  REQUIRE(moved.get() != nullptr);
  REQUIRE(context.get() == nullptr);
  nic::Decoder decoder(moved);
  REQUIRE(decoder.get() != nullptr);
}
