#include "model/model_section.h"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

#include "container/bytes.h"
#include "support/small_model.h"

using nic::ByteWriter;
using nic::CheckModel;
using nic::DecoderModel;
using nic::EncoderModel;
using nic::Graph;
using nic::Memory;
using nic::Node;
using nic::ReadDecoderSection;
using nic::ReadEncoderSection;
using nic::Status;
using nic::testing::FillSmallModel;
using nic::testing::SmallModel;

namespace {

using Bytes = std::vector<uint8_t>;

// What reading a section may hold at most: "a small multiple of the bytes".
uint64_t AllowedMemory(const Bytes& bytes) { return 65536 + 40 * bytes.size(); }

Bytes DecoderBytes(const DecoderModel& model) {
  std::pmr::vector<uint8_t> bytes;
  WriteDecoderSection(model, &bytes);
  return {bytes.begin(), bytes.end()};
}

Bytes EncoderBytes(const EncoderModel& model) {
  std::pmr::vector<uint8_t> bytes;
  WriteEncoderSection(model, &bytes);
  return {bytes.begin(), bytes.end()};
}

struct Sections {
  explicit Sections(uint32_t seed) : model(memory) {
    FillSmallModel(seed, &model);
    decoder = DecoderBytes(model.decoder);
    encoder = EncoderBytes(model.encoder);
  }
  Memory memory;
  SmallModel model;
  Bytes decoder;
  Bytes encoder;
};

bool SameGraphs(const Graph& a, const Graph& b) {
  if (a.inputs.size() != b.inputs.size() || a.nodes.size() != b.nodes.size() || a.outputs != b.outputs) return false;
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    const nic::GraphInput &x = a.inputs[i], &y = b.inputs[i];
    if (x.channels != y.channels || x.low != y.low || x.high != y.high) return false;
  }
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    const Node &x = a.nodes[i], &y = b.nodes[i];
    const bool same = x.operation == y.operation && x.activation == y.activation && x.slope_shift == y.slope_shift &&
                      x.kernel == y.kernel && x.stride == y.stride && x.factor == y.factor &&
                      x.left_shift_a == y.left_shift_a && x.left_shift_b == y.left_shift_b && x.a == y.a &&
                      x.b == y.b && x.channels == y.channels && x.low == y.low && x.high == y.high &&
                      x.weight == y.weight && x.bias == y.bias && x.shift == y.shift && x.skip_shift == y.skip_shift &&
                      x.table == y.table;
    if (!same) return false;
  }
  return true;
}

bool SameTables(const std::pmr::vector<nic::ModelTable>& a, const std::pmr::vector<nic::ModelTable>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first || a[i].low_bits != b[i].low_bits || a[i].frequencies != b[i].frequencies)
      return false;
  }
  return true;
}

// One node of every operation and every array, valid or not.
Graph MakeOddGraph(Memory& memory) {
  Graph graph(memory);
  graph.inputs.push_back({5, -32768, 32767});
  graph.inputs.push_back({7, 0, 0});
  for (int operation = 1; operation <= 9; ++operation) {
    Node node(memory);
    node.operation = static_cast<nic::Operation>(operation);
    node.activation = static_cast<nic::Activation>(operation % 4);
    node.slope_shift = static_cast<uint8_t>(operation);
    node.factor = 3;
    node.left_shift_a = 15;
    node.left_shift_b = 7;
    node.a = operation % 2;
    node.b = operation == 1 || operation == 5 ? 1 : nic::kNoTensor;
    node.channels = 2;
    node.low = static_cast<int16_t>(-3 * operation);
    node.high = static_cast<int16_t>(operation);
    const bool dense = node.operation == nic::Operation::kConvolution;
    if (dense || node.operation == nic::Operation::kDepthwise) {
      node.kernel = 3;
      for (int i = 0; i < 2 * 9 * (dense ? 7 : 1); ++i) node.weight.push_back(static_cast<int16_t>(i * 1777 - 30000));
      node.bias = {INT32_MIN, INT32_MAX};
      node.shift = {0, 31};
    }
    if (dense) node.skip_shift = {3, 30};
    if (operation == 5 || operation == 6) node.shift = {9};
    if (node.operation == nic::Operation::kLookup) {
      for (int i = node.low; i <= node.high; ++i) node.table.push_back(static_cast<int16_t>(i * 100));
    }
    graph.nodes.push_back(node);
  }
  graph.outputs = {0, 10};
  return graph;
}

