// The header's reader: what it accepts, the writer writes the same.
#include "container/header.h"

#include <algorithm>

#include "base/memory.h"
#include "support.h"

using namespace nic;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fuzz::ExactCopy copy(bytes, size);
  const bool mend = size % 2 == 0;
  if (mend) fuzz::MendHeader(copy.data(), size, false);
  FileHeader header;
  size_t header_size = 0;
  const Status status = ReadHeader(copy.span(), &header, &header_size);
  NIC_FUZZ_CHECK(fuzz::IsOrderly(status.code()));
  NIC_FUZZ_CHECK(status.offset() == Status::kNoOffset || status.offset() <= size);
  NIC_FUZZ_CHECK(status.ok() == (status.message()[0] == '\0'));
  if (!status.ok()) return 0;
  NIC_FUZZ_CHECK(header_size >= kMinHeaderSize && header_size <= kMaxHeaderSize && header_size <= size);
  NIC_FUZZ_CHECK(header.width > 0 && header.height > 0 && HeaderSize(header) == header_size);
  Memory memory;
  std::pmr::vector<uint8_t> written(&memory);
  NIC_FUZZ_CHECK(WriteHeader(header, &written).ok());
  NIC_FUZZ_CHECK(std::equal(written.begin(), written.end(), copy.data(), copy.data() + header_size));
  return 0;
}
