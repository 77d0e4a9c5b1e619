// What the encoder loads: the search behind its plain interface.
#include <cstdio>

#include "nic/export.h"
#include "torch/picture_search.h"

namespace nic {
namespace {

constexpr size_t kMessageBytes = 192;

Status Search(const SearchRequest& request) {
  if (request.version != kSearchVersion) {
    return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                         "effort: the search plug-in speaks version %u, this program version %u", kSearchVersion,
                         request.version);
  }
  Memory memory;
  try {
    return SearchPicture(request, memory);
  } catch (const std::bad_alloc&) {
    return Status::Error(NIC_OUT_OF_MEMORY, Status::kNoOffset, "effort: out of memory in the search");
  } catch (const std::exception& failure) {
    return Status::Error(NIC_INTERNAL, Status::kNoOffset, "effort: the search failed: %.100s", failure.what());
  }
}

}  // namespace
}  // namespace nic

extern "C" __attribute__((visibility("default"))) int nic_search_latents(const nic::SearchRequest* request,
                                                                         char* message) {
  const nic::Status status = nic::Search(*request);
  std::snprintf(message, nic::kMessageBytes, "%s", status.message());
  return status.code();
}