// Reads both sections, the encoder's with the decoder given, under a limit; returns the first failure.
Status ReadAndCheckDecoder(const Bytes& bytes) {
  Memory memory(AllowedMemory(bytes));
  DecoderModel model(memory);
  NIC_RETURN_IF_ERROR(ReadDecoderSection(bytes, &model));
  Memory for_check;
  return CheckModel(model);
}

Status ReadAndCheckEncoder(const Bytes& bytes, const DecoderModel& decoder) {
  Memory memory(AllowedMemory(bytes));
  EncoderModel model(memory);
  NIC_RETURN_IF_ERROR(ReadEncoderSection(bytes, decoder, &model));
  return CheckModel(model, decoder);
}

bool IsRefusal(const Status& status) {
  return (status.code() == NIC_MODEL_MALFORMED || status.code() == NIC_MODEL_UNSAFE) && status.message()[0] != '\0';
}

}  // namespace

TEST_CASE("a model read from its sections is the one that was written") {
  const Sections sections(GENERATE(1u, 2u, 3u));
  const DecoderModel& model = sections.model.decoder;
  Memory memory;
  SmallModel read(memory);
  REQUIRE(ReadDecoderSection(sections.decoder, &read.decoder).ok());
  REQUIRE(ReadEncoderSection(sections.encoder, read.decoder, &read.encoder).ok());

  REQUIRE(read.decoder.latent_channels == model.latent_channels);
  REQUIRE(read.decoder.hyper_channels == model.hyper_channels);
  REQUIRE(read.decoder.latent_factor == model.latent_factor);
  REQUIRE(read.decoder.hyper_factor == model.hyper_factor);
  REQUIRE(read.decoder.latent_bits == model.latent_bits);
  REQUIRE(read.decoder.latent_low == model.latent_low);
  REQUIRE(read.decoder.latent_high == model.latent_high);
  REQUIRE(read.decoder.output_bits == model.output_bits);
  REQUIRE(read.decoder.levels == model.levels);
  REQUIRE(read.decoder.scales == model.scales);
  REQUIRE(read.decoder.first_coded_scale == model.first_coded_scale);
  REQUIRE(read.decoder.inverse_gain == model.inverse_gain);
  REQUIRE(SameTables(read.decoder.hyper_tables, model.hyper_tables));
  REQUIRE(SameTables(read.decoder.scale_tables, model.scale_tables));
  REQUIRE(SameGraphs(read.decoder.hyper_synthesis, model.hyper_synthesis));
  REQUIRE(SameGraphs(read.decoder.synthesis, model.synthesis));
  REQUIRE(read.decoder.passes.size() == model.passes.size());
  for (size_t i = 0; i < model.passes.size(); ++i) {
    REQUIRE(SameGraphs(read.decoder.passes[i].context, model.passes[i].context));
    for (int phase = 0; phase < nic::kPhases; ++phase) {
      REQUIRE(read.decoder.passes[i].coded[phase].begin == model.passes[i].coded[phase].begin);
      REQUIRE(read.decoder.passes[i].coded[phase].end == model.passes[i].coded[phase].end);
    }
  }
  REQUIRE(read.encoder.gain == sections.model.encoder.gain);
  REQUIRE(SameGraphs(read.encoder.analysis, sections.model.encoder.analysis));
  REQUIRE(SameGraphs(read.encoder.hyper_analysis, sections.model.encoder.hyper_analysis));
  REQUIRE(DecoderBytes(read.decoder) == sections.decoder);
  REQUIRE(EncoderBytes(read.encoder) == sections.encoder);
}

