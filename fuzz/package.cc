// The package loader: whole packages, and the raw bytes of sections, which the checks of a package keep changes out of.
// A model that is accepted is run on a few samples: what the proof promises, the sanitizers see.
#include "container/package.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"
#include "container/bytes.h"
#include "model/model_section.h"
#include "support.h"

using namespace nic;

namespace {

constexpr uint64_t kMemoryLimit = uint64_t{64} << 20;
constexpr double kMaxMacs = 2e5;  // for each pixel: larger networks are accepted, but not run

// Whatever is within its graph's bounds: the lowest, the highest, or both in turn.
class ExtremeSource final : public TensorSource {
 public:
  ExtremeSource(const Graph& graph, int kind) : graph_(graph), kind_(kind) {}
  Status Read(int input, const TensorView& view) override {
    const GraphInput& range = graph_.inputs[static_cast<size_t>(input)];
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      for (int64_t x = view.rect.x0; x < view.rect.x1; ++x) {
        for (int c = 0; c < view.channels; ++c) {
          const bool high = kind_ == 0 || (kind_ == 1 && (x + y + c) % 2 == 0);
          view.at(y, x)[c] = high ? range.high : range.low;
        }
      }
    }
    return {};
  }

 private:
  const Graph& graph_;
  int kind_;
};

class NoSink final : public TensorSink {
 public:
  Status Write(int, const ConstTensorView&) override { return {}; }
};

void RunProgram(const Program& program, const Graph& graph, Memory& memory) {
  constexpr int64_t kSide = 3;
  const Rect all = program.OutputSize(0, kSide, kSide);
  Serial serial;
  NoSink sink;
  for (int kind = 0; kind < 3; ++kind) {
    ExtremeSource source(graph, kind);
    NIC_FUZZ_CHECK(program.Run(kSide, kSide, all, 0, source, sink, serial, memory).ok());
  }
}

void RunModel(const PreparedModel& model, Memory& memory) {
  if (!(model.decode_macs() < kMaxMacs)) return;
  RunProgram(model.hyper_synthesis(), model.decoder().hyper_synthesis, memory);
  RunProgram(model.synthesis(), model.decoder().synthesis, memory);
  for (size_t i = 0; i < model.decoder().passes.size(); ++i) {
    RunProgram(model.context(i), model.decoder().passes[i].context, memory);
  }
}

Status LoadDecoder(std::span<const uint8_t> raw, Target target, Memory& memory, std::unique_ptr<PreparedModel>* model) {
  DecoderModel decoder(memory);
  NIC_RETURN_IF_ERROR(ReadDecoderSection(raw, &decoder));
  return PreparedModel::Prepare(std::move(decoder), target, memory, model);
}

Status UnpackFrom(const PackageReader& package, SectionType type, Memory& memory, Buffer<uint8_t>* raw) {
  const PackageSection* section = package.Find(type);
  if (!section) return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "no section");
  return package.Unpack(*section, raw, memory);
}

Status LoadSmall(Memory& memory, std::unique_ptr<PreparedModel>* model) {
  PackageReader package(memory);
  Buffer<uint8_t> decoder;
  NIC_RETURN_IF_ERROR(package.Open(fuzz::SmallPackage()));
  NIC_RETURN_IF_ERROR(UnpackFrom(package, SectionType::kDecoder, memory, &decoder));
  return LoadDecoder({decoder.data(), decoder.size()}, Target::kScalar, memory, model);
}

// Adds the previews of a section to a model, and runs them on extreme inputs.
Status LoadPreview(std::span<const uint8_t> raw, PreparedModel& model, Memory& memory) {
  PreviewModel preview(memory);
  NIC_RETURN_IF_ERROR(ReadPreviewSection(raw, &preview));
  std::vector<std::pair<int, GraphInput>> inputs;
  bool small = true;
  for (const PreviewModel::Preview& each : preview.previews) {
    NIC_RETURN_IF_ERROR(CheckGraph(each.graph));
    small = small && CountMacs(each.graph) < kMaxMacs;
    if (!each.graph.inputs.empty()) inputs.emplace_back(each.scale, each.graph.inputs[0]);
  }
  NIC_RETURN_IF_ERROR(model.PreparePreview(std::move(preview), BestTarget(), memory));
  for (const auto& [scale, input] : inputs) {
    if (!small) break;
    Graph shape(memory);
    shape.inputs.push_back(input);
    RunProgram(model.reader(scale).program, shape, memory);
  }
  return {};
}

Status LoadSmallPreview(std::span<const uint8_t> raw, Memory& memory) {
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(LoadSmall(memory, &model));
  return LoadPreview(raw, *model, memory);
}

// All signs of the largest samples of some magnitudes: the sums that come nearest to an overflow, in several classes.
void RunDeblocking(const DeblockingFilters& filters, int level, int kind, std::vector<int16_t>* samples) {
  constexpr int64_t kSigns = 1 << kDeblockingPeriod;
  samples->clear();
  for (const int magnitude : {0, 3, 100, 4000, 32767}) {
    const size_t begin = samples->size();
    for (int64_t j = 0; j < kDeblockingPeriod; ++j) {
      for (int64_t k = 0; k < kSigns; ++k) {
        samples->push_back(static_cast<int16_t>(k >> j & 1 ? magnitude : -magnitude - 1));
      }
    }
    filters.Run(level, kind, {samples->data() + begin, kSigns, kSigns});
  }
}

