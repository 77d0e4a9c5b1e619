// A file in pieces, whole or as a smaller picture: the same pixels, damage and refusal as in one, however it is cut;
// within the limits, and nothing left behind.
#include <algorithm>
#include <random>

#include "support.h"

using namespace nic;

namespace {

constexpr nic_limits kLimits = {1 << 17, 4000, uint64_t{48} << 20, 1 << 16, 0, {}};

struct Surroundings {
  Surroundings() {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    options.limits = kLimits;
    options.allocator = allocator.hooks();
    NIC_FUZZ_CHECK(nic_context_new(&options, &context, nullptr) == NIC_OK);
    fuzz::AddPackages(context, fuzz::SmallPackageWithPreviews());
    NIC_FUZZ_CHECK(nic_decoder_new(context, &whole, nullptr) == NIC_OK);
    NIC_FUZZ_CHECK(nic_decoder_new(context, &pieces, nullptr) == NIC_OK);
  }
  fuzz::CountingAllocator allocator;
  nic_context* context = nullptr;
  nic_decoder* whole = nullptr;
  nic_decoder* pieces = nullptr;
};

int TakeRows(void* user, uint32_t y, uint32_t rows, const uint8_t* pixels, size_t stride) {
  auto* all = static_cast<std::vector<uint8_t>*>(user);
  NIC_FUZZ_CHECK(all->size() == y * stride);
  all->insert(all->end(), pixels, pixels + rows * stride);
  return 0;
}

nic_status DecodeWhole(nic_decoder* decoder, const fuzz::ExactCopy& file, std::vector<uint8_t>* rows) {
  const nic_status status = nic_decoder_open(decoder, file.data(), file.size());
  return status == NIC_OK ? nic_decoder_decode_rows(decoder, TakeRows, rows) : status;
}

// To a decoder that waits for them, in pieces whose sizes follow from the file itself.
nic_status DecodePieces(nic_decoder* decoder, const fuzz::ExactCopy& file, std::vector<uint8_t>* rows) {
  std::mt19937 random(file.data()[file.size() / 2]);
  const size_t most = size_t{1} << file.data()[file.size() - 1] % 14;
  size_t position = 0;
  for (;;) {
    nic_event event = NIC_EVENT_INIT;
    const nic_status status = nic_decoder_next(decoder, &event);
    if (status != NIC_OK) return status;
    if (event.type == NIC_EVENT_DONE) return NIC_OK;
    if (event.type == NIC_EVENT_ROWS) TakeRows(rows, event.y, event.rows, event.pixels, event.stride);
    if (event.type == NIC_EVENT_METADATA) {
      const uint8_t* content = nullptr;
      size_t size = 0;
      NIC_FUZZ_CHECK(fuzz::IsOrderly(nic_decoder_metadata(decoder, event.metadata, &content, &size)));
    }
    if (event.type != NIC_EVENT_NEED_MORE) continue;
    if (position == file.size()) {
      NIC_FUZZ_CHECK(nic_decoder_end_push(decoder) == NIC_OK);
      continue;
    }
    const fuzz::ExactCopy piece(file.data() + position, std::min<size_t>(1 + random() % most, file.size() - position));
    NIC_FUZZ_CHECK(nic_decoder_push(decoder, piece.data(), piece.size()) == NIC_OK);
    position += piece.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static Surroundings surroundings;
  if (size == 0) return 0;
  fuzz::ExactCopy file(bytes, size);
  fuzz::MendHeader(file.data(), size, true);
  const bool keep_going = bytes[size - 1] & 0x20;
  constexpr double kScales[] = {1, 1, 8, 16};
  NIC_FUZZ_CHECK(nic_decoder_begin_push(surroundings.pieces) == NIC_OK);
  for (nic_decoder* decoder : {surroundings.whole, surroundings.pieces}) {
    NIC_FUZZ_CHECK(nic_decoder_set(decoder, NIC_DECODER_KEEP_GOING, keep_going) == NIC_OK);
    NIC_FUZZ_CHECK(nic_decoder_set(decoder, NIC_DECODER_SCALE, kScales[bytes[size / 2] % 4]) == NIC_OK);
  }
  std::vector<uint8_t> expected;
  std::vector<uint8_t> rows;
  const nic_status whole = DecodeWhole(surroundings.whole, file, &expected);
  const nic_status pieces = DecodePieces(surroundings.pieces, file, &rows);
  NIC_FUZZ_CHECK(fuzz::IsOrderly(pieces));
  // Bytes behind the latents, and limits on memory and work, may show at another moment; rows never differ.
  const size_t common = std::min(rows.size(), expected.size());
  NIC_FUZZ_CHECK(std::equal(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(common), expected.begin()));
  if (whole == NIC_OK) NIC_FUZZ_CHECK(pieces == NIC_OK && rows == expected);
  if (pieces == NIC_OK) NIC_FUZZ_CHECK(whole == NIC_OK || whole == NIC_MALFORMED);
  NIC_FUZZ_CHECK(nic_context_peak_memory(surroundings.context) <= kLimits.max_memory);
  return 0;
}
