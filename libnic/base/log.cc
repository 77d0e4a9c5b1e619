#include "base/log.h"

#include <cstdarg>
#include <cstdio>

namespace nic {

void Log::Write(nic_log_level level, const char* format, ...) const {
  if (!callback_) return;
  char message[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  callback_(user_, level, message);
}

}  // namespace nic
