#include "codec/prepared_model.h"

#include <utility>

namespace nic {
namespace {

// Packs the graph and frees its nodes.
Status PrepareGraph(Graph* graph, Target target, Memory& memory, std::unique_ptr<Program>* program) {
  NIC_RETURN_IF_ERROR(Program::Prepare(*graph, target, memory, program));
  std::pmr::vector<Node>(graph->nodes.get_allocator()).swap(graph->nodes);
  return {};
}

}  // namespace

Status BuildTables(const DecoderModel& model, Memory& memory, TableSet* tables) {
  std::pmr::vector<TableDescription> descriptions(&memory);
  descriptions.reserve(model.hyper_tables.size() + model.scale_tables.size());
  for (const ModelTable& table : model.hyper_tables) descriptions.push_back(table.Describe());
  for (const ModelTable& table : model.scale_tables) descriptions.push_back(table.Describe());
  return TableSet::Build(descriptions, memory, tables);
}

Status PreparedModel::Prepare(DecoderModel&& model, Target target, Memory& memory,
                              std::unique_ptr<PreparedModel>* prepared) {
  NIC_RETURN_IF_ERROR(CheckModel(model));
  std::unique_ptr<PreparedModel> result(new PreparedModel(std::move(model), memory));
  DecoderModel& decoder = result->decoder_;
  NIC_RETURN_IF_ERROR(BuildTables(decoder, memory, &result->tables_));
  result->feature_channels_ = TensorChannels(decoder.hyper_synthesis, decoder.hyper_synthesis.outputs[0]);
  result->decode_macs_ = DecodeMacs(decoder);
  result->decode_work_ = CountDecodeWork(decoder);
  NIC_RETURN_IF_ERROR(PrepareGraph(&decoder.hyper_synthesis, target, memory, &result->hyper_synthesis_));
  for (Pass& pass : decoder.passes) {
    NIC_RETURN_IF_ERROR(PrepareGraph(&pass.context, target, memory, &result->contexts_.emplace_back()));
  }
  NIC_RETURN_IF_ERROR(PrepareGraph(&decoder.synthesis, target, memory, &result->synthesis_));
  *prepared = std::move(result);
  return {};
}

Status PreparedModel::PrepareDeblocking(const DeblockingModel& deblocking, Target target, Memory& memory) {
  NIC_RETURN_IF_ERROR(CheckModel(deblocking, decoder_));
  deblocking_ = std::make_unique<DeblockingFilters>(deblocking, decoder_, target, memory);
  decode_work_.synthesis += CountDeblockingWork(decoder_);
  return {};
}

Status PreparedModel::PrepareEncoder(EncoderModel&& encoder, Target target, Memory& memory) {
  NIC_RETURN_IF_ERROR(CheckModel(encoder, decoder_));
  encoder_ = std::make_unique<EncoderModel>(std::move(encoder));
  NIC_RETURN_IF_ERROR(PrepareGraph(&encoder_->hyper_analysis, target, memory, &hyper_analysis_));
  return PrepareGraph(&encoder_->analysis, target, memory, &analysis_);
}

Status PreparedModel::PreparePreview(PreviewModel&& preview, Target target, Memory& memory) {
  NIC_RETURN_IF_ERROR(CheckModel(preview, decoder_));
  std::vector<Preview> previews;
  for (PreviewModel::Preview& each : preview.previews) {
    Preview& prepared = previews.emplace_back();
    prepared.scale = each.scale;
    prepared.range = each.graph.inputs[0];
    prepared.work = CountPreviewWork(each.graph);
    NIC_RETURN_IF_ERROR(PrepareGraph(&each.graph, target, memory, &prepared.program));
  }
  previews_ = std::move(previews);
  return {};
}

const PreparedModel::Preview* PreparedModel::FindPreview(int scale) const {
  for (const Preview& preview : previews_) {
    if (preview.scale == scale) return &preview;
  }
  return nullptr;
}

PreparedModel::Reader PreparedModel::reader(int scale) const {
  const Preview* preview = FindPreview(scale);
  if (preview) return {*preview->program, preview->range, preview->work};
  return {*synthesis_, decoder_.synthesis.inputs[0], decode_work_.synthesis};
}

}  // namespace nic
