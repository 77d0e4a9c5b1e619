#include "nicbench/table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace nic::bench {
namespace {

std::string Pad(const std::string& text, size_t width, bool left) {
  const std::string spaces(width - std::min(width, text.size()), ' ');
  return left ? text + spaces : spaces + text;
}

}  // namespace

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)) {
  for (std::string& title : titles_) {
    left_.push_back(title.starts_with('<'));
    if (left_.back()) title.erase(0, 1);
  }
}

std::string Table::Text() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < titles_.size(); ++c) {
    size_t width = std::max<size_t>(titles_[c].size(), 3);
    for (const auto& row : rows_) width = std::max(width, row[c].size());
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (size_t c = 0; c < cells.size(); ++c) text += " " + Pad(cells[c], widths[c], left_[c]) + " |";
    return text + "\n";
  };
  std::string text = line(titles_) + "|";
  for (size_t c = 0; c < titles_.size(); ++c) {
    text += " " + std::string(widths[c] - 1, '-') + (left_[c] ? "- |" : ": |");
  }
  text += "\n";
  for (const auto& row : rows_) text += line(row);
  return text;
}

std::string Fixed(double value, int decimals) {
  if (std::isnan(value)) return "n/a";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string Percent(double value) {
  if (!std::isfinite(value)) return "n/a";
  char text[64];
  // What rounds to zero shows no sign of its own.
  std::snprintf(text, sizeof text, "%+.2f %%", std::round(value * 100) == 0 ? 0.0 : value);
  return text;
}

}  // namespace nic::bench
