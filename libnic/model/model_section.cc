#include "model/model_section.h"

#include <cstdio>
#include <iterator>

#include "container/bytes.h"

namespace nic {
namespace {

// Counts are checked against these before anything is allocated for them; CheckGraph's own limits are no wider.
constexpr uint32_t kMaxNodes = 4096;
constexpr uint32_t kMaxGraphInputs = 2;
constexpr uint32_t kMaxGraphOutputs = 2;
constexpr uint32_t kMaxChannelsOfTensor = 4096;

// Arrays of 16 and 32 bit numbers lie as planes, all low bytes first: the high ones repeat and compress well.
template <typename T>
void WritePlanes(const T* values, size_t count, ByteWriter& writer) {
  for (size_t plane = 0; plane < sizeof(T); ++plane) {
    for (size_t i = 0; i < count; ++i) writer.U8(static_cast<uint8_t>(static_cast<uint32_t>(values[i]) >> (8 * plane)));
  }
}

template <typename T>
Status ReadPlanes(const char* field, size_t count, ByteReader& reader, std::pmr::vector<T>* values) {
  std::span<const uint8_t> planes;
  NIC_RETURN_IF_ERROR(reader.Bytes(field, uint64_t{count} * sizeof(T), &planes));
  values->resize(count);
  for (size_t i = 0; i < count; ++i) {
    uint32_t value = 0;
    for (size_t plane = 0; plane < sizeof(T); ++plane) value |= uint32_t{planes[plane * count + i]} << (8 * plane);
    (*values)[i] = static_cast<T>(value);
  }
  return {};
}

Status ReadSmall(const char* field, uint32_t highest, ByteReader& reader, int* value) {
  const uint64_t offset = reader.offset();
  uint32_t read = 0;
  NIC_RETURN_IF_ERROR(reader.Varint32(field, &read));
  if (read > highest) {
    return Status::Error(NIC_MODEL_MALFORMED, offset, "%s: %u is above %u", field, read, highest);
  }
  *value = static_cast<int>(read);
  return {};
}

Status ReadInt16(const char* field, ByteReader& reader, int16_t* value) {
  uint16_t read = 0;
  NIC_RETURN_IF_ERROR(reader.U16(field, &read));
  *value = static_cast<int16_t>(read);
  return {};
}

// Tensor numbers are written with 1 added, so that kNoTensor is 0.
Status ReadTensorNumber(const char* field, ByteReader& reader, int* number) {
  NIC_RETURN_IF_ERROR(ReadSmall(field, kMaxNodes + kMaxGraphInputs, reader, number));
  --*number;
  return {};
}

bool HasWeights(const Node& node) {
  return node.operation == Operation::kConvolution || node.operation == Operation::kDepthwise;
}

size_t ShiftCount(const Node& node) {
  if (HasWeights(node)) return static_cast<size_t>(node.channels);
  return node.operation == Operation::kAdd || node.operation == Operation::kMultiply ? 1 : 0;
}

size_t SkipShiftCount(const Node& node) {
  return HasWeights(node) && node.b != kNoTensor ? static_cast<size_t>(node.channels) : 0;
}

size_t TableCount(const Node& node) {
  return node.operation == Operation::kLookup && node.low <= node.high ? static_cast<size_t>(node.high - node.low + 1)
                                                                       : 0;
}

void WriteNode(const Node& node, ByteWriter& writer) {
  writer.U8(static_cast<uint8_t>(node.operation));
  writer.U8(static_cast<uint8_t>(node.activation));
  writer.U8(node.slope_shift);
  writer.U8(node.kernel);
  writer.U8(node.stride);
  writer.U8(node.factor);
  writer.U8(node.left_shift_a);
  writer.U8(node.left_shift_b);
  writer.Varint(static_cast<uint64_t>(node.a + 1));
  writer.Varint(static_cast<uint64_t>(node.b + 1));
  writer.Varint(static_cast<uint64_t>(node.channels));
  writer.U16(static_cast<uint16_t>(node.low));
  writer.U16(static_cast<uint16_t>(node.high));
  if (HasWeights(node)) {
    WritePlanes(node.weight.data(), node.weight.size(), writer);
    WritePlanes(node.bias.data(), node.bias.size(), writer);
  }
  writer.Bytes(node.shift);
  writer.Bytes(node.skip_shift);
  WritePlanes(node.table.data(), node.table.size(), writer);
}

Status ReadBytes(const char* field, size_t count, ByteReader& reader, std::pmr::vector<uint8_t>* values) {
  std::span<const uint8_t> bytes;
  NIC_RETURN_IF_ERROR(reader.Bytes(field, count, &bytes));
  values->assign(bytes.begin(), bytes.end());
  return {};
}

Status ReadNodeArrays(int channels_in, ByteReader& reader, Node* node) {
  if (HasWeights(*node)) {
    const size_t taps = size_t{node->kernel} * node->kernel;
    const size_t per_channel =
        node->operation == Operation::kConvolution ? taps * static_cast<size_t>(channels_in) : taps;
    NIC_RETURN_IF_ERROR(ReadPlanes("weight", per_channel * static_cast<size_t>(node->channels), reader, &node->weight));
    NIC_RETURN_IF_ERROR(ReadPlanes("bias", static_cast<size_t>(node->channels), reader, &node->bias));
  }
  NIC_RETURN_IF_ERROR(ReadBytes("shift", ShiftCount(*node), reader, &node->shift));
  NIC_RETURN_IF_ERROR(ReadBytes("skip_shift", SkipShiftCount(*node), reader, &node->skip_shift));
  return {};
}

Status ReadNode(const Graph& graph, ByteReader& reader, Node* node) {
  uint8_t operation = 0;
  uint8_t activation = 0;
  NIC_RETURN_IF_ERROR(reader.U8("operation", &operation));
  NIC_RETURN_IF_ERROR(reader.U8("activation", &activation));
  node->operation = static_cast<Operation>(operation);
  node->activation = static_cast<Activation>(activation);
  NIC_RETURN_IF_ERROR(reader.U8("slope_shift", &node->slope_shift));
  NIC_RETURN_IF_ERROR(reader.U8("kernel", &node->kernel));
  NIC_RETURN_IF_ERROR(reader.U8("stride", &node->stride));
  NIC_RETURN_IF_ERROR(reader.U8("factor", &node->factor));
  NIC_RETURN_IF_ERROR(reader.U8("left_shift_a", &node->left_shift_a));
  NIC_RETURN_IF_ERROR(reader.U8("left_shift_b", &node->left_shift_b));
  const uint64_t offset = reader.offset();
  NIC_RETURN_IF_ERROR(ReadTensorNumber("a", reader, &node->a));
  NIC_RETURN_IF_ERROR(ReadTensorNumber("b", reader, &node->b));
  NIC_RETURN_IF_ERROR(ReadSmall("channels", kMaxChannelsOfTensor, reader, &node->channels));
  NIC_RETURN_IF_ERROR(ReadInt16("low", reader, &node->low));
  NIC_RETURN_IF_ERROR(ReadInt16("high", reader, &node->high));
  const int tensors = static_cast<int>(graph.inputs.size() + graph.nodes.size());
  if (node->a < 0 || node->a >= tensors) {
    return Status::Error(NIC_MODEL_MALFORMED, offset, "a: tensor %d does not precede the node", node->a);
  }
  NIC_RETURN_IF_ERROR(ReadNodeArrays(TensorChannels(graph, node->a), reader, node));
  return ReadPlanes("table", TableCount(*node), reader, &node->table);
}

void WriteGraph(const Graph& graph, ByteWriter& writer) {
  writer.Varint(graph.inputs.size());
  for (const GraphInput& input : graph.inputs) {
    writer.Varint(static_cast<uint64_t>(input.channels));
    writer.U16(static_cast<uint16_t>(input.low));
    writer.U16(static_cast<uint16_t>(input.high));
  }
  writer.Varint(graph.nodes.size());
  for (const Node& node : graph.nodes) WriteNode(node, writer);
  writer.Varint(graph.outputs.size());
  for (int output : graph.outputs) writer.Varint(static_cast<uint64_t>(output + 1));
}

Status ReadInputs(ByteReader& reader, Graph* graph) {
  int count = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("inputs", kMaxGraphInputs, reader, &count));
  for (int i = 0; i < count; ++i) {
    GraphInput input;
    NIC_RETURN_IF_ERROR(ReadSmall("input channels", kMaxChannelsOfTensor, reader, &input.channels));
    NIC_RETURN_IF_ERROR(ReadInt16("input low", reader, &input.low));
    NIC_RETURN_IF_ERROR(ReadInt16("input high", reader, &input.high));
    graph->inputs.push_back(input);
  }
  return {};
}

Status ReadGraph(ByteReader& reader, Graph* graph) {
  NIC_RETURN_IF_ERROR(ReadInputs(reader, graph));
  int nodes = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("nodes", kMaxNodes, reader, &nodes));
  for (int i = 0; i < nodes; ++i) {
    Node node(*graph->nodes.get_allocator().resource());
    char name[16];
    std::snprintf(name, sizeof name, "node %d", i);
    NIC_RETURN_IF_ERROR(ReadNode(*graph, reader, &node).Within(name));
    graph->nodes.push_back(std::move(node));
  }
  int outputs = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("outputs", kMaxGraphOutputs, reader, &outputs));
  for (int i = 0; i < outputs; ++i) {
    const uint64_t offset = reader.offset();
    int number = 0;
    NIC_RETURN_IF_ERROR(ReadTensorNumber("output", reader, &number));
    if (number < 0 || number >= static_cast<int>(graph->inputs.size() + graph->nodes.size())) {
      return Status::Error(NIC_MODEL_MALFORMED, offset, "output: there is no tensor %d", number);
    }
    graph->outputs.push_back(number);
  }
  return {};
}

