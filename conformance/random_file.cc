#include "random_file.h"

#include <algorithm>

#include "base/parallel.h"
#include "codec/gain_map.h"
#include "codec/slice_context.h"
#include "codec/slice_layout.h"
#include "container/file.h"
#include "entropy/rans.h"
#include "image/alpha.h"
#include "intnet/graphs.h"

namespace nic::conformance {
namespace {

using testing::Draw;
using testing::OneIn;

int16_t DrawExtreme(std::mt19937& random) { return OneIn(random, 2) ? INT16_MIN : INT16_MAX; }

// Typically a value near the table's alphabet, sometimes any.
int16_t DrawValue(std::mt19937& random, Symbols symbols, const TableSet& tables, size_t table) {
  if (symbols == Symbols::kZero) return 0;
  if (symbols == Symbols::kExtremes) return DrawExtreme(random);
  if (symbols == Symbols::kEscapes || OneIn(random, 40)) return static_cast<int16_t>(Draw(random, -32768, 32767));
  const int step = 1 << tables.low_bits(table);
  const int low = tables.first(table) * step, high = (tables.first(table) + tables.symbols(table)) * step;
  const int around = OneIn(random, 8) ? 10 * step : 0;
  return static_cast<int16_t>(std::clamp(Draw(random, low - around, high + around), -32768, 32767));
}

class SliceMaker {
 public:
  SliceMaker(std::mt19937& random, const PreparedModel& model, Symbols symbols, const Rect& place, Memory& memory)
      : random_(random),
        model_(model),
        symbols_(symbols),
        memory_(memory),
        context_(model, place.height(), place.width(), serial_, memory),
        encoder_(memory) {}

  Status Make(int lanes, std::pmr::vector<uint8_t>* stream, SliceBytes* slice) {
    MakeHyperLatents();
    const size_t head = encoder_.record_count();
    NIC_RETURN_IF_ERROR(context_.BeginLatents());
    for (size_t pass = 0; pass < model_.decoder().passes.size(); ++pass) NIC_RETURN_IF_ERROR(MakePass(pass));
    slice->hyper_size = encoder_.Finish(lanes, stream, head);
    slice->check = context_.ComputeCheck();
    return {};
  }

  std::vector<int16_t> Decoded() {
    std::vector<int16_t> all(context_.hyper_latents().data(),
                             context_.hyper_latents().data() + context_.hyper_latents().size());
    all.insert(all.end(), context_.latents().data(), context_.latents().data() + context_.latents().size());
    return all;
  }

 private:
  void MakeHyperLatents() {
    TensorBuffer& z = context_.hyper_latents();
    const GraphInput& range = model_.decoder().hyper_synthesis.inputs[0];
    std::pmr::vector<uint16_t> tables(&memory_);
    for (size_t i = 0; i < z.size(); ++i) {
      tables.push_back(model_.HyperTable(static_cast<int>(i % static_cast<size_t>(z.channels()))));
      z.data()[i] = std::clamp(DrawValue(random_, symbols_, model_.tables(), tables.back()), range.low, range.high);
    }
    encoder_.Append(model_.tables(), tables, z.data());
  }

  Status MakePass(size_t pass) {
    NIC_RETURN_IF_ERROR(context_.BeginPass(pass));
    std::pmr::vector<uint16_t> tables(&memory_);
    std::pmr::vector<int16_t> symbols(&memory_);
    const int first = model_.decoder().first_coded_scale;
    context_.VisitPass(pass, [&](int16_t& latent, int16_t mean, int16_t scale, const SliceContext::Place&) {
      int16_t symbol = 0;
      if (scale >= first) {
        tables.push_back(model_.ScaleTable(scale));
        symbol = DrawValue(random_, symbols_, model_.tables(), tables.back());
        symbols.push_back(symbol);
      }
      latent = context_.Reconstruct(symbol, mean);
    });
    encoder_.Append(model_.tables(), tables, symbols.data());
    return {};
  }

  std::mt19937& random_;
  const PreparedModel& model_;
  Symbols symbols_;
  Memory& memory_;
  Serial serial_;
  SliceContext context_;
  Encoder encoder_;
};

}  // namespace

void DrawHeader(std::mt19937& random, const DecoderModel& model, FileHeader* header) {
  header->version_minor = static_cast<uint8_t>(OneIn(random, 8) ? Draw(random, 0, 15) : 0);
  header->lanes_log2 = static_cast<uint8_t>(Draw(random, 0, 2));
  header->slice_side_code = static_cast<uint8_t>(OneIn(random, 3) ? Draw(random, 0, 15) : Draw(random, 0, 1));
  header->gain_level = static_cast<uint8_t>(Draw(random, 0, model.levels - 1));
  const bool highest = header->gain_level == model.levels - 1;
  header->interpolation = static_cast<uint8_t>(highest || OneIn(random, 4) ? 0 : Draw(random, 1, 255));
}

std::vector<MetadataElement> DrawMetadata(std::mt19937& random) {
  std::vector<MetadataElement> metadata;
  bool seen[256] = {};
  for (int i = Draw(random, 1, 5); i > 0; --i) {
    const int type = OneIn(random, 2) ? Draw(random, 0x81, 0x85) : Draw(random, 0x80, 0xFF);
    if (seen[type] && type >= 0x81 && type <= 0x84) continue;
    seen[type] = true;
    std::vector<uint8_t> payload(static_cast<size_t>(OneIn(random, 4) ? Draw(random, 0, 300) : Draw(random, 0, 20)));
    for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random());
    metadata.push_back({static_cast<uint8_t>(type), std::move(payload)});
  }
  return metadata;
}