// Adds the filters of a section to a model, and runs them on extreme samples: with vectors as without.
Status LoadDeblocking(std::span<const uint8_t> raw, PreparedModel& model, Memory& memory) {
  DeblockingModel deblocking(memory);
  NIC_RETURN_IF_ERROR(ReadDeblockingSection(raw, model.decoder(), &deblocking));
  std::pmr::vector<uint8_t> again(&memory);
  WriteDeblockingSection(deblocking, &again);
  NIC_FUZZ_CHECK(std::equal(raw.begin(), raw.end(), again.begin(), again.end()));
  NIC_RETURN_IF_ERROR(model.PrepareDeblocking(deblocking, BestTarget(), memory));
  const DeblockingFilters plain(deblocking, model.decoder(), Target::kScalar, memory);
  std::vector<int16_t> samples, expected;
  for (int level = 0; level < model.decoder().levels; ++level) {
    for (int kind = 0; kind < kDeblockingKinds; ++kind) {
      RunDeblocking(plain, level, kind, &expected);
      RunDeblocking(*model.deblocking(), level, kind, &samples);
      NIC_FUZZ_CHECK(samples == expected);
    }
  }
  return {};
}

Status LoadSmallDeblocking(std::span<const uint8_t> raw, Memory& memory) {
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(LoadSmall(memory, &model));
  return LoadDeblocking(raw, *model, memory);
}

Status LoadEncoder(std::span<const uint8_t> raw, Memory& memory) {
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(LoadSmall(memory, &model));
  EncoderModel encoder(memory);
  NIC_RETURN_IF_ERROR(ReadEncoderSection(raw, model->decoder(), &encoder));
  return model->PrepareEncoder(std::move(encoder), Target::kScalar, memory);
}

Status LoadPackage(std::span<const uint8_t> bytes, Memory& memory) {
  PackageReader package(memory);
  NIC_RETURN_IF_ERROR(package.Open(bytes));
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(UnpackFrom(package, SectionType::kDecoder, memory, &raw));
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(LoadDecoder({raw.data(), raw.size()}, BestTarget(), memory, &model));
  RunModel(*model, memory);
  if (package.Find(SectionType::kDeblocking)) {
    NIC_RETURN_IF_ERROR(UnpackFrom(package, SectionType::kDeblocking, memory, &raw));
    NIC_RETURN_IF_ERROR(LoadDeblocking({raw.data(), raw.size()}, *model, memory));
  }
  if (package.Find(SectionType::kPreview)) {
    NIC_RETURN_IF_ERROR(UnpackFrom(package, SectionType::kPreview, memory, &raw));
    NIC_RETURN_IF_ERROR(LoadPreview({raw.data(), raw.size()}, *model, memory));
  }
  NIC_RETURN_IF_ERROR(UnpackFrom(package, SectionType::kEncoder, memory, &raw));
  EncoderModel encoder(memory);
  NIC_RETURN_IF_ERROR(ReadEncoderSection({raw.data(), raw.size()}, model->decoder(), &encoder));
  return model->PrepareEncoder(std::move(encoder), BestTarget(), memory);
}

// Puts the check that belongs there behind the directory.
void MendDirectory(uint8_t* bytes, size_t size) {
  ByteReader reader({bytes, size});
  std::span<const uint8_t> field;
  uint32_t number = 0;
  uint64_t wide = 0;
  bool fine = reader.Bytes("", 9, &field).ok() && reader.Varint32("", &number).ok() &&
              reader.Varint32("", &number).ok() && reader.Varint32("", &number).ok() &&
              reader.Bytes("", number, &field).ok() && reader.Varint32("", &number).ok() && number <= kMaxSections;
  for (uint32_t i = 0; fine && i < number; ++i) {
    fine = reader.Bytes("", 2, &field).ok() && reader.Varint64("", &wide).ok() && reader.Varint64("", &wide).ok() &&
           reader.Bytes("", 8, &field).ok();
  }
  if (!fine || reader.remaining() < 8) return;
  const uint64_t check = XXH64(bytes, reader.position(), 0);
  for (size_t i = 0; i < 8; ++i) bytes[reader.position() + i] = static_cast<uint8_t>(check >> (8 * i));
}

Status Load(uint8_t kind, fuzz::ExactCopy& copy, Memory& memory) {
  switch (kind % 4) {
    case 0: {
      std::unique_ptr<PreparedModel> model;
      NIC_RETURN_IF_ERROR(LoadDecoder(copy.span(), kind & 4 ? BestTarget() : Target::kScalar, memory, &model));
      RunModel(*model, memory);
      return {};
    }
    case 1:
      if (kind & 8) return LoadSmallDeblocking(copy.span(), memory);
      return kind & 4 ? LoadSmallPreview(copy.span(), memory) : LoadEncoder(copy.span(), memory);
    case 2:
      MendDirectory(copy.data(), copy.size());
      [[fallthrough]];
    default:
      return LoadPackage(copy.span(), memory);
  }
}

}  // namespace

// The first byte says what the others are: 0 a decoder section, 1 an encoder section, 5 a preview section, 9 a section
// `deblocking`, 2 a package whose directory check is mended, 3 a package.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  fuzz::ExactCopy copy(bytes + 1, size - 1);
  Memory memory(kMemoryLimit);
  try {
    const Status status = Load(bytes[0], copy, memory);
    NIC_FUZZ_CHECK(fuzz::IsOrderly(status.code()) && status.code() != NIC_INVALID_ARGUMENT);
    NIC_FUZZ_CHECK(status.offset() == Status::kNoOffset || status.offset() <= size);
  } catch (const LimitReached&) {
  }
  NIC_FUZZ_CHECK(memory.held() == 0 && memory.peak() <= kMemoryLimit);
  return 0;
}