void WriteTables(const std::pmr::vector<ModelTable>& tables, ByteWriter& writer) {
  for (const ModelTable& table : tables) {
    writer.U16(static_cast<uint16_t>(table.first));
    writer.U8(table.low_bits);
    writer.Varint(table.frequencies.size());
    for (uint16_t frequency : table.frequencies) writer.Varint(frequency);
  }
}

Status ReadTable(ByteReader& reader, ModelTable* table) {
  NIC_RETURN_IF_ERROR(ReadInt16("first", reader, &table->first));
  NIC_RETURN_IF_ERROR(reader.U8("low_bits", &table->low_bits));
  int count = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("frequencies", kMaxSymbols + 1, reader, &count));
  table->frequencies.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    int frequency = 0;
    NIC_RETURN_IF_ERROR(ReadSmall("frequency", kProbabilityOne - 1, reader, &frequency));
    table->frequencies.push_back(static_cast<uint16_t>(frequency));
  }
  return {};
}

Status ReadTables(const char* field, int count, ByteReader& reader, std::pmr::vector<ModelTable>* tables) {
  for (int i = 0; i < count; ++i) {
    ModelTable table(*tables->get_allocator().resource());
    NIC_RETURN_IF_ERROR(ReadTable(reader, &table).Within(field));
    tables->push_back(std::move(table));
  }
  return {};
}

