#include "tools/cicp.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr size_t kBytes = 4;

struct Usual {
  uint8_t primaries;
  uint8_t transfer;
  const char* name;
};
constexpr Usual kUsual[] = {
    {1, 13, "sRGB"},           {1, 8, "linear sRGB"},      {1, 1, "BT.709"},         {12, 13, "Display P3"},
    {12, 16, "Display P3 PQ"}, {12, 18, "Display P3 HLG"}, {9, 14, "BT.2020"},       {9, 15, "BT.2020"},
    {9, 16, "BT.2020 PQ"},     {9, 18, "BT.2020 HLG"},     {9, 8, "linear BT.2020"}, {11, 17, "DCI-P3"},
};

struct Meaning {
  uint8_t number;
  const char* name;
};
constexpr Meaning kPrimaries[] = {{1, "BT.709"},   {2, "unspecified"}, {4, "BT.470 M"},     {5, "BT.470 BG"},
                                  {6, "BT.601"},   {7, "SMPTE 240M"},  {8, "generic film"}, {9, "BT.2020"},
                                  {10, "CIE XYZ"}, {11, "DCI-P3"},     {12, "Display P3"},  {22, "EBU 3213"}};
constexpr Meaning kTransfers[] = {
    {1, "BT.709"},   {2, "unspecified"}, {4, "gamma 2.2"},    {5, "gamma 2.8"},  {6, "BT.601"},   {7, "SMPTE 240M"},
    {8, "linear"},   {9, "logarithmic"}, {10, "logarithmic"}, {11, "xvYCC"},     {12, "BT.1361"}, {13, "sRGB"},
    {14, "BT.2020"}, {15, "BT.2020"},    {16, "PQ"},          {17, "SMPTE 428"}, {18, "HLG"}};

template <size_t N>
std::string NameIn(const Meaning (&meanings)[N], uint8_t number) {
  const auto* found = std::find_if(std::begin(meanings), std::end(meanings),
                                   [number](const Meaning& meaning) { return meaning.number == number; });
  return found == std::end(meanings) ? "number " + std::to_string(number) : found->name;
}

std::string NameOfColours(uint8_t primaries, uint8_t transfer) {
  for (const Usual& usual : kUsual) {
    if (usual.primaries == primaries && usual.transfer == transfer) return usual.name;
  }
  return "primaries " + NameIn(kPrimaries, primaries) + ", transfer " + NameIn(kTransfers, transfer);
}

}  // namespace

std::optional<std::vector<uint8_t>> ParseCicp(const std::string& text) {
  std::istringstream parts(text + "/");
  std::string part;
  std::vector<uint8_t> cicp;
  while (std::getline(parts, part, '/')) {
    const std::optional<uint64_t> number = ParseWhole(part);
    if (!number || *number > UINT8_MAX) return std::nullopt;
    cicp.push_back(static_cast<uint8_t>(*number));
  }
  return IsCicp(cicp) ? std::optional(cicp) : std::nullopt;
}

bool IsCicp(std::span<const uint8_t> cicp) { return cicp.size() == kBytes && cicp[2] == 0 && cicp[3] <= 1; }

bool IsSrgbCicp(std::span<const uint8_t> cicp) {
  constexpr uint8_t kSrgb[] = {1, 13, 0, 1};
  return std::equal(cicp.begin(), cicp.end(), std::begin(kSrgb), std::end(kSrgb));
}

std::string CicpText(std::span<const uint8_t> cicp) {
  std::string text;
  for (const uint8_t number : cicp) text += (text.empty() ? "" : "/") + std::to_string(number);
  return text;
}

std::string CicpName(std::span<const uint8_t> cicp) {
  return NameOfColours(cicp[0], cicp[1]) + (cicp[3] ? "" : ", narrow range");
}

}  // namespace nic::tools
