// How far a long run has come and how long it will take still, on standard error if that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace nic::tools {

class Progress {
 public:
  // `steps` pieces of work of about the same size.
  explicit Progress(size_t steps);
  ~Progress() { Wipe(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Says what is being done now.
  void Show(const std::string& what);
  // Counts `steps` as done.
  void Advance(size_t steps = 1) { done_ += steps; }
  // Clears the line, so that something else can be printed.
  void Wipe();

 private:
  using Clock = std::chrono::steady_clock;

  size_t steps_;
  size_t done_ = 0;
  bool draws_;
  bool drawn_ = false;
  Clock::time_point begun_;
};

// "45 s", "12 min", "3 h 20 min".
std::string DurationText(double seconds);

}  // namespace nic::tools
