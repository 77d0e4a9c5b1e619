// What a tool tells its user, all of it on standard error: one line for each error, warning and note, and progress on
// a terminal.
#pragma once

#include <chrono>
#include <string>

#include "nic/context.h"
#include "tools/outcome.h"

namespace nic::tools {

class Report {
 public:
  // `quiet` keeps back all but errors; `verbose` lets details through.
  Report(std::string program, bool quiet, bool verbose);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // "program: file: text" on one line; `file` may be empty. Control characters come out as \xNN. A failure without
  // words, which a closed pipe leaves, prints nothing.
  void Error(const std::string& file, const Outcome& outcome);
  void Warn(const std::string& file, const std::string& text);
  void Note(const std::string& file, const std::string& text);
  void Detail(const std::string& file, const std::string& text);

  // Begins the work on a file, number `index` of `count`: from here on Progress may draw.
  void BeginFile(const std::string& file, size_t index, size_t count);
  // Draws how far the work has come, 0 to 1, and on long work the time left, if standard error is a terminal; not
  // before the work has taken a while.
  void Progress(double fraction);
  // Wipes what Progress drew.
  void EndFile();

  // For nic_context_options: calls Progress of the Report that `user` points to, and never cancels.
  static int OnProgress(void* user, double fraction);
  // The same for libnic's messages, which are details but for those about its single steps.
  static void OnLog(void* user, nic_log_level level, const char* message);

  bool verbose() const { return verbose_; }

 private:
  using Clock = std::chrono::steady_clock;

  void Print(const std::string& file, const std::string& text);

  std::string program_;
  bool quiet_;
  bool verbose_;
  bool draws_;  // progress
  std::string label_;
  Clock::time_point begun_;
  int drawn_percent_ = -1;  // -1: nothing stands on the line
  std::string drawn_left_;
};

// The text with control characters as \xNN, so that it stays on one line.
std::string OneLine(const std::string& text);

}  // namespace nic::tools
