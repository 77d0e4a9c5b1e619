#include "base/status.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace nic {

Status Status::Error(nic_status code, uint64_t offset, const char* format, ...) {
  Status status;
  status.code_ = code;
  status.offset_ = offset;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(status.message_, sizeof status.message_, format, arguments);
  va_end(arguments);
  return status;
}

Status Status::MovedBy(uint64_t base) const {
  Status moved = *this;
  if (!ok() && offset_ != kNoOffset) moved.offset_ += base;
  return moved;
}

Status Status::Within(const char* prefix) const {
  if (ok()) return *this;
  Status result = *this;
  std::snprintf(result.message_, sizeof result.message_, "%s: ", prefix);
  const size_t used = std::strlen(result.message_);
  const size_t copied = std::min(std::strlen(message_), sizeof result.message_ - 1 - used);
  std::memcpy(result.message_ + used, message_, copied);
  result.message_[used + copied] = '\0';
  return result;
}

}  // namespace nic
