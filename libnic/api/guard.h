// The C boundary: turns statuses and exceptions into codes and nic_error.
#pragma once

#include <cstring>
#include <exception>
#include <new>

#include "base/memory.h"
#include "base/status.h"
#include "nic/context.h"

namespace nic {

inline nic_status Report(const Status& status, nic_error* error) {
  if (error) {
    error->status = status.code();
    error->offset = status.offset();
    static_assert(sizeof error->message == 192);
    std::memcpy(error->message, status.message(), sizeof error->message);
  }
  return status.code();
}

// Runs a function that returns Status; whatever it throws becomes a status too.
template <typename F>
Status CatchAll(F&& function) noexcept {
  try {
    return function();
  } catch (const LimitReached& reached) {
    return Status::Error(NIC_LIMIT_MEMORY, Status::kNoOffset,
                         "max_memory: %llu bytes would be needed at once, the limit is %llu",
                         static_cast<unsigned long long>(reached.wanted),
                         static_cast<unsigned long long>(reached.limit));
  } catch (const std::bad_alloc&) {
    return Status::Error(NIC_OUT_OF_MEMORY, Status::kNoOffset, "out of memory");
  } catch (const std::exception& thrown) {
    return Status::Error(NIC_INTERNAL, Status::kNoOffset, "internal error: %s", thrown.what());
  } catch (...) {
    return Status::Error(NIC_INTERNAL, Status::kNoOffset, "internal error");
  }
}

// The same for a function of the C API.
template <typename F>
nic_status Guard(nic_error* error, F&& function) noexcept {
  return Report(CatchAll(function), error);
}

}  // namespace nic
