#include "base/status.h"

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
  const int written = std::snprintf(result.message_, sizeof result.message_, "%s: ", prefix);
  const size_t used = written < 0 ? 0 : static_cast<size_t>(written);
  if (used + 1 >= sizeof result.message_) return result;
  const size_t room = sizeof result.message_ - used - 1;
  std::strncpy(result.message_ + used, message_, room);
  result.message_[sizeof result.message_ - 1] = '\0';
  return result;
}

}  // namespace nic