std::vector<uint8_t> DrawAlpha(std::mt19937& random, uint32_t width, uint32_t height, int depth, Memory& memory) {
  const int style = Draw(random, 0, 2);
  const uint32_t across = static_cast<uint32_t>(Draw(random, 0, 9)), down = static_cast<uint32_t>(Draw(random, 0, 9));
  std::vector<uint16_t> samples;
  const bool deep = depth == 16 && style != 2;
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const uint32_t sample = style == 0 ? static_cast<uint32_t>(random()) : style == 1 ? across * x + down * y : 200;
      samples.push_back(static_cast<uint16_t>(!deep ? sample & 255 : style == 1 ? 77 * sample : sample));
    }
  }
  std::pmr::vector<uint8_t> payload(&memory);
  Serial serial;
  AlphaEncoder encoder(width, height, deep ? 16 : 8, OneIn(random, 2), false, serial, memory, &payload);
  const std::vector<uint8_t> narrow(samples.begin(), samples.end());
  ChannelView band{width, height, 1, width, narrow.data(), 8};
  if (deep) band = {width, height, 2, size_t{2} * width, reinterpret_cast<const uint8_t*>(samples.data()), 16};
  for (uint32_t y = 0; y < height; y += AlphaEncoder::kBandRows) {
    band.height = std::min(AlphaEncoder::kBandRows, height - y);
    encoder.Push(band);
    band.samples += band.height * band.stride;
  }
  encoder.Finish();
  return {payload.begin(), payload.end()};
}

std::vector<uint8_t> DrawGainMap(std::mt19937& random, const FileHeader& header, const DecoderModel& model,
                                 Memory& memory) {
  const SliceLayout layout(header.width, header.height, header.slice_side(), model);
  const int style = Draw(random, 0, 2);
  GainMap map;
  map.unit = OneIn(random, 3) ? Draw(random, 1, 255) : Draw(random, 1, 16);
  map.width = layout.latent_width();
  map.height = layout.latent_height();
  map.steps = Buffer<int8_t>(memory, static_cast<size_t>(map.width * map.height));
  const int start = Draw(random, -128, 127), across = Draw(random, -9, 9);
  for (size_t i = 0; i < map.steps.size(); ++i) {
    const int step = style == 0 ? Draw(random, -128, 127) : style == 1 ? start + static_cast<int>(i) * across : start;
    map.steps[i] = static_cast<int8_t>(static_cast<uint8_t>(step));
  }
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeGainMap(map, memory, &payload);
  return {payload.begin(), payload.end()};
}

Status MakeRandomFile(std::mt19937& random, const PreparedModel& model, const FileChoices& choices, Memory& memory,
                      RandomFile* file) {
  const FileHeader& header = choices.header;
  const SliceLayout layout(header.width, header.height, header.slice_side(), model.decoder());
  std::vector<std::pmr::vector<uint8_t>> streams;
  std::vector<SliceBytes> slices(static_cast<size_t>(layout.count()));
  streams.reserve(slices.size());
  for (int64_t i = 0; i < layout.count(); ++i) {
    SliceBytes& slice = slices[static_cast<size_t>(i)];
    SliceMaker maker(random, model, choices.symbols, layout.Latents(i), memory);
    NIC_RETURN_IF_ERROR(maker.Make(header.lanes(), &streams.emplace_back(&memory), &slice));
    slice.stream = streams.back();
    file->slices.push_back(maker.Decoded());
  }
  std::pmr::vector<uint8_t> bytes(&memory);
  FileWriter writer(&bytes);
  NIC_RETURN_IF_ERROR(writer.Begin(header));
  for (const MetadataElement& element : choices.metadata) {
    NIC_RETURN_IF_ERROR(writer.Metadata(element.type, element.payload));
  }
  if (!choices.alpha.empty()) NIC_RETURN_IF_ERROR(writer.Alpha(choices.alpha));
  if (!choices.gain_map.empty()) NIC_RETURN_IF_ERROR(writer.GainMap(choices.gain_map));
  NIC_RETURN_IF_ERROR(writer.Latents(slices));
  file->bytes.assign(bytes.begin(), bytes.end());
  return {};
}

}  // namespace nic::conformance
