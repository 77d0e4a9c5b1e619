// Structs that begin with struct_size: the caller may have been built against an older or a newer header than this
// library (nic/nic.h says what holds).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>

#include "base/status.h"

namespace nic {

// No header will ever have a larger struct; what claims to be one has not been initialised.
constexpr size_t kLargestStruct = 4096;

// Whether a struct_size is this library's, one of `older` headers, or may be that of a newer one.
template <typename T>
bool IsKnownSize(size_t size, std::initializer_list<size_t> older) {
  return (size >= sizeof(T) && size <= kLargestStruct) || std::find(older.begin(), older.end(), size) != older.end();
}

// Copies what the caller gave over *known, which holds the defaults. NIC_INVALID_ARGUMENT for a size that cannot be,
// NIC_UNSUPPORTED_FEATURE where a newer header's field is set; `name` is for the message.
template <typename T>
Status ReadSized(const T& given, std::initializer_list<size_t> older, const char* name, T* known) {
  const size_t size = given.struct_size;
  if (!IsKnownSize<T>(size, older)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s: struct_size is not known", name);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
  for (size_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] == 0) continue;
    return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                         "%s: byte %zu is set, which this version of libnic does not know", name, i);
  }
  std::memcpy(known, bytes, std::min(size, sizeof(T)));
  known->struct_size = sizeof(T);
  return {};
}

// Writes what the caller's struct has room for; its struct_size, which must be known, stays.
template <typename T>
void WriteSized(T known, T* given) {
  known.struct_size = given->struct_size;
  std::memcpy(given, &known, std::min(given->struct_size, sizeof(T)));
}

}  // namespace nic