TEST_CASE("every operation and array of a graph survives") {
  Sections sections(1);
  sections.model.encoder.analysis = MakeOddGraph(sections.memory);
  const Bytes bytes = EncoderBytes(sections.model.encoder);
  Memory memory;
  EncoderModel read(memory);
  const Status status = ReadEncoderSection(bytes, sections.model.decoder, &read);
  INFO(status.message());
  REQUIRE(status.ok());
  REQUIRE(SameGraphs(read.analysis, sections.model.encoder.analysis));
}

TEST_CASE("a section cut anywhere is malformed, at an offset inside it") {
  const Sections sections(1);
  for (size_t size = 0; size < sections.decoder.size(); ++size) {
    const Bytes cut(sections.decoder.begin(), sections.decoder.begin() + static_cast<ptrdiff_t>(size));
    Memory memory(AllowedMemory(cut));
    DecoderModel model(memory);
    const Status status = ReadDecoderSection(cut, &model);
    CAPTURE(size, status.message());
    REQUIRE(status.code() == NIC_MODEL_MALFORMED);
    REQUIRE(status.offset() <= size);
  }
  for (size_t size = 0; size < sections.encoder.size(); ++size) {
    const Bytes cut(sections.encoder.begin(), sections.encoder.begin() + static_cast<ptrdiff_t>(size));
    Memory memory(AllowedMemory(cut));
    EncoderModel model(memory);
    const Status status = ReadEncoderSection(cut, sections.model.decoder, &model);
    CAPTURE(size, status.message());
    REQUIRE(status.code() == NIC_MODEL_MALFORMED);
    REQUIRE(status.offset() <= size);
  }
}

TEST_CASE("a byte behind the last field is malformed") {
  Sections sections(1);
  sections.decoder.push_back(0);
  sections.encoder.push_back(0);
  Memory memory;
  SmallModel model(memory);
  const Status decoder = ReadDecoderSection(sections.decoder, &model.decoder);
  REQUIRE(decoder.code() == NIC_MODEL_MALFORMED);
  REQUIRE(decoder.offset() == sections.decoder.size() - 1);
  const Status encoder = ReadEncoderSection(sections.encoder, sections.model.decoder, &model.encoder);
  REQUIRE(encoder.code() == NIC_MODEL_MALFORMED);
  REQUIRE(encoder.offset() == sections.encoder.size() - 1);
}

TEST_CASE("a changed byte gives a valid model or a refusal, in bounded memory") {
  const Sections sections(1);
  std::mt19937 random(5);
  int refused = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    Bytes decoder = sections.decoder;
    Bytes encoder = sections.encoder;
    // The first bytes are numbers and counts: try them more often than weights.
    const size_t reach = trial % 2 ? 400 : decoder.size();
    for (int changes = 0; changes <= trial % 3; ++changes) {
      decoder[random() % std::min(reach, decoder.size())] = static_cast<uint8_t>(random());
      encoder[random() % std::min(reach, encoder.size())] ^= static_cast<uint8_t>(1u << random() % 8);
    }
    CAPTURE(trial);
    const Status of_decoder = ReadAndCheckDecoder(decoder);
    const Status of_encoder = ReadAndCheckEncoder(encoder, sections.model.decoder);
    REQUIRE((of_decoder.ok() || IsRefusal(of_decoder)));
    REQUIRE((of_encoder.ok() || IsRefusal(of_encoder)));
    refused += !of_decoder.ok();
  }
  REQUIRE(refused > 500);
}

TEST_CASE("random bytes are malformed") {
  const Sections sections(1);
  std::mt19937 random(6);
  for (int trial = 0; trial < 2000; ++trial) {
    Bytes bytes(random() % 300);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % (trial % 2 ? 256 : 20));
    CAPTURE(trial);
    REQUIRE(IsRefusal(ReadAndCheckDecoder(bytes)));
    REQUIRE(IsRefusal(ReadAndCheckEncoder(bytes, sections.model.decoder)));
  }
}