Status ReadGains(const char* field, const DecoderModel& model, ByteReader& reader, std::pmr::vector<LogGain>* gains) {
  return ReadPlanes(field, static_cast<size_t>(model.levels) * static_cast<size_t>(model.latent_channels), reader,
                    gains);
}

void WritePass(const Pass& pass, ByteWriter& writer) {
  for (const ChannelRange& range : pass.coded) {
    writer.Varint(static_cast<uint64_t>(range.begin));
    writer.Varint(static_cast<uint64_t>(range.end));
  }
  WriteGraph(pass.context, writer);
}

Status ReadPass(ByteReader& reader, Pass* pass) {
  for (ChannelRange& range : pass->coded) {
    NIC_RETURN_IF_ERROR(ReadSmall("coded begin", kMaxChannels, reader, &range.begin));
    NIC_RETURN_IF_ERROR(ReadSmall("coded end", kMaxChannels, reader, &range.end));
  }
  return ReadGraph(reader, &pass->context);
}

Status ReadNumbers(ByteReader& reader, DecoderModel* model) {
  NIC_RETURN_IF_ERROR(ReadSmall("latent_channels", kMaxChannels, reader, &model->latent_channels));
  NIC_RETURN_IF_ERROR(ReadSmall("hyper_channels", kMaxChannels, reader, &model->hyper_channels));
  NIC_RETURN_IF_ERROR(ReadSmall("latent_factor", 32, reader, &model->latent_factor));
  NIC_RETURN_IF_ERROR(ReadSmall("hyper_factor", 8, reader, &model->hyper_factor));
  NIC_RETURN_IF_ERROR(ReadSmall("latent_bits", 8, reader, &model->latent_bits));
  NIC_RETURN_IF_ERROR(ReadInt16("latent_low", reader, &model->latent_low));
  NIC_RETURN_IF_ERROR(ReadInt16("latent_high", reader, &model->latent_high));
  NIC_RETURN_IF_ERROR(ReadSmall("output_bits", 7, reader, &model->output_bits));
  NIC_RETURN_IF_ERROR(ReadSmall("levels", kMaxLevels, reader, &model->levels));
  NIC_RETURN_IF_ERROR(ReadSmall("scales", 255, reader, &model->scales));
  const uint64_t offset = reader.offset();
  NIC_RETURN_IF_ERROR(ReadSmall("first_coded_scale", 255, reader, &model->first_coded_scale));
  if (model->first_coded_scale > model->scales) {
    return Status::Error(NIC_MODEL_MALFORMED, offset, "first_coded_scale: above `scales`");
  }
  return {};
}

