// Numbers as people type them in options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nic::tools {

// A finite decimal number such as "80", "33.5" or "1e-2"; nothing else may stand around it.
std::optional<double> ParseDecimal(const std::string& text);

// A whole number that is not negative, in decimal digits only.
std::optional<uint64_t> ParseWhole(const std::string& text);

// A count with an optional suffix: k, M, G for powers of 1000, Ki, Mi, Gi for powers of 1024, and an optional B behind
// it. A fraction is allowed where the result is whole: "1.5k" is 1500.
std::optional<uint64_t> ParseCount(const std::string& text);

// 1234567 as "1,234,567".
std::string Grouped(uint64_t number);

}  // namespace nic::tools