namespace {

// A writer of sections that begins as a valid one does.
struct Forged {
  Forged& Numbers(uint32_t latent_channels, uint32_t hyper_channels, uint32_t levels) {
    for (const uint32_t number : {latent_channels, hyper_channels, 16u, 4u, 6u}) Writer().Varint(number);
    Writer().U16(0x8000);
    Writer().U16(0x7FFF);
    for (const uint32_t number : {4u, levels, 12u, 12u}) Writer().Varint(number);
    return *this;
  }
  Forged& Gains(size_t count) {
    for (size_t i = 0; i < 4 * count; ++i) Writer().U8(0);
    return *this;
  }
  Forged& Table() {
    Writer().U16(0);
    Writer().U8(0);
    for (const uint32_t number : {2u, 32768u, 32768u}) Writer().Varint(number);
    return *this;
  }
  Forged& Varints(std::initializer_list<uint64_t> numbers) {
    for (const uint64_t number : numbers) Writer().Varint(number);
    return *this;
  }
  Forged& Fixed(std::initializer_list<uint8_t> numbers) {
    for (const uint8_t number : numbers) Writer().U8(number);
    return *this;
  }
  // Bytes are few: whatever counts they claim, no more than this may be taken.
  Status Read(uint64_t limit = 64 * 1024) {
    Memory memory(limit);
    DecoderModel model(memory);
    return ReadDecoderSection({bytes.data(), bytes.size()}, &model);
  }

  ByteWriter Writer() { return ByteWriter(&bytes); }

  std::pmr::vector<uint8_t> bytes;
};

void RequireMalformed(const Status& status, const char* field) {
  CAPTURE(field, status.message());
  REQUIRE(status.code() == NIC_MODEL_MALFORMED);
  REQUIRE(std::string(status.message()).find(field) != std::string::npos);
}

}  // namespace

TEST_CASE("absurd counts are refused before anything is allocated for them") {
  RequireMalformed(Forged().Numbers(1025, 4, 3).Read(), "latent_channels");
  RequireMalformed(Forged().Numbers(8, 0xFFFFFFFF, 3).Read(), "hyper_channels");
  RequireMalformed(Forged().Numbers(8, 4, 17).Read(), "levels");
  RequireMalformed(Forged().Numbers(1024, 1, 16).Read(), "inverse_gain");
  RequireMalformed(Forged().Numbers(1, 1024, 1).Gains(1).Read(), "hyper_tables");

  const auto start = [] { return Forged().Numbers(1, 1, 1).Gains(1).Table(); };
  RequireMalformed(Forged().Numbers(1, 1, 1).Gains(1).Fixed({0, 0, 0}).Varints({1026}).Read(), "frequencies");
  RequireMalformed(Forged().Numbers(1, 1, 1).Gains(1).Fixed({0, 0, 0}).Varints({2, 65536, 1}).Read(), "frequency");
  RequireMalformed(start().Varints({3}).Read(), "inputs");
  RequireMalformed(start().Varints({1, 4097}).Read(), "input channels");
  RequireMalformed(start().Varints({1, 1}).Fixed({0, 0, 0, 0}).Varints({4097}).Read(), "nodes");
  RequireMalformed(start().Varints({1, 1}).Fixed({0, 0, 0, 0}).Varints({4096}).Read(), "node 0");

  const auto node = [&](uint8_t operation, uint8_t kernel) {
    return start().Varints({1, 4096}).Fixed({0, 0, 0, 0}).Varints({1}).Fixed({operation, 0, 0, kernel, 1, 1, 0, 0});
  };
  RequireMalformed(node(1, 255).Varints({1, 0, 4096}).Fixed({0, 0, 0, 0}).Read(), "weight");
  RequireMalformed(node(2, 255).Varints({1, 0, 4096}).Fixed({0, 0, 0, 0}).Read(), "weight");
  RequireMalformed(node(1, 1).Varints({1, 0, 4097}).Read(), "channels");
  RequireMalformed(node(1, 1).Varints({0, 0, 1}).Fixed({0, 0, 0, 0}).Read(), "a: tensor -1 does not precede");
  RequireMalformed(node(1, 1).Varints({2, 0, 1}).Fixed({0, 0, 0, 0}).Read(), "a: tensor 1 does not precede");
  RequireMalformed(node(1, 1).Varints({4099, 0, 1}).Read(), "a: 4099");
  RequireMalformed(node(8, 1).Varints({1, 0, 1}).Fixed({0, 0x80, 0xFF, 0x7F}).Read(), "table");

  const auto empty_graph = [&] { return start().Varints({1, 1}).Fixed({0, 0, 0, 0}).Varints({0}); };
  RequireMalformed(empty_graph().Varints({3}).Read(), "outputs");
  RequireMalformed(empty_graph().Varints({1, 0}).Read(), "output: there is no tensor -1");
  RequireMalformed(empty_graph().Varints({1, 2}).Read(), "output: there is no tensor 1");
  RequireMalformed(empty_graph().Varints({1, 1}).Varints({17}).Read(), "passes");
  RequireMalformed(empty_graph().Varints({1, 1}).Varints({1, 1025}).Read(), "coded begin");
  RequireMalformed(empty_graph().Varints({1, 1}).Varints({1, 0, 1025}).Read(), "coded end");
}

