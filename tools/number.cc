#include "tools/number.h"

#include <charconv>
#include <cmath>

namespace nic::tools {
namespace {

// The factor that a suffix stands for; 0 for an unknown one.
double FactorOf(std::string suffix) {
  if (!suffix.empty() && suffix.back() == 'B') suffix.pop_back();
  if (suffix.empty()) return 1;
  const bool binary = suffix.size() == 2 && suffix[1] == 'i';
  if (suffix.size() != 1 && !binary) return 0;
  const double step = binary ? 1024 : 1000;
  switch (suffix[0]) {
    case 'k':
    case 'K':
      return step;
    case 'm':
    case 'M':
      return step * step;
    case 'g':
    case 'G':
      return step * step * step;
    default:
      return 0;
  }
}

}  // namespace

std::optional<double> ParseDecimal(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseWhole(const std::string& text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseCount(const std::string& text) {
  const size_t digits = text.find_first_not_of("0123456789.");
  const size_t split = digits == std::string::npos ? text.size() : digits;
  const auto number = ParseDecimal(text.substr(0, split));
  const double factor = FactorOf(text.substr(split));
  if (!number || factor == 0) return std::nullopt;
  const double count = *number * factor;
  // Beyond 2^53 a double no longer tells neighbouring counts apart.
  if (count != std::floor(count) || count > 9007199254740992.0) return std::nullopt;
  return static_cast<uint64_t>(count);
}

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

}  // namespace nic::tools
