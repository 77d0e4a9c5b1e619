// A slice: latents made from the input through encoder and decoder, its bytes changed or not, and any bytes at all. The
// vector and the plain kernels agree on latents, status and offset; what was not changed decodes to what was encoded.
#include <algorithm>

#include "codec/gain_map.h"
#include "codec/slice_decoder.h"
#include "codec/slice_encoder.h"
#include "container/package.h"
#include "model/model_section.h"
#include "support.h"

using namespace nic;

namespace {

constexpr uint64_t kMemoryLimit = uint64_t{64} << 20;
constexpr int16_t kUntouched = -5555;

struct Codec {
  explicit Codec(Target target) {
    PackageReader package(memory);
    Buffer<uint8_t> raw;
    NIC_FUZZ_CHECK(package.Open(fuzz::SmallPackage()).ok());
    DecoderModel decoder(memory);
    NIC_FUZZ_CHECK(package.Unpack(*package.Find(SectionType::kDecoder), &raw, memory).ok());
    NIC_FUZZ_CHECK(ReadDecoderSection({raw.data(), raw.size()}, &decoder).ok());
    NIC_FUZZ_CHECK(PreparedModel::Prepare(std::move(decoder), target, memory, &model).ok());
    EncoderModel encoder(memory);
    NIC_FUZZ_CHECK(package.Unpack(*package.Find(SectionType::kEncoder), &raw, memory).ok());
    NIC_FUZZ_CHECK(ReadEncoderSection({raw.data(), raw.size()}, model->decoder(), &encoder).ok());
    NIC_FUZZ_CHECK(model->PrepareEncoder(std::move(encoder), target, memory).ok());
  }
  Memory memory{kMemoryLimit};
  std::unique_ptr<PreparedModel> model;
};

TensorWindow NewWindow(Codec& codec, const Rect& place) {
  TensorWindow window(codec.memory, place, codec.model->decoder().latent_channels);
  window.Fill(kUntouched);
  return window;
}

bool Same(const TensorWindow& a, const TensorWindow& b) {
  const Rect rect = a.rect();
  for (int64_t y = rect.y0; y < rect.y1; ++y) {
    if (!std::equal(a.at(y, rect.x0), a.at(y, rect.x0) + rect.width() * a.channels(), b.at(y, rect.x0))) return false;
  }
  return true;
}

struct Outcome {
  Status status;
  TensorWindow latents;
};

Outcome Decode(Codec& codec, const CodedSlice& slice, int lanes, const Rect& place) {
  Serial serial;
  Outcome outcome{{}, NewWindow(codec, place)};
  outcome.status = DecodeSlice(*codec.model, slice, lanes, place, serial, codec.memory, &outcome.latents);
  const Status& status = outcome.status;
  NIC_FUZZ_CHECK(status.ok() || status.code() == NIC_SLICE_DAMAGED);
  NIC_FUZZ_CHECK(status.ok() || (status.offset() >= slice.offset &&
                                 status.offset() <= slice.stream_offset + slice.stream.size()));
  NIC_FUZZ_CHECK(status.ok() || Same(outcome.latents, NewWindow(codec, place)));  // a failure writes nothing
  return outcome;
}

// The input's bytes, repeated, as the result of the analysis.
TensorBuffer MakeAnalysed(Codec& codec, const Rect& place, std::span<const uint8_t> bytes, int shift) {
  TensorBuffer analysed(codec.memory, place.height(), place.width(), codec.model->decoder().latent_channels);
  for (size_t i = 0; i < analysed.size(); ++i) {
    const int byte = bytes.empty() ? 0 : static_cast<int8_t>(bytes[i % bytes.size()]);
    analysed.data()[i] = static_cast<int16_t>(byte * (1 << shift));
  }
  return analysed;
}

CodedSlice MakeSlice(std::span<const uint8_t> stream, uint32_t check, uint64_t hyper_size) {
  CodedSlice slice;
  slice.check = check;
  slice.offset = 100;
  slice.hyper_size = hyper_size;
  slice.stream_offset = 106;
  slice.size = 6 + stream.size();
  slice.stream = stream;
  return slice;
}

}  // namespace

// The input: lanes, height, width, how; then, for odd `how`, a stream, otherwise latents, of which the first three
// bytes say what is changed in their stream.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static Codec fast(BestTarget());
  static Codec plain(Target::kScalar);
  fuzz::Numbers numbers(bytes, size);
  const int lanes = 1 << numbers.Byte() % 3;
  const Rect place{0, 0, 1 + numbers.Byte() % 9, 1 + numbers.Byte() % 9};
  const uint8_t how = numbers.Byte();
  std::pmr::vector<uint8_t> stream;
  uint32_t check = 0;
  uint64_t hyper_size = how >> 1;
  TensorWindow expected = NewWindow(fast, place);
  bool changed = true;
  if (how & 1) {
    stream.assign(numbers.rest().begin(), numbers.rest().end());
  } else {
    const uint8_t where = numbers.Byte(), flip = numbers.Byte(), extra = numbers.Byte();
    TensorWindow analysed(fast.memory, place, fast.model->decoder().latent_channels);
    analysed.Take(MakeAnalysed(fast, place, numbers.rest(), how >> 1 & 7), place);
    Serial serial;
    EncodedSlice encoded(fast.memory);
    const DecoderModel& decoder = fast.model->decoder();
    const GainField gains(fast.model->encoder().gain, decoder.latent_channels, {0, 0}, nullptr, fast.memory);
    const SliceChoices choices{&gains, lanes, (how & 16) != 0};
    NIC_FUZZ_CHECK(EncodeSlice(*fast.model, analysed, place, choices, serial, fast.memory, &encoded, &expected).ok());
    stream.assign(encoded.stream.begin(), encoded.stream.end());
    check = encoded.check;
    hyper_size = encoded.hyper_size;
    stream[where % stream.size()] ^= flip;
    if (extra & 1) stream.push_back(extra);
    if (extra & 2) stream.pop_back();
    changed = flip != 0 || (extra & 3) != 0;
  }
  const fuzz::ExactCopy copy(stream.data(), stream.size());
  const CodedSlice slice = MakeSlice(copy.span(), check, hyper_size);
  const Outcome one = Decode(fast, slice, lanes, place);
  const Outcome other = Decode(plain, slice, lanes, place);
  NIC_FUZZ_CHECK(one.status.code() == other.status.code() && one.status.offset() == other.status.offset());
  NIC_FUZZ_CHECK(Same(one.latents, other.latents));
  if (!changed) NIC_FUZZ_CHECK(one.status.ok() && Same(one.latents, expected));
  NIC_FUZZ_CHECK(fast.memory.peak() <= kMemoryLimit);
  return 0;
}