TEST_CASE("a first coded scale above the scales is malformed at its own offset") {
  Forged forged;
  forged.Varints({1, 1, 16, 4, 6}).Fixed({0, 0, 0, 0}).Varints({4, 1, 12});
  const size_t offset = forged.bytes.size();
  forged.Varints({13});
  const Status status = forged.Read();
  RequireMalformed(status, "first_coded_scale");
  REQUIRE(status.offset() == offset);
}

TEST_CASE("previews read from their section are those that were written, and a cut or longer section is malformed") {
  Memory memory;
  nic::PreviewModel written(memory);
  nic::testing::FillSmallPreview(1, &written);
  std::pmr::vector<uint8_t> section;
  WritePreviewSection(written, &section);
  nic::PreviewModel read(memory);
  REQUIRE(ReadPreviewSection(section, &read).ok());
  REQUIRE(read.previews.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    REQUIRE(read.previews[i].scale == written.previews[i].scale);
    REQUIRE(SameGraphs(read.previews[i].graph, written.previews[i].graph));
  }
  for (size_t size = 0; size < section.size(); ++size) {
    nic::PreviewModel cut(memory);
    const Status status = ReadPreviewSection({section.data(), size}, &cut);
    REQUIRE(status.code() == NIC_MODEL_MALFORMED);
    REQUIRE(status.offset() <= size);
  }
  section.push_back(0);
  nic::PreviewModel longer(memory);
  REQUIRE(ReadPreviewSection(section, &longer).code() == NIC_MODEL_MALFORMED);
  section[0] = 3;
  nic::PreviewModel three(memory);
  REQUIRE(ReadPreviewSection(section, &three).code() == NIC_MODEL_MALFORMED);
}

TEST_CASE("deblocking read from its section is what was written, and a cut or longer section is malformed") {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(1, &model);
  nic::DeblockingModel written(memory);
  nic::testing::FillSmallDeblocking(1, &written);
  std::pmr::vector<uint8_t> section;
  WriteDeblockingSection(written, &section);
  nic::DeblockingModel read(memory);
  REQUIRE(ReadDeblockingSection(section, model.decoder, &read).ok());
  REQUIRE(read.activity == written.activity);
  REQUIRE(read.step == written.step);
  REQUIRE(read.filter_bits == written.filter_bits);
  REQUIRE(read.filter == written.filter);
  for (size_t size = 0; size < section.size(); ++size) {
    nic::DeblockingModel cut(memory);
    const Status status = ReadDeblockingSection({section.data(), size}, model.decoder, &cut);
    REQUIRE(status.code() == NIC_MODEL_MALFORMED);
    REQUIRE(status.offset() <= size);
  }
  section.push_back(0);
  nic::DeblockingModel longer(memory);
  REQUIRE(ReadDeblockingSection(section, model.decoder, &longer).code() == NIC_MODEL_MALFORMED);
  section[0] = 8;
  nic::DeblockingModel many(memory);
  RequireMalformed(ReadDeblockingSection(section, model.decoder, &many), "activities");
}
