#include "codec/prepared_model.h"

#include <catch2/catch.hpp>

#include <random>
#include <string>

#include "codec/slice_decoder.h"
#include "codec/slice_encoder.h"
#include "codec/small_codec.h"
#include "model/model_section.h"

using nic::DecoderModel;
using nic::EncodedSlice;
using nic::EncoderModel;
using nic::Memory;
using nic::PreparedModel;
using nic::Rect;
using nic::Serial;
using nic::Status;
using nic::Target;
using nic::TensorBuffer;
using nic::TensorWindow;
using nic::testing::AsCoded;
using nic::testing::FillSmallModel;
using nic::testing::SameSamples;
using nic::testing::SmallCodec;
using nic::testing::SmallModel;

namespace {

Status PrepareFrom(const std::pmr::vector<uint8_t>& decoder_bytes, const std::pmr::vector<uint8_t>& encoder_bytes,
                   Memory& memory, std::unique_ptr<PreparedModel>* prepared) {
  DecoderModel decoder(memory);
  NIC_RETURN_IF_ERROR(nic::ReadDecoderSection(decoder_bytes, &decoder));
  NIC_RETURN_IF_ERROR(PreparedModel::Prepare(std::move(decoder), Target::kScalar, memory, prepared));
  EncoderModel encoder(memory);
  NIC_RETURN_IF_ERROR(nic::ReadEncoderSection(encoder_bytes, (*prepared)->decoder(), &encoder));
  return (*prepared)->PrepareEncoder(std::move(encoder), Target::kScalar, memory);
}

// Whatever the model, what its encoder writes its decoder reads.
void RoundTrip(const PreparedModel& model, Memory& memory, uint32_t seed) {
  const int channels = model.decoder().latent_channels;
  const Rect all{0, 0, 5, 3};
  const TensorBuffer analysed = nic::testing::MakeAnalysed(memory, 3, 5, channels, seed);
  const nic::GainField gains(model.encoder().gain, channels, {0, 0}, nullptr, memory);
  Serial serial;
  EncodedSlice slice(memory);
  TensorWindow expected = nic::testing::MakeWindow(memory, 3, 5, channels);
  TensorWindow decoded = nic::testing::MakeWindow(memory, 3, 5, channels);
  REQUIRE(EncodeSlice(model, nic::testing::AsWindow(memory, analysed), all, {&gains, 0, seed % 2 == 1}, serial, memory,
                      &slice, &expected)
              .ok());
  const Status status = DecodeSlice(model, AsCoded(slice), slice.lanes, all, serial, memory, &decoded);
  INFO(status.message());
  REQUIRE(status.ok());
  REQUIRE(SameSamples(decoded, expected));
}

}  // namespace

TEST_CASE("a prepared model has its programs, its tables and its cost") {
  SmallCodec codec;
  const PreparedModel& model = *codec.model;
  REQUIRE(model.has_encoder());
  REQUIRE(model.feature_channels() == 6);
  REQUIRE(model.decode_macs() > 0);
  REQUIRE(model.decoder().synthesis.nodes.empty());
  REQUIRE(model.decoder().synthesis.inputs.size() == 1);
  REQUIRE(model.tables().size() == 4 + 10);
  REQUIRE(model.HyperTable(0) == 0);
  REQUIRE(model.HyperTable(3) == 3);
  REQUIRE(model.ScaleTable(2) == 4);
  REQUIRE(model.ScaleTable(11) == 13);
  const nic::Rect pixels = model.synthesis().OutputSize(0, 3, 4);
  REQUIRE((pixels.width() == 64 && pixels.height() == 48));
}

TEST_CASE("a model that fails its checks is not prepared") {
  Memory memory;
  SmallModel small(memory);
  FillSmallModel(1, &small);
  small.decoder.scale_tables[3].frequencies[0] += 1;
  std::unique_ptr<PreparedModel> prepared;
  const Status table = PreparedModel::Prepare(std::move(small.decoder), Target::kScalar, memory, &prepared);
  REQUIRE(table.code() == NIC_MODEL_MALFORMED);
  REQUIRE(std::string(table.message()).find("probability table 7") == 0);
  REQUIRE(prepared == nullptr);

  SmallModel unsafe(memory);
  FillSmallModel(1, &unsafe);
  for (int32_t& bias : unsafe.decoder.synthesis.nodes.back().bias) bias = INT32_MAX;
  for (nic::Node& node : unsafe.decoder.synthesis.nodes) {
    for (int32_t& bias : node.bias) bias = INT32_MAX;
  }
  REQUIRE(PreparedModel::Prepare(std::move(unsafe.decoder), Target::kScalar, memory, &prepared).code() ==
          NIC_MODEL_UNSAFE);
  REQUIRE(prepared == nullptr);
}

TEST_CASE("an encoder that fails its checks leaves the decoder in use") {
  Memory memory;
  SmallModel small(memory);
  FillSmallModel(1, &small);
  std::unique_ptr<PreparedModel> prepared;
  REQUIRE(PreparedModel::Prepare(std::move(small.decoder), Target::kScalar, memory, &prepared).ok());
  REQUIRE_FALSE(prepared->has_encoder());
  EncoderModel wrong(small.encoder);
  wrong.gain.pop_back();
  REQUIRE(prepared->PrepareEncoder(std::move(wrong), Target::kScalar, memory).code() == NIC_MODEL_MALFORMED);
  REQUIRE_FALSE(prepared->has_encoder());
  REQUIRE(prepared->PrepareEncoder(std::move(small.encoder), Target::kScalar, memory).ok());
  RoundTrip(*prepared, memory, 1);
}

TEST_CASE("whatever model passes the checks codes its own slices") {
  Memory source;
  SmallModel small(source);
  FillSmallModel(1, &small);
  std::pmr::vector<uint8_t> decoder_bytes;
  std::pmr::vector<uint8_t> encoder_bytes;
  nic::WriteDecoderSection(small.decoder, &decoder_bytes);
  nic::WriteEncoderSection(small.encoder, &encoder_bytes);
  std::mt19937 random(2);
  int valid = 0;
  for (uint32_t trial = 0; trial < 1500; ++trial) {
    std::pmr::vector<uint8_t> decoder = decoder_bytes;
    std::pmr::vector<uint8_t> encoder = encoder_bytes;
    for (uint32_t change = 0; change <= trial % 4; ++change) {
      decoder[random() % decoder.size()] = static_cast<uint8_t>(random());
      encoder[random() % encoder.size()] = static_cast<uint8_t>(random());
    }
    // The fields before the gains are few: change one of them now and then.
    if (trial % 5 == 0) decoder[random() % 14] = static_cast<uint8_t>(random() % 16);
    CAPTURE(trial);
    Memory memory(8 << 20);
    std::unique_ptr<PreparedModel> prepared;
    const Status status = PrepareFrom(decoder, encoder, memory, &prepared);
    if (!status.ok()) {
      REQUIRE((status.code() == NIC_MODEL_MALFORMED || status.code() == NIC_MODEL_UNSAFE));
      continue;
    }
    ++valid;
    RoundTrip(*prepared, memory, trial);
  }
  REQUIRE(valid > 300);
}
