#include "tools/report.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace nic::tools {
namespace {

// Work that ends sooner shows no progress: a line that flashes by helps nobody.
constexpr std::chrono::milliseconds kPatience{400};

// Shorter work needs no estimate, and has none that is worth anything.
constexpr double kEstimateAfter = 5;

std::string TimeLeft(std::chrono::duration<double> spent, double fraction) {
  if (spent.count() < kEstimateAfter || !(fraction > 0 && fraction < 1)) return "";
  const auto left = static_cast<long>(spent.count() * (1 - fraction) / fraction + 0.5);
  char text[48];
  if (left >= 3600) {
    std::snprintf(text, sizeof text, ", %ld:%02ld:%02ld left", left / 3600, left / 60 % 60, left % 60);
  } else {
    std::snprintf(text, sizeof text, ", %ld:%02ld left", left / 60, left % 60);
  }
  return text;
}

}  // namespace

std::string OneLine(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    line += escaped;
  }
  return line;
}

Report::Report(std::string program, bool quiet, bool verbose)
    : program_(std::move(program)), quiet_(quiet), verbose_(verbose), draws_(!quiet && isatty(STDERR_FILENO)) {}

Report::~Report() { EndFile(); }

void Report::Print(const std::string& file, const std::string& text) {
  EndFile();
  std::string line = program_ + ": ";
  if (!file.empty()) line += (file == "-" ? "standard input" : file) + ": ";
  line = OneLine(line + text) + "\n";
  std::fputs(line.c_str(), stderr);
}

void Report::Error(const std::string& file, const Outcome& outcome) {
  if (!outcome.ok() && !outcome.text().empty()) Print(file, outcome.text());
}

void Report::Warn(const std::string& file, const std::string& text) {
  if (!quiet_) Print(file, "warning: " + text);
}

void Report::Note(const std::string& file, const std::string& text) {
  if (!quiet_) Print(file, "note: " + text);
}

void Report::Detail(const std::string& file, const std::string& text) {
  if (verbose_) Print(file, text);
}

void Report::BeginFile(const std::string& file, size_t index, size_t count) {
  EndFile();
  label_ = program_ + ": " + OneLine(file);
  if (count > 1) label_ += " (" + std::to_string(index + 1) + " of " + std::to_string(count) + ")";
  begun_ = Clock::now();
}

void Report::Progress(double fraction) {
  if (!draws_ || Clock::now() - begun_ < kPatience) return;
  const int percent = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100);
  const std::string left = TimeLeft(Clock::now() - begun_, fraction);
  if (percent == drawn_percent_ && left == drawn_left_) return;
  drawn_percent_ = percent;
  drawn_left_ = left;
  std::fprintf(stderr, "\r%s: %d %%%s\033[K", label_.c_str(), percent, left.c_str());
  std::fflush(stderr);
}

void Report::EndFile() {
  if (drawn_percent_ < 0) return;
  drawn_percent_ = -1;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

int Report::OnProgress(void* user, double fraction) {
  static_cast<Report*>(user)->Progress(fraction);
  return 0;
}

void Report::OnLog(void* user, nic_log_level level, const char* message) {
  if (level != NIC_LOG_DEBUG) static_cast<Report*>(user)->Detail("", message);
}

}  // namespace nic::tools
