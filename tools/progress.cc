#include "tools/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace nic::tools {

Progress::Progress(size_t steps) : steps_(steps), draws_(isatty(STDERR_FILENO) != 0), begun_(Clock::now()) {}

void Progress::Show(const std::string& what) {
  if (!draws_) return;
  std::string line = what;
  if (done_ > 0 && done_ < steps_) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - begun_).count();
    const double left = elapsed * static_cast<double>(steps_ - done_) / static_cast<double>(done_);
    line = std::to_string(100 * done_ / steps_) + " %, " + DurationText(left) + " left: " + line;
  }
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Wipe() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 100) return std::to_string(whole) + " s";
  const long minutes = (whole + 59) / 60;
  if (minutes < 100) return std::to_string(minutes) + " min";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

}  // namespace nic::tools
