#include "codec/slice_decoder.h"

#include <algorithm>

#include "codec/slice_context.h"
#include "entropy/rans.h"

namespace nic {
namespace {

Status Damaged(const Decoder& decoder, const char* what) {
  return Status::Error(NIC_SLICE_DAMAGED, decoder.position(), "%s", what);
}

Status DecodeHyperLatents(const PreparedModel& model, Decoder& decoder, Memory& memory, SliceContext& context) {
  TensorBuffer& symbols = context.hyper_latents();
  std::pmr::vector<uint16_t> tables(symbols.size(), &memory);
  for (size_t i = 0; i < tables.size(); ++i) tables[i] = model.HyperTable(static_cast<int>(i % symbols.channels()));
  NIC_RETURN_IF_ERROR(decoder.Decode(model.tables(), tables, symbols.data()));
  const GraphInput range = model.decoder().hyper_synthesis.inputs[0];
  const auto [low, high] = std::minmax_element(symbols.data(), symbols.data() + symbols.size());
  if (*low >= range.low && *high <= range.high) return {};
  return Damaged(decoder, "hyper-latents: a symbol outside the model's range");
}

// Decodes the symbols of passes, keeping its arrays from one to the next.
class PassDecoder {
 public:
  PassDecoder(const PreparedModel& model, Decoder& decoder, SliceContext& context, Memory& memory)
      : model_(model), decoder_(decoder), context_(context), tables_(&memory), symbols_(&memory) {}

  Status Decode(size_t pass) {
    NIC_RETURN_IF_ERROR(context_.BeginPass(pass));
    const int first = model_.decoder().first_coded_scale;
    tables_.clear();
    context_.VisitPass(pass, [&](int16_t&, int16_t, int16_t scale, SliceContext::Place) {
      if (scale >= first) tables_.push_back(model_.ScaleTable(scale));
    });
    symbols_.resize(tables_.size());
    NIC_RETURN_IF_ERROR(decoder_.Decode(model_.tables(), tables_, symbols_.data()));
    const int16_t* symbol = symbols_.data();
    context_.VisitPass(pass, [&](int16_t& latent, int16_t mean, int16_t scale, SliceContext::Place) {
      latent = context_.Reconstruct(scale >= first ? *symbol++ : int16_t{0}, mean);
    });
    return {};
  }

 private:
  const PreparedModel& model_;
  Decoder& decoder_;
  SliceContext& context_;
  std::pmr::vector<uint16_t> tables_;
  std::pmr::vector<int16_t> symbols_;
};

Status DecodeStream(const PreparedModel& model, const CodedSlice& slice, int lanes, Memory& memory,
                    SliceContext& context) {
  Decoder decoder;
  NIC_RETURN_IF_ERROR(decoder.Begin(slice.stream, lanes));
  NIC_RETURN_IF_ERROR(DecodeHyperLatents(model, decoder, memory, context));
  if (decoder.position() != slice.hyper_size) return Damaged(decoder, "hyper_size: not where the hyper-latents end");
  NIC_RETURN_IF_ERROR(context.BeginLatents());
  PassDecoder passes(model, decoder, context, memory);
  for (size_t pass = 0; pass < model.decoder().passes.size(); ++pass) NIC_RETURN_IF_ERROR(passes.Decode(pass));
  return decoder.Finish();
}

}  // namespace

Status DecodeSlice(const PreparedModel& model, const CodedSlice& slice, int lanes, const Rect& place,
                   Parallel& parallel, Memory& memory, TensorWindow* latents) {
  SliceContext context(model, place.height(), place.width(), parallel, memory);
  NIC_RETURN_IF_ERROR(DecodeStream(model, slice, lanes, memory, context).MovedBy(slice.stream_offset));
  if (context.ComputeCheck() != slice.check) {
    return Status::Error(NIC_SLICE_DAMAGED, slice.offset, "check: the decoded latents do not match it");
  }
  latents->Take(context.latents(), place);
  return {};
}

uint64_t EstimateSliceMemory(const PreparedModel& model, int64_t height, int64_t width, size_t threads) {
  const DecoderModel& numbers = model.decoder();
  const int64_t factor = numbers.hyper_factor;
  const int64_t hyper_height = (height + factor - 1) / factor;
  const int64_t hyper_width = (width + factor - 1) / factor;
  const Rect all{0, 0, width, height};
  uint64_t networks = model.hyper_synthesis().EstimateMemory(hyper_height, hyper_width, all, 0, threads);
  for (size_t pass = 0; pass < numbers.passes.size(); ++pass) {
    networks = std::max(networks, model.context(pass).EstimateMemory(height, width, all, 0, threads));
  }
  const auto positions = static_cast<uint64_t>(height * width);
  const auto latents = positions * static_cast<uint64_t>(numbers.latent_channels);
  const auto hyper = static_cast<uint64_t>(hyper_height * hyper_width * numbers.hyper_channels);
  const uint64_t tensors = hyper + positions * static_cast<uint64_t>(model.feature_channels()) + 3 * latents;
  // Tables and symbols of the coded latents of a pass, of which most are seldom coded.
  const uint64_t coded = latents / std::max<size_t>(numbers.passes.size(), 1) * 2;
  return (tensors + coded) * sizeof(int16_t) + networks;
}

}  // namespace nic
