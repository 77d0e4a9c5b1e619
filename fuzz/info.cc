// What nicinfo asks for, of any file and of every beginning of it: the same fields as long as they are there.
#include <algorithm>

#include "support.h"

using namespace nic;

namespace {

void CheckSlices(const fuzz::ExactCopy& file, const nic_info& info) {
  nic_slice_info slices[7];
  uint64_t first = 0;
  uint64_t end = 0;
  while (true) {
    size_t count = 0;
    const nic_status status = nic_read_slices(file.data(), file.size(), nullptr, first, slices, 7, &count, nullptr);
    NIC_FUZZ_CHECK(fuzz::IsOrderly(status) && count <= 7);
    for (size_t i = 0; i < count; ++i) {
      const nic_slice_info& slice = slices[i];
      NIC_FUZZ_CHECK(slice.offset >= end && slice.offset + slice.size <= file.size() && slice.hyper_size <= slice.size);
      NIC_FUZZ_CHECK(slice.width >= 1 && uint64_t{slice.x} + slice.width <= info.width);
      NIC_FUZZ_CHECK(slice.height >= 1 && uint64_t{slice.y} + slice.height <= info.height);
      end = slice.offset + slice.size;
    }
    first += count;
    if (status != NIC_OK || count < 7) break;
  }
  NIC_FUZZ_CHECK(first <= uint64_t{info.slice_columns} * info.slice_rows);
}

// Slices one by one, and sizes of metadata: orderly whatever is asked.
void CheckSingles(const fuzz::ExactCopy& file, const nic_info& info, uint8_t drawn) {
  const uint64_t count = uint64_t{info.slice_columns} * info.slice_rows;
  const uint64_t index = info.width ? drawn % (count + 1) : drawn;
  nic_slice_info slice;
  const nic_status status = nic_read_slice_info(file.data(), file.size(), nullptr, index, &slice, nullptr);
  NIC_FUZZ_CHECK(fuzz::IsOrderly(status));
  if (info.width && index == count) NIC_FUZZ_CHECK(status == NIC_INVALID_ARGUMENT);
  if (status == NIC_OK) {
    nic_slice_info same;
    size_t described = 0;
    nic_read_slices(file.data(), file.size(), nullptr, index, &same, 1, &described, nullptr);
    NIC_FUZZ_CHECK(described == 1 && same.offset == slice.offset && same.size == slice.size &&
                   same.check == slice.check);
  }
  constexpr nic_limits kLimits = {0, 0, 0, 1 << 20, 0, {}};
  for (const nic_metadata kind : {NIC_METADATA_ICC, NIC_METADATA_EXIF, NIC_METADATA_XMP, NIC_METADATA_CICP}) {
    uint64_t size = 0;
    const nic_status told = nic_read_metadata_size(file.data(), file.size(), &kLimits, kind, &size, nullptr);
    NIC_FUZZ_CHECK(fuzz::IsOrderly(told) && size <= kLimits.max_metadata && (told == NIC_OK || size == 0));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fuzz::ExactCopy file(bytes, size);
  if (size % 2) fuzz::MendHeader(file.data(), size, false);
  nic_info info = {};
  nic_error error;
  const nic_status status = nic_read_info(file.data(), size, nullptr, &info, &error);
  NIC_FUZZ_CHECK(fuzz::IsOrderly(status) || size == 0);
  NIC_FUZZ_CHECK(error.offset == NIC_NO_OFFSET || error.offset <= size);
  if (size) CheckSingles(file, info, bytes[size / 2]);
  if (info.width == 0) return 0;
  NIC_FUZZ_CHECK(status == NIC_OK || status == NIC_TRUNCATED);
  if (status == NIC_OK) {
    NIC_FUZZ_CHECK(info.file_size == size);
    NIC_FUZZ_CHECK(info.header_size + info.metadata_size + info.alpha_size + info.gain_map_size + info.hyper_size +
                       info.latent_size ==
                   size);
  }
  CheckSlices(file, info);

  const fuzz::ExactCopy beginning(file.data(), size - std::min<size_t>(size, 1 + bytes[size - 1]));
  nic_info part = {};
  const nic_status cut = nic_read_info(beginning.data(), beginning.size(), nullptr, &part, nullptr);
  NIC_FUZZ_CHECK(beginning.size() == 0 || cut == NIC_TRUNCATED);
  NIC_FUZZ_CHECK(part.width == 0 || (part.width == info.width && part.model_id == info.model_id));
  return 0;
}
