// The result of every fallible function inside libnic: a public status code, the byte offset in the input that it
// concerns, and a message that names the field. Holds its message in place, so that reporting never allocates.
#pragma once

#include <cstdint>

#include "nic/status.h"

namespace nic {

class [[nodiscard]] Status {
 public:
  static constexpr uint64_t kNoOffset = ~uint64_t{0};

  Status() = default;  // success

  // A failure. `format` is printf's; the message is cut at 191 bytes. `offset` counts from the start of the input that
  // the function was given; kNoOffset where no byte is to blame.
  [[gnu::format(printf, 3, 4)]] static Status Error(nic_status code, uint64_t offset, const char* format, ...);

  bool ok() const { return code_ == NIC_OK; }
  nic_status code() const { return code_; }
  uint64_t offset() const { return offset_; }
  const char* message() const { return message_; }

  // The same failure, its offset moved by `base`: for a caller whose input holds the callee's at `base`.
  Status MovedBy(uint64_t base) const;
  // The same failure with `prefix` and ": " before its message.
  Status Within(const char* prefix) const;

 private:
  nic_status code_ = NIC_OK;
  uint64_t offset_ = kNoOffset;
  char message_[192] = {};
};

}  // namespace nic

// Returns from the calling function with the status of `expression` if that is a failure.
#define NIC_RETURN_IF_ERROR(expression)             \
  do {                                              \
    ::nic::Status nic_status_ = (expression);       \
    if (!nic_status_.ok()) [[unlikely]]             \
      return nic_status_;                           \
  } while (0)