ByteReader ReaderOf(std::span<const uint8_t> bytes) {
  return ByteReader(bytes, 0, NIC_MODEL_MALFORMED, NIC_MODEL_MALFORMED);
}

Status CheckEnd(const ByteReader& reader) {
  if (reader.remaining() == 0) return {};
  return Status::Error(NIC_MODEL_MALFORMED, reader.offset(), "section: bytes behind its last field");
}

}  // namespace

void WriteDecoderSection(const DecoderModel& model, std::pmr::vector<uint8_t>* bytes) {
  ByteWriter writer(bytes);
  for (int number : {model.latent_channels, model.hyper_channels, model.latent_factor, model.hyper_factor,
                     model.latent_bits}) {
    writer.Varint(static_cast<uint64_t>(number));
  }
  writer.U16(static_cast<uint16_t>(model.latent_low));
  writer.U16(static_cast<uint16_t>(model.latent_high));
  for (int number : {model.output_bits, model.levels, model.scales, model.first_coded_scale}) {
    writer.Varint(static_cast<uint64_t>(number));
  }
  WritePlanes(model.inverse_gain.data(), model.inverse_gain.size(), writer);
  WriteTables(model.hyper_tables, writer);
  WriteTables(model.scale_tables, writer);
  WriteGraph(model.hyper_synthesis, writer);
  writer.Varint(model.passes.size());
  for (const Pass& pass : model.passes) WritePass(pass, writer);
  WriteGraph(model.synthesis, writer);
}

void WriteEncoderSection(const EncoderModel& model, std::pmr::vector<uint8_t>* bytes) {
  ByteWriter writer(bytes);
  WritePlanes(model.gain.data(), model.gain.size(), writer);
  WriteGraph(model.analysis, writer);
  WriteGraph(model.hyper_analysis, writer);
}

void WritePreviewSection(const PreviewModel& model, std::pmr::vector<uint8_t>* bytes) {
  ByteWriter writer(bytes);
  writer.Varint(model.previews.size());
  for (const PreviewModel::Preview& preview : model.previews) {
    writer.Varint(static_cast<uint64_t>(preview.scale));
    WriteGraph(preview.graph, writer);
  }
}

