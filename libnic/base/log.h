// Messages for the caller's log. What makes a call fail is no message but a Status.
#pragma once

#include "nic/context.h"

namespace nic {

class Log {
 public:
  Log() = default;  // to nobody
  Log(nic_log callback, void* user) : callback_(callback), user_(user) {}

  // Formats and hands over a message, cut at 399 bytes; only from the thread that called libnic.
  [[gnu::format(printf, 3, 4)]] void Write(nic_log_level level, const char* format, ...) const;

 private:
  nic_log callback_ = nullptr;
  void* user_ = nullptr;
};

}  // namespace nic