void WriteDeblockingSection(const DeblockingModel& model, std::pmr::vector<uint8_t>* bytes) {
  ByteWriter writer(bytes);
  for (const std::pmr::vector<int16_t>* thresholds : {&model.activity, &model.step}) {
    writer.Varint(thresholds->size());
    WritePlanes(thresholds->data(), thresholds->size(), writer);
  }
  writer.Varint(static_cast<uint64_t>(model.filter_bits));
  WritePlanes(model.filter.data(), model.filter.size(), writer);
}

Status ReadDecoderSection(std::span<const uint8_t> bytes, DecoderModel* model) {
  ByteReader reader = ReaderOf(bytes);
  NIC_RETURN_IF_ERROR(ReadNumbers(reader, model));
  NIC_RETURN_IF_ERROR(ReadGains("inverse_gain", *model, reader, &model->inverse_gain));
  NIC_RETURN_IF_ERROR(ReadTables("hyper_tables", model->hyper_channels, reader, &model->hyper_tables));
  NIC_RETURN_IF_ERROR(
      ReadTables("scale_tables", model->scales - model->first_coded_scale, reader, &model->scale_tables));
  NIC_RETURN_IF_ERROR(ReadGraph(reader, &model->hyper_synthesis).Within("hyper_synthesis"));
  int passes = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("passes", kMaxPasses, reader, &passes));
  for (int i = 0; i < passes; ++i) {
    Pass pass(*model->passes.get_allocator().resource());
    NIC_RETURN_IF_ERROR(ReadPass(reader, &pass).Within("pass"));
    model->passes.push_back(std::move(pass));
  }
  NIC_RETURN_IF_ERROR(ReadGraph(reader, &model->synthesis).Within("synthesis"));
  return CheckEnd(reader);
}

Status ReadEncoderSection(std::span<const uint8_t> bytes, const DecoderModel& decoder, EncoderModel* model) {
  ByteReader reader = ReaderOf(bytes);
  NIC_RETURN_IF_ERROR(ReadGains("gain", decoder, reader, &model->gain));
  NIC_RETURN_IF_ERROR(ReadGraph(reader, &model->analysis).Within("analysis"));
  NIC_RETURN_IF_ERROR(ReadGraph(reader, &model->hyper_analysis).Within("hyper_analysis"));
  return CheckEnd(reader);
}

Status ReadPreviewSection(std::span<const uint8_t> bytes, PreviewModel* model) {
  ByteReader reader = ReaderOf(bytes);
  int count = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("previews", std::size(kPreviewScales), reader, &count));
  for (int i = 0; i < count; ++i) {
    PreviewModel::Preview preview(*model->previews.get_allocator().resource());
    NIC_RETURN_IF_ERROR(
        ReadSmall("preview scale", kPreviewScales[std::size(kPreviewScales) - 1], reader, &preview.scale));
    NIC_RETURN_IF_ERROR(ReadGraph(reader, &preview.graph).Within("preview"));
    model->previews.push_back(std::move(preview));
  }
  return CheckEnd(reader);
}

Status ReadDeblockingSection(std::span<const uint8_t> bytes, const DecoderModel& decoder, DeblockingModel* model) {
  ByteReader reader = ReaderOf(bytes);
  int count = 0;
  NIC_RETURN_IF_ERROR(ReadSmall("activities", kMaxDeblockingThresholds, reader, &count));
  NIC_RETURN_IF_ERROR(ReadPlanes("activity", static_cast<size_t>(count), reader, &model->activity));
  NIC_RETURN_IF_ERROR(ReadSmall("steps", kMaxDeblockingThresholds, reader, &count));
  NIC_RETURN_IF_ERROR(ReadPlanes("step", static_cast<size_t>(count), reader, &model->step));
  NIC_RETURN_IF_ERROR(ReadSmall("filter_bits", kMaxDeblockingBits, reader, &model->filter_bits));
  NIC_RETURN_IF_ERROR(ReadPlanes("filter", model->place(decoder.levels, 0), reader, &model->filter));
  return CheckEnd(reader);
}

}  // namespace nic
